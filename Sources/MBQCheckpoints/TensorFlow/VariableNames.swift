/// The name of a TensorFlow variable in a Hugging Face checkpoint.
struct VariableName: Equatable, Sendable {
  var name: String
  /// Whether it is the matrix of a dense layer, which TensorFlow stores as inputs by outputs and
  /// Hugging Face as outputs by inputs.
  var isKernel = false
}

/// Turns the names of TensorFlow variables into Hugging Face's, by the rules in
/// Formats/tensorflow/tensorflow.md.
///
/// It knows the names of google-research's BERT and MobileBERT, those of the variables of
/// transformers' TensorFlow classes, and the attribute paths under which tf.train.Checkpoint stores
/// the latter. A name without a slash that is none of these, such as Hugging Face's own, stays.
struct VariableNames {
  private let variables: Set<String>
  /// The prefix before the family in all names of the model, such as `model` or the class.
  private let scope: [String]
  private let isMobileBERT: Bool

  private static let families: Set = ["bert", "mobilebert", "distilbert"]
  private static let mobileBERTParts: Set = [
    "bottleneck", "embedding_transformation", "FakeLayerNorm",
  ]
  /// Parts of the names of variables that training adds to a model.
  private static let leftOut: Set = [
    "global_step", "adam_m", "adam_v", "lamb_m", "lamb_v", "Adam", "Adam_1", "beta1_power",
    "beta2_power", "AdamWeightDecayOptimizer", "AdamWeightDecayOptimizer_1", "Momentum",
    "ExponentialMovingAverage", "optimizer", ".OPTIMIZER_SLOT", "save_counter", "keras_api",
    "_CHECKPOINTABLE_OBJECT_GRAPH",
  ]
  private static let attributeSuffix = [".ATTRIBUTES", "VARIABLE_VALUE"]

  /// `names` are those of all variables: some rules look at more than one.
  init(_ names: [String]) {
    var variables: Set<String> = []
    var scope: [String]?
    for name in names {
      let parts = Self.parts(of: name).parts
      variables.insert(parts.joined(separator: "/"))
      guard let family = parts.dropLast().firstIndex(where: Self.families.contains),
        !Self.isTraining(parts)
      else { continue }
      let found = Array(parts[..<family])
      if scope.map({ Self.precedes(found, $0) }) ?? true { scope = found }
    }
    self.variables = variables
    self.scope = scope ?? []
    isMobileBERT = names.contains { [scope = self.scope] name in
      let parts = Self.parts(of: name).parts
      guard parts.count > scope.count, parts.starts(with: scope),
        Self.families.contains(parts[scope.count])
      else { return false }
      return parts.contains { Self.mobileBERTParts.contains($0) || $0.hasPrefix("ffn_layer_") }
    }
  }

  /// The shorter scope first, then by name.
  private static func precedes(_ a: [String], _ b: [String]) -> Bool {
    a.count != b.count ? a.count < b.count : a.lexicographicallyPrecedes(b)
  }

  /// Whether any of `names` is one that only TensorFlow gives.
  static func areTensorFlow(_ names: [String]) -> Bool { names.contains { $0.contains("/") } }

  /// The Hugging Face name of the variable `name`; nil if it belongs to the training, not to the model.
  func translated(_ name: String) -> VariableName? {
    var (parts, isPath) = Self.parts(of: name)
    if Self.isTraining(parts) || isSlot(parts) { return nil }
    if parts.starts(with: scope), parts.count > scope.count { parts.removeFirst(scope.count) }
    if parts == ["output_weights"] || parts == ["output_bias"] {
      parts.insert("classifier", at: 0)
    } else if parts.count < 2 {
      return VariableName(name: name)
    }
    guard let last = parts.popLast() else { return nil }
    var result = parts.flatMap { Self.inner($0, isPath: isPath) }
    if isMobileBERT, result.first == "bert" { result[0] = "mobilebert" }
    let (leaf, isKernel) = Self.leaf(last, isInEmbeddings: isPath && parts.last == "embeddings")
    return VariableName(name: (result + leaf).joined(separator: "."), isKernel: isKernel)
  }

  /// The parts between slashes, and whether they are attributes rather than scopes.
  private static func parts(of name: String) -> (parts: [String], isPath: Bool) {
    var name = name
    // The output of the variable's operation, as in the names that TensorFlow shows.
    if name.hasSuffix(":0") { name.removeLast(2) }
    // By bytes: grouping them into characters would take most of the time.
    var parts = name.utf8.split(separator: UInt8(ascii: "/"))
    let isPath =
      parts.count > 2
      && zip(parts.suffix(2), attributeSuffix).allSatisfy {
        $0.elementsEqual($1.utf8)
      }
    if isPath { parts.removeLast(2) }
    let texts = parts.flatMap { part -> [String] in
      guard part.contains(UInt8(ascii: "_")) else { return [String(Substring(part))] }
      // `a___b` stands for b, and `a_._b` for a/b.
      let visible = part.split(separator: "___".utf8).last ?? part[...]
      return visible.split(separator: "_._".utf8).map { String(Substring($0)) }
    }
    return (texts, isPath)
  }

  private static func isTraining(_ parts: [String]) -> Bool {
    parts.contains { leftOut.contains($0) }
  }

  /// Whether the name continues that of a variable, as those of an optimizer's slots do.
  private func isSlot(_ parts: [String]) -> Bool {
    (1...2).contains {
      parts.count > $0 && variables.contains(parts.dropLast($0).joined(separator: "/"))
    }
  }

  /// A part before the last.
  private static func inner(_ part: String, isPath: Bool) -> [String] {
    for (prefix, name) in [("layer_", "layer"), ("ffn_layer_", "ffn")] where part.hasPrefix(prefix)
    {
      let number = part.dropFirst(prefix.count)
      if !number.isEmpty, number.allSatisfy({ $0.isASCII && $0.isNumber }) {
        return [name, String(number)]
      }
    }
    switch part {
    case "FakeLayerNorm": return ["LayerNorm"]
    // Attributes of transformers' classes that are called otherwise in its PyTorch models.
    case "self_attention" where isPath: return ["self"]
    case "dense_output" where isPath, "bert_output" where isPath,
      "mobilebert_output" where isPath:
      return ["output"]
    case "bottleneck_input" where isPath: return ["input"]
    default: return [part]
    }
  }

  /// The last part; `isInEmbeddings` for an attribute of transformers' embeddings.
  private static func leaf(
    _ part: String, isInEmbeddings: Bool
  ) -> (parts: [String], isKernel: Bool) {
    switch part {
    case "weight" where isInEmbeddings: (["word_embeddings", "weight"], false)
    case "embeddings" where isInEmbeddings: (["position_embeddings", "weight"], false)
    case "kernel": (["weight"], true)
    case "extra_output_weights": (["dense", "weight"], true)
    case "gamma", "output_weights", "embeddings": (["weight"], false)
    case "beta", "output_bias": (["bias"], false)
    case _ where part.hasSuffix("_embeddings"): ([part, "weight"], false)
    default: ([part], false)
    }
  }
}

extension VariableNames {
  /// `tensors` by Hugging Face's names, matrices of dense layers as outputs by inputs, and without
  /// what belongs to the training.
  ///
  /// Refuses, with `CheckpointError.unsupported`, two variables with the same new name.
  static func rename(
    _ tensors: [StoredTensor], path: String
  ) throws(CheckpointError) -> [StoredTensor] {
    let names = VariableNames(tensors.map(\.name))
    var variables: [ExactString: String] = [:]
    var result: [StoredTensor] = []
    for var tensor in tensors {
      guard let translated = names.translated(tensor.name) else { continue }
      let variable = tensor.name
      if let other = variables.updateValue(variable, forKey: ExactString(translated.name)) {
        throw .unsupported(
          path: path,
          what: "the variables \(quoted(other)) and \(quoted(variable)) are both"
            + " \(quoted(translated.name)) in Hugging Face's names",
          advice: "save the model without the other variables")
      }
      tensor.name = translated.name
      if translated.isKernel, tensor.shape.count == 2 {
        let strides = tensor.strides ?? contiguousStrides(tensor.shape)
        tensor.shape.swapAt(0, 1)
        tensor.strides = StoredTensor.normalized(
          strides: [strides[1], strides[0]], shape: tensor.shape)
      }
      result.append(tensor)
    }
    return result
  }
}
