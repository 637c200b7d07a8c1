import MBQCore

/// Models exported to ONNX with their trained weights unchanged (Formats/onnx/onnx.md).
enum ONNXReader: CheckpointReader {
  static let name = "onnx"
  static let fileNames = ["model.onnx", "onnx/model.onnx"]
  static let fileExtensions = [".onnx"]

  /// A model starts with the version of its format (3 or more), and goes on with who made it, its
  /// graph, or its operators.
  static func recognizes(path: String, firstBytes: UnsafeRawBufferPointer) -> Bool {
    if hasExtension(path) { return true }
    guard firstBytes.count >= 3 else { return false }
    return firstBytes[0] == 0x08 && 3..<0x40 ~= firstBytes[1]
      && [0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42].contains(firstBytes[2])
  }

  static func read(_ source: SourceFile) throws(CheckpointError) -> StoredWeights {
    defer { withExtendedLifetime(source) {} }
    let graph = try ONNXGraph(source)
    let names = WeightNames(graph)
    do throws(ONNXProblem) {
      try FoldedEmbedding.refuse(in: graph, names)
      let tensors =
        names.all.map { graph.tensors[$0.tensor].named($0) } + zeros(names.zeroBiases, source)
      return StoredWeights(tensors: tensors, files: graph.files)
    } catch {
      throw .format(FormatError(path: source.path, problem: error))
    }
  }
}

extension ONNXReader {
  /// Tensors over the same zeros.
  fileprivate static func zeros(
    _ biases: [WeightNames.ZeroBias], _ source: SourceFile
  ) -> [StoredTensor] {
    let size = biases.map { $0.count * $0.elementType.bitWidth / 8 }.max() ?? 0
    let memory = OwnedBytes(byteCount: size) { $0.initializeMemory(as: UInt8.self, repeating: 0) }
    let zeros = SourceFile(path: source.path, memory: memory)
    return biases.map { bias in
      StoredTensor(
        name: bias.name, elementType: bias.elementType, shape: [bias.count],
        range: 0..<(bias.count * bias.elementType.bitWidth / 8), source: zeros)
    }
  }
}

extension StoredTensor {
  /// The same tensor by another name, and as the matrix of a linear, if it is one.
  fileprivate func named(_ named: WeightNames.Named) -> StoredTensor {
    var tensor = self
    tensor.name = named.name
    if named.isTransposed, shape.count == 2 {
      tensor.shape = [shape[1], shape[0]]
      tensor.strides = Self.normalized(strides: [1, shape[1]], shape: tensor.shape)
    }
    return tensor
  }
}

/// With a fixed length of the texts, an exporter stores only the rows of the position embedding that such
/// texts use.
private enum FoldedEmbedding {
  static func refuse(in graph: ONNXGraph, _ names: WeightNames) throws(ONNXProblem) {
    let end = "embeddings.word_embeddings.weight"
    guard let words = names.all.first(where: { $0.name.hasSuffix(end) }) else { return }
    let name = String(words.name.dropLast(end.count)) + "embeddings.position_embeddings.weight"
    guard !names.all.contains(where: { $0.name == name }) else { return }
    // The stored rows have no parameter's name and are added to the other embeddings: [1, length, width].
    var constants: [ExactString: StoredTensor] = [:]
    for named in names.all where graph.tensors[named.tensor].shape.count == 3 {
      constants[ExactString(named.name)] = graph.tensors[named.tensor]
    }
    for node in graph.nodes where node.opType == "Add" {
      for input in node.input {
        guard let tensor = constants[ExactString(input)] else { continue }
        throw .folded(name: name, constant: input, shape: tensor.shape)
      }
    }
  }
}
