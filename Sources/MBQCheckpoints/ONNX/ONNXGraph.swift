import MBQCore
import SwiftProtobuf

/// The graph of an ONNX file: its nodes, and the tensors stored in it, which are checked.
struct ONNXGraph {
  var nodes: [ONNXNodeProto]
  /// The initializers, and after them what `Constant` nodes hold, under the names of the graph.
  var tensors: [StoredTensor]
  /// How many of `tensors` are initializers.
  var initializerCount: Int
  /// Every file that was read, the one with the graph first.
  var files: [SourceFile]

  init(_ source: SourceFile) throws(CheckpointError) {
    let graph: ONNXGraphProto
    do throws(ONNXProblem) {
      graph = try Self.decode(source.bytes)
      try UnreadOperators.refuse(in: graph.node)
      try Self.refuseDuplicates(in: graph)
    } catch {
      throw .format(FormatError(path: source.path, problem: error))
    }
    nodes = graph.node
    tensors = []
    var places = ONNXTensorPlaces(source)
    for initializer in graph.initializer {
      if let tensor = try places.tensor(initializer, name: initializer.name) {
        tensors.append(tensor)
      }
    }
    initializerCount = tensors.count
    for node in nodes where node.opType == "Constant" && node.isStandard {
      guard let name = node.output.first, let value = node.attribute("value"), value.hasT else {
        continue
      }
      if let tensor = try places.tensor(value.t, name: name) { tensors.append(tensor) }
    }
    files = places.files
  }

  /// The graph in the bytes of a file, with places in the stead of values (`PayloadCutter`).
  static func decode(
    _ file: UnsafeRawBufferPointer
  ) throws(ONNXProblem) -> ONNXGraphProto {
    if file.starts(with: "version https://git-lfs".utf8) { throw .gitLFSPointer }
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    // Model, graph, node, attribute, tensor, entry, and what is only to be refused.
    options.messageDepthLimit = 8
    let cut = try PayloadCutter.cut(file)
    let model: ONNXModelProto
    do {
      model = try ONNXModelProto(serializedBytes: cut, options: options)
    } catch {
      throw .undecodable(reason(error))
    }
    guard model.hasGraph else { throw .noGraph }
    guard !model.opsetImport.isEmpty else { throw .noOperatorSet }
    guard model.graph.sparseInitializer.isEmpty else { throw .sparse }
    return model.graph
  }

  private static func reason(_ error: any Error) -> String {
    switch error as? BinaryDecodingError {
    case .invalidUTF8: "a name is not valid UTF-8"
    case .messageDepthLimit: "messages are nested more than 8 deep"
    default: "a field does not have the form that its number says"
    }
  }

  /// Every value of a graph has one name, given once.
  private static func refuseDuplicates(in graph: ONNXGraphProto) throws(ONNXProblem) {
    var seen: Set<ExactString> = []
    for (index, initializer) in graph.initializer.enumerated() {
      guard !initializer.name.isEmpty else { throw .unnamed(index: index) }
      guard seen.insert(ExactString(initializer.name)).inserted else {
        throw .duplicate(initializer.name)
      }
      if initializer.dataType == ONNXType.text {
        throw .tensor(
          initializer.name, "it holds texts, allowed: numbers", advice: .withoutTokenizer)
      }
    }
    for node in graph.node {
      // An output that is left out has an empty name.
      for output in node.output where !output.isEmpty {
        guard seen.insert(ExactString(output)).inserted else { throw .duplicate(output) }
      }
    }
  }
}

extension ONNXNodeProto {
  /// Whether the operator is one of ONNX itself.
  var isStandard: Bool { domain.isEmpty || domain == "ai.onnx" }

  func attribute(_ name: String) -> ONNXAttributeProto? { attribute.first { $0.name == name } }
}
