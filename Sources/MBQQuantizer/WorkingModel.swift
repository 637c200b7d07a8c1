public import MBQCheckpoints
public import MBQModel
public import MBQSchemes

/// A model whose weights are at hand, to be changed by passes before they are packed.
///
/// Begins as the family's lowering with the checkpoint's values; `folded` gives the form that is packed.
/// A pass keeps `values` and `graph.tensors` in step: tensor `t` holds `values[t]`, row after row, of
/// shape `graph.tensors[t].shape`.
public struct WorkingModel: Sendable {
  public var configuration: ModelConfiguration
  public var tokenizer: TokenizerFiles
  public var graph: ModelGraph
  public var values: [[Float]]
  /// Tensors that are on their grid already, by index; the others are rounded to nearest when packed.
  public var rounded: [Int: EncodedMatrix] = [:]

  public init(
    configuration: ModelConfiguration, tokenizer: TokenizerFiles, graph: ModelGraph,
    values: [[Float]]
  ) {
    precondition(graph.tensors.count == values.count)
    self.configuration = configuration
    self.tokenizer = tokenizer
    self.graph = graph
    self.values = values
  }

  /// The lowering of a checkpoint's family, unfolded: one operation a linear of the checkpoint.
  ///
  /// Refuses, with `QuantizerError.checkpoint`, all missing and mis-shaped tensors at once, and values
  /// that are not finite.
  public init(_ checkpoint: Checkpoint) throws(QuantizerError) {
    let lowered = ModelFamilies.lower(checkpoint.configuration)
    do throws(CheckpointError) {
      try checkpoint.require(lowered.requirements)
      try checkpoint.checkFinite(lowered.requirements)
    } catch {
      throw .checkpoint(error)
    }
    self.init(
      configuration: checkpoint.configuration, tokenizer: checkpoint.tokenizer, graph: lowered,
      values: lowered.tensors.map { tensor in
        tensor.expression.values(shape: tensor.shape) { name in
          // `require` has seen every name.
          checkpoint.tensor(named: name)?.floats() ?? []
        }
      })
  }

  /// The same function with norms and biases folded and linears of one input merged.
  ///
  /// The form that is calibrated, pruned, rounded and packed.
  public func folded() -> WorkingModel {
    precondition(rounded.isEmpty, "weights are rounded after they are folded")
    var named = graph
    for index in named.tensors.indices {
      named.tensors[index].expression = .checkpoint(String(index))
    }
    var result = self
    // Two graphs of the same shape: one says where values came from, the other where they are now.
    result.graph = graph.foldingNorms().mergingLinears()
    result.values = named.foldingNorms().mergingLinears().tensors.map { tensor in
      tensor.expression.values(shape: tensor.shape) { values[Int($0) ?? 0] }
    }
    return result
  }

  /// (rows, columns) of a tensor; a vector has one row.
  public func matrixShape(_ tensor: Int) -> (rows: Int, columns: Int) {
    let shape = graph.tensors[tensor].shape
    return shape.count == 2 ? (shape[0], shape[1]) : (1, shape[0])
  }

  /// Numbers the model is made of.
  public var parameterCount: Int { values.reduce(0) { $0 + $1.count } }

  /// Puts a tensor on its grid; `values` then hold what the grid holds.
  public mutating func round(_ tensor: Int, to matrix: EncodedMatrix) {
    values[tensor] = matrix.decoded()
    rounded[tensor] = matrix
  }
}
