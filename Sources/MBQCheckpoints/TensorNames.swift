import MBQModel

/// Turns the names in a file into Hugging Face's names: it removes the prefix of a wrapper (`module.` of
/// DataParallel, `model.` of training frameworks, `_orig_mod.` of torch.compile), and turns the norms' `gamma`
/// and `beta` of old checkpoints into `weight` and `bias`.
struct TensorNames {
  /// In the order of the file.
  var tensors: [StoredTensor]
  /// The removed prefix; empty if there is none.
  var wrapper = ""
  /// Whether the names come without the family's prefix (`mobilebert.`), as when only the inner model
  /// was saved.
  var omitsFamilyPrefix = false

  /// The name of the largest tensor in every family.
  private static let anchor = "embeddings.word_embeddings.weight"

  /// Refuses, with `CheckpointError.unsupported`, a file of several models, a file of another family, and a
  /// file in which two tensors get the same name.
  init(
    _ stored: [StoredTensor], family: ModelConfiguration.Family, path: String
  ) throws(CheckpointError) {
    tensors = stored
    let prefix = family.tensorPrefix
    let before = stored.compactMap { Self.beforeAnchor($0.name) }
    // A wrapper with the family's prefix wins over one without: a classifier may carry a second encoder.
    let inside = before.filter { Self.ends($0, with: prefix) }
    let candidates = inside.isEmpty ? before : inside.map { String($0.dropLast(prefix.count)) }
    guard let first = candidates.min(by: { ($0.utf8.count, $0) < ($1.utf8.count, $1) }) else {
      // Without the anchor, the requirements report the missing tensors.
      omitsFamilyPrefix = !stored.contains { $0.name.hasPrefix(prefix) }
      return
    }
    if candidates.count > 1, !first.isEmpty {
      throw .unsupported(
        path: path,
        what: "the weights hold several models: "
          + listed(candidates.prefix(8).map { quoted($0) }),
        advice: "save the one to use by itself: `torch.save(model.state_dict(), path)`")
    }
    // A prefix that looks like a wrapper may belong to the real family of the weights.
    for other in ModelConfiguration.Family.allCases
    where other != family && Self.ends(first, with: other.tensorPrefix) {
      throw .unsupported(
        path: path,
        what:
          "the weights are called as those of the family \(quoted(other.rawValue, "\"")) are, and"
          + " model_type in config.json is \(quoted(family.rawValue, "\""))",
        advice: "use the weights and the config.json of one model")
    }
    wrapper = first
    omitsFamilyPrefix = inside.isEmpty
    for place in tensors.indices { tensors[place].name = renamed(tensors[place].name) }
    try refuseDuplicates(path)
  }

  private static func beforeAnchor(_ name: String) -> String? {
    guard name.hasSuffix(anchor) else { return nil }
    let before = String(name.dropLast(anchor.count))
    return before.isEmpty || before.hasSuffix(".") ? before : nil
  }

  /// Whether `name` ends with `prefix` as whole components: `mobilebert.` does not end with `bert.`.
  private static func ends(_ name: String, with prefix: String) -> Bool {
    name == prefix || name.hasSuffix("." + prefix)
  }

  private func renamed(_ name: String) -> String {
    var name = name
    if !wrapper.isEmpty, name.hasPrefix(wrapper) { name.removeFirst(wrapper.count) }
    for (old, new) in [
      ("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias"),
    ]
    where name.hasSuffix(old) {
      name = name.dropLast(old.count) + new
    }
    return name
  }

  private func refuseDuplicates(_ path: String) throws(CheckpointError) {
    var seen = Set<ExactString>()
    for tensor in tensors where !seen.insert(ExactString(tensor.name)).inserted {
      throw .unsupported(
        path: path,
        what: "two tensors are called \(quoted(tensor.name))"
          + (wrapper.isEmpty ? "" : " once the prefix \(quoted(wrapper)) is left out"),
        advice: "save the model alone: `torch.save(model.state_dict(), path)`")
    }
  }
}
