/// The values a weight may take.
public enum WeightGrid: Equatable, Sendable {
  /// Any: for pruning without rounding.
  case float
  /// Symmetric int8 with a scale a row.
  case int8
  /// At most 4 bits with a scale a row and a multiplier a group of `group` inputs; levels are
  /// `-(count/2)` to `count/2 - 1` around the zero point, count = 2^bits.
  case int4(bits: Int, group: Int, zeroPoint: Bool)

  public var bits: Int {
    switch self {
    case .float: 32
    case .int8: 8
    case .int4(let bits, _, _): bits
    }
  }
}

/// How weights find their place on the grid.
public enum RoundingMethod: String, Sendable, Codable, CaseIterable {
  /// The nearest value; a group's largest magnitude is its grid's end.
  case nearest
  /// The nearest value on the grid whose scale makes the least squared error (weighted with the inputs'
  /// energy where it is known); the largest weights may be clipped.
  case mse
  /// Column by column, the weights not rounded yet making up for each error: Frantar et al., "GPTQ:
  /// Accurate Post-Training Quantization for Generative Pre-trained Transformers", 2023, eq. 2 to 4.
  case gptq
}

/// Which weights are set to zero.
public struct PruningOptions: Hashable, Sendable, Codable {
  public enum Method: String, Sendable, Codable, CaseIterable {
    /// |w|.
    case magnitude
    /// |w|·‖x‖, row by row: Sun et al., "A Simple and Effective Pruning Approach for Large Language
    /// Models" (Wanda), 2024, eq. 1.
    case wanda
    /// w² / [H⁻¹]_jj with the rest making up for it: Frantar and Alistarh, "SparseGPT: Massive Language
    /// Models Can Be Accurately Pruned in One-Shot", 2023, algorithm 1 (optimal brain surgeon).
    case sparseGPT = "sparsegpt"
  }

  public enum Pattern: String, Sendable, Codable, CaseIterable {
    case unstructured
    /// Two of every four neighbouring inputs.
    case twoOfFour = "2:4"
    /// Four neighbouring inputs together.
    case blocksOfFour = "4-block"
  }

  public var method: Method
  public var sparsity: Double
  public var pattern: Pattern

  public init(method: Method, sparsity: Double, pattern: Pattern = .unstructured) {
    self.method = method
    self.sparsity = sparsity
    self.pattern = pattern
  }

  /// The share that becomes zero.
  public var effectiveSparsity: Double { pattern == .twoOfFour ? 0.5 : sparsity }
}

/// A matrix on its grid: levels (rows, columns), scales a row, and for 4 bits a byte a group (multiplier
/// in the low four bits, zero point in the high ones).
struct RoundedLevels {
  var levels: [Int8]
  var scales: [UInt16]
  var groups: [UInt8]
  /// What the levels stand for, (rows, columns).
  var values: [Float]
}
