/// Ways to put a site's values on a grid, and the noise each makes there.
public enum GridForm: String, CaseIterable, Sendable, Encodable, CodingKeyRepresentable {
  /// Hidden states in int8 with a step a token; weights in int8 with a scale an output channel.
  case int8
  /// Weights in 4 bits in groups of 64, rounded to nearest; hidden states as with `int8`.
  ///
  /// At an add, where there are no weights, hidden states in 4 bits with a step a token.
  case int4
  /// Hidden states in int8 with one step for all tokens, as most other runtimes have them.
  case int8Static
  /// Hidden states in 16 bits, weights as with `int8`; linears only.
  case int16
}

/// Signal to quantization noise in decibels, by form: the mean over the output channels that have a
/// signal of 10·log₁₀(Σ (y - ȳ)² / Σ (y - ŷ)²), the sums and the mean ȳ over the tokens.
///
/// Less the mean because what is the same for every token tells no two texts apart: a bias may take it out
/// again, and large as it is, it would hide the loss of all that differs.
///
/// By channel because the scale of a channel then does not matter: a channel a thousand times the others
/// must not hide what is lost in them, and rescaling one is no gain in itself. Never above 140, which is
/// all fp32 can tell.
public typealias SignalToNoise = [GridForm: Double]

/// One product of hidden states and a weight.
public struct LinearDiagnosis: Equatable, Sendable, Encodable {
  public var site: String
  public var layer: Int?
  public var inputs: Int
  public var outputs: Int
  public var input: OperandProfile
  /// Its rows are the output channels.
  public var weight: OperandProfile
  public var noise: SignalToNoise
  /// After the equalization that `mbq quantize` does.
  public var equalized: SignalToNoise
  /// The equalization multiplies this input with a vector at run time.
  public var isSmoothed: Bool
}

/// One sum of a hidden state and a residual.
public struct AddDiagnosis: Equatable, Sendable, Encodable {
  public var site: String
  public var layer: Int?
  public var width: Int
  /// What the operation computed, the residual it is added to, and the sum.
  public var branch: OperandProfile
  public var residual: OperandProfile
  public var sum: OperandProfile
  /// What the norm after it makes of the sum; the sum if there is none.
  public var output: OperandProfile
  public var noise: SignalToNoise
  /// After equalization.
  public var equalizedBranch: OperandProfile
  public var equalizedResidual: OperandProfile
  public var equalizedSum: OperandProfile
  public var equalizedOutput: OperandProfile
  public var equalizedNoise: SignalToNoise

  /// The smaller operand's range over the larger one's: what a runtime with one scale an operand has to
  /// multiply one of them with.
  ///
  /// 1 if they are alike, 0 if one of them is always 0.
  public var scaleRatio: Double { Self.ratio(branch, residual) }
  public var equalizedScaleRatio: Double { Self.ratio(equalizedBranch, equalizedResidual) }

  private static func ratio(_ a: OperandProfile, _ b: OperandProfile) -> Double {
    let (small, large) = (Double(min(a.largest, b.largest)), Double(max(a.largest, b.largest)))
    return large > 0 ? small / large : 1
  }

  /// Values beyond the largest half float, in operands, sum and output.
  public var halfOverflows: Int {
    [branch, residual, sum, output].reduce(0) { $0 + $1.halfOverflows }
  }
  public var equalizedHalfOverflows: Int {
    [equalizedBranch, equalizedResidual, equalizedSum, equalizedOutput].reduce(0) {
      $0 + $1.halfOverflows
    }
  }
}

/// A site of either kind, in the order they run.
public enum SiteDiagnosis: Equatable, Sendable {
  case linear(LinearDiagnosis)
  case add(AddDiagnosis)

  public var site: String {
    switch self {
    case .linear(let site): site.site
    case .add(let site): site.site
    }
  }
}
