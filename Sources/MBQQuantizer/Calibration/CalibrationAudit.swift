/// What the texts offered for calibration look like, before any model saw them.
///
/// Counts of tokens include `[CLS]` and `[SEP]`. What is said of lengths and tokens is about the distinct
/// texts that are not blank.
public struct CalibrationAudit: Equatable, Sendable {
  /// Texts of one length: up to `most` tokens, and more than the bin before allows; nil for the last.
  public struct LengthBin: Equatable, Sendable {
    public var most: Int?
    public var texts: Int
  }

  public var read = 0
  /// White space only, or nothing the tokenizer makes a token of.
  public var blank = 0
  /// Texts that had come before, white space aside.
  public var duplicates = 0
  /// Distinct texts that are not blank.
  public var usable = 0
  /// Lengths before cutting.
  public var lengths: [LengthBin] =
    [16, 32, 64, 128, 256, 512].map { LengthBin(most: $0, texts: 0) } + [
      LengthBin(most: nil, texts: 0)
    ]
  public var longest = 0
  /// Texts that are longer than the limit.
  public var truncated = 0
  /// Tokens after cutting, and before.
  public var tokens = 0
  public var untruncatedTokens = 0
  /// Of the tokens after cutting.
  public var unknownTokens = 0

  /// Texts drawn to calibrate on, and to choose among variants by.
  public var calibrating = 0
  public var heldBack = 0
  /// Tokens of the calibrating texts, and the limit they were cut to.
  public var calibratingTokens = 0
  public var limit = 0

  /// Usable texts that are also in the evaluation file; nil if there was none to compare with.
  public var overlap: Int?
  /// The first row of those, from 1.
  public var firstOverlap: Int?

  public init() {}

  /// What a batch padded to the limit would be made of beside tokens.
  public var paddingShare: Double {
    calibrating == 0 ? 0 : 1 - Double(calibratingTokens) / Double(calibrating * limit)
  }

  mutating func count(length: Int) {
    longest = max(longest, length)
    let place = lengths.firstIndex { $0.most.map { length <= $0 } ?? true } ?? lengths.count - 1
    lengths[place].texts += 1
  }
}
