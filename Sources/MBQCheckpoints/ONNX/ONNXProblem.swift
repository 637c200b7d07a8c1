/// Why an ONNX file is refused (Formats/onnx/onnx.md).
enum ONNXProblem: FormatProblem {
  case gitLFSPointer
  case cutOff(at: Int, needed: Int, available: Int)
  case damaged(at: Int, String)
  /// A field that may occur once, such as "a tensor's raw_data".
  case twice(String, at: Int)
  case tooMuchText
  case tooManyFields
  case undecodable(String)
  case noGraph
  case noOperatorSet
  case quantized(operation: String, node: String)
  case fused(operation: String, domain: String, node: String)
  case sparse
  /// `index` from 0.
  case unnamed(index: Int)
  case duplicate(String)
  /// The problem of one tensor, as the rest of a sentence, and the advice.
  case tensor(String, String, advice: Advice)
  /// A file with values that cannot be opened.
  case externalFile(String, reason: String)
  case folded(name: String, constant: String, shape: [Int])

  /// The advice for a tensor.
  enum Advice {
    case exportAgain
    /// The values are in another file.
    case external
    case withoutTokenizer

    var text: String {
      switch self {
      case .exportAgain: "the file is damaged or was not made by an exporter, export it again"
      case .external: "copy it again together with its model, or export both again"
      case .withoutTokenizer: "export the classifier alone, without a tokenizer inside"
      }
    }
  }

  var text: String {
    let again = "; copy or download the file again"
    let damaged = "; \(Advice.exportAgain.text)"
    switch self {
    case .gitLFSPointer:
      return
        "is a Git LFS pointer, not the weights; run `git lfs pull` in its folder, or download it"
    case .cutOff(let at, let needed, let available):
      return "is cut off: the field at byte \(at) needs \(counted(needed, "byte")), and the file"
        + " has \(available) left\(again)"
    case .damaged(let at, let what):
      return "is no ONNX model that can be read: \(what) (at byte \(at))\(damaged)"
    case .twice(let name, let at):
      return "has \(name) twice (the second at byte \(at)), allowed: once\(damaged)"
    case .tooMuchText:
      return "has more than \(PayloadCutter.maximumBytes) bytes that are not tensors' values; it is"
        + " no export of a text classifier, or damaged"
    case .tooManyFields:
      return "has more than \(PayloadCutter.maximumFields) fields; it is no export of a text"
        + " classifier, or damaged"
    case .undecodable(let reason):
      return "is no ONNX model that can be read: \(reason)\(damaged)"
    case .noGraph: return "has no graph, and so is no ONNX model, or cut off\(again)"
    case .noOperatorSet:
      return "does not say which operators it uses (opset_import), and so is no ONNX model, or cut"
        + " off\(again)"
    case .quantized(let operation, let node):
      return "is a quantized model: node \(quoted(node)) is of operator \(quoted(operation)). Its"
        + " weights are rounded already; use the model as it was before, in FP32 or FP16"
    case .fused(let operation, let domain, let node):
      return "was changed by an optimizer: node \(quoted(node)) is of operator \(quoted(operation))"
        + " from \(quoted(domain)), and the graph is needed as it was exported; export the model"
        + " again without optimization"
    case .sparse:
      return "has sparse initializers, allowed: dense ones; export the model again without"
        + " sparsification"
    case .unnamed(let index): return "has an initializer without a name, number \(index)\(damaged)"
    case .duplicate(let name):
      return "gives the name \(quoted(name)) to two values, allowed: one\(damaged)"
    case .tensor(let name, let what, let advice):
      return "describes tensor \(quoted(name)) wrongly: \(what); \(advice.text)"
    case .externalFile(let name, let reason):
      return "keeps values in the file \(quoted(name)), which cannot be opened (\(reason)); put it"
        + " into the model's folder, under the name it was exported with"
    case .folded(let name, let constant, let shape):
      return "has no \(quoted(name)): the exporter put a part of it, for texts of one length only,"
        + " into the constant \(quoted(constant)) \(described(shape)); export the model again with"
        + " dynamic axes (`dynamic_shapes` or `dynamic_axes` of `torch.onnx.export`)"
    }
  }
}
