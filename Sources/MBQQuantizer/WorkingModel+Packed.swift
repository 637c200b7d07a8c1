import MBQCheckpoints
import MBQCore
public import MBQFormat
import MBQModel
import MBQSchemes

extension WorkingModel {
  /// A packed model as one that can be run step by step: the same operations on the same bits.
  ///
  /// `ModelRunner` computes with it exactly what the runtime computes; it is for looking into a model,
  /// not for packing it again, because a packed model does not say what it was lowered from.
  public init(looking packed: PackedModel) {
    let header = packed.header
    var graph = ModelGraph()
    graph.buffers = header.buffers
    graph.logits = header.logits
    graph.steps = header.steps.enumerated().map { index, step in
      // The names have the layer in them, and its steps go by the layer alone.
      .init(site: Site(step.layer, "step \(index)"), operation: step.operation)
    }
    let matrices = Set(
      header.steps.compactMap { step -> Int? in
        if case .linear(let linear) = step.operation { linear.weight } else { nil }
      })
    var values: [[Float]] = []
    var rounded: [Int: EncodedMatrix] = [:]
    for (index, tensor) in header.tensors.enumerated() {
      let matrix = packed.matrix(tensor)
      let isMatrix = matrices.contains(index)
      graph.tensors.append(
        ModelTensor(
          "tensor \(index)", [tensor.rows, tensor.columns], isMatrix ? .weight : .table, .zeros))
      values.append(matrix.decoded())
      if isMatrix, tensor.scheme.hasScales { rounded[index] = matrix }
    }
    self.init(
      configuration: ModelConfiguration(
        plain: .bert, vocabularySize: header.vocabularyCount, typeVocabularySize: 0,
        maximumPositions: header.maximumTokens, hiddenSize: 0, layerCount: 0, headCount: 1,
        intermediateSize: 0, normalizationEpsilon: 0, activation: .relu, labels: header.labels),
      tokenizer: .none, graph: graph, values: values)
    self.rounded = rounded
  }
}

extension PackedModel {
  /// A tensor as it is stored.
  public func matrix(_ tensor: PackedTensor) -> EncodedMatrix {
    let groups = groups(tensor)
    var matrix = EncodedMatrix(
      scheme: tensor.scheme, rows: tensor.rows, columns: tensor.columns,
      elements: Array(elements(tensor)),
      scales: tensor.scheme.hasScales
        ? (0..<tensor.rows).map { row in
          UInt16(
            littleEndian: weights.loadUnaligned(
              fromByteOffset: tensor.scalesOffset + row * 2, as: UInt16.self))
        } : [])
    // Stored in the order of the elements; a matrix has them row after row.
    if tensor.scheme.groupSize != nil {
      let count = tensor.scheme.groupCount(columns: tensor.columns)
      matrix.groups = (0..<tensor.rows).flatMap { row in
        (0..<count).map { group in
          groups[tensor.scheme.groupIndex(row: row, group: group, columns: tensor.columns)]
        }
      }
    }
    return matrix
  }

  /// The share of zeros among the weights of the linears.
  public var zeroShare: Double {
    var zeros = 0
    var count = 0
    var seen: Set<Int> = []
    for step in header.steps {
      guard case .linear(let linear) = step.operation, seen.insert(linear.weight).inserted
      else { continue }
      let tensor = header.tensors[linear.weight]
      for value in matrix(tensor).decoded() where value == 0 {
        zeros += 1
      }
      count += tensor.rows * tensor.columns
    }
    return count == 0 ? 0 : Double(zeros) / Double(count)
  }
}
