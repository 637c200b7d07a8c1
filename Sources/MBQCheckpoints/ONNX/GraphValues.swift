/// The values of a graph that are stored tensors, under all their names: exporters pass weights
/// through nodes that change nothing, or only the order of a matrix.
struct GraphValues {
  struct View {
    /// The place in `ONNXGraph.tensors`.
    var tensor: Int
    var isTransposed: Bool
    /// The name of a parameter the value has, or had before the last nodes it went through.
    var parameter: String?
  }

  /// A second name of a tensor: equal weights are stored once, and `Identity` gives each its name.
  struct Alias {
    var name: String
    var view: View
  }

  private var views: [ExactString: View] = [:]
  private(set) var aliases: [Alias] = []

  init(_ graph: ONNXGraph) {
    views.reserveCapacity(graph.tensors.count)
    for (place, tensor) in graph.tensors.enumerated() {
      views[ExactString(tensor.name)] = View(
        tensor: place, isTransposed: false,
        parameter: ParameterName.isOne(tensor.name) ? tensor.name : nil)
    }
    // Nodes are in the order in which they can be computed, so that one pass finds every chain, and
    // one that leads back to itself is never entered.
    for node in graph.nodes where node.isStandard {
      guard let input = node.input.first, let output = node.output.first, !output.isEmpty,
        var view = self[input]
      else { continue }
      let rank = graph.tensors[view.tensor].shape.count
      switch node.opType {
      case "Identity": break
      case "Cast":
        guard let to = node.attribute("to"),
          Int32(exactly: to.i).flatMap(ONNXType.elementType) != nil
        else { continue }
      case "Transpose":
        guard rank == 2 else { continue }
        switch node.attribute("perm")?.ints ?? [] {
        case [], [1, 0]: view.isTransposed.toggle()
        case [0, 1]: break
        default: continue
        }
      default: continue
      }
      if ParameterName.isOne(output) {
        view.parameter = output
        aliases.append(Alias(name: output, view: view))
      }
      views[ExactString(output)] = view
    }
  }

  /// The tensor of the value `name`; nil if the value is computed from the texts.
  subscript(_ name: String) -> View? { views[ExactString(name)] }
}

/// The names of the parameters of modules.
enum ParameterName {
  private static let ends = [".weight", ".bias", ".gamma", ".beta"]

  /// Whether a value of this name is a parameter, not one that the exporter named, such as
  /// `onnx::MatMul_502`, `val_44` or `/encoder/Transpose_output_0`.
  static func isOne(_ name: String) -> Bool {
    ends.contains { name.hasSuffix($0) } && !name.utf8.contains(UInt8(ascii: "/"))
      && !name.contains("::")
  }

  /// The weight of the module whose bias is called `name`.
  static func weight(besideBias name: String) -> String? {
    name.hasSuffix(".bias") ? name.dropLast(5) + ".weight" : nil
  }
}

extension ONNXNodeProto {
  /// The module the node belongs to, such as `bert.encoder.layer.0.output.dense`: from the node's
  /// name, `/bert/encoder/layer.0/output/dense/MatMul`, or from what `dynamo=True` notes beside it.
  var module: String? {
    if name.hasPrefix("/") {
      let parts = name.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
      return parts.count > 1 ? parts.dropLast().joined(separator: ".") : nil
    }
    // The list of a Python program: ['', 'bert', …, 'bert.encoder.layer.0.output.dense', 'linear_5'].
    guard
      let scopes = metadataProps.first(where: { $0.key == "pkg.torch.onnx.name_scopes" })?.value
    else { return nil }
    let parts = scopes.split(separator: "'", omittingEmptySubsequences: false)
    guard parts.count >= 5 else { return nil }
    let module = parts[parts.count - 4]
    return module.isEmpty ? nil : String(module)
  }
}
