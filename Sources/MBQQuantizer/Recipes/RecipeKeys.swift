import MBQCheckpoints
import Yams

/// The keys a recipe may have.
enum RecipeKeys {
  /// By the path of the mapping, from the root; a list's elements have their list's path.
  static let all: [(path: String, keys: [String])] = [
    (
      "",
      [
        "description", "keep-layers", "equalize", "prune", "weights", "embeddings", "activations",
        "overrides", "bias-correction", "recover", "vocabulary", "compress", "calibration",
      ]
    ),
    ("prune", ["method", "sparsity", "pattern", "drop-heads", "drop-stacks"]),
    ("weights", ["bits", "group", "rounding", "zero-point"]),
    ("embeddings", ["bits", "group", "rounding"]),
    ("activations", ["scheme", "observer", "int16"]),
    ("overrides", ["sites", "bits", "group"]),
    ("recover", ["affine", "linears"]),
    ("vocabulary", ["keep-used"]),
    ("calibration", ["texts", "max-tokens", "seed"]),
  ]

  static func keys(_ path: String) -> [String]? { all.first { $0.path == path }?.keys }

  /// Every key that is not known, in the order of the file, and those allowed where the first one is.
  static func unknown(in root: Node) -> (keys: [RecipeError.UnknownKey], allowed: [String]) {
    var unknown: [RecipeError.UnknownKey] = []
    var allowed: [String] = []
    func visit(_ node: Node, _ path: String) {
      guard let known = keys(path) else { return }
      if case .sequence(let elements) = node, path == "overrides" {
        for element in elements { visit(element, path) }
        return
      }
      guard case .mapping(let mapping) = node else { return }
      for (key, value) in mapping {
        let name = key.scalar?.string ?? "?"
        let full = path.isEmpty ? name : "\(path).\(name)"
        if known.contains(name) {
          if path.isEmpty { visit(value, name) }
          continue
        }
        if unknown.isEmpty { allowed = known }
        // A key that belongs one level down or up is worth more than one that is spelt alike.
        let elsewhere = all.first { $0.path != path && $0.keys.contains(name) }
        unknown.append(
          .init(
            path: full, line: key.mark?.line ?? 0,
            nearest: nearestKey(to: name, among: known)
              ?? elsewhere.map { $0.path.isEmpty ? name : "\($0.path).\(name)" }))
      }
    }
    visit(root, "")
    return (unknown, allowed)
  }
}
