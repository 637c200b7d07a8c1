public import MBQCore

/// How texts are drawn for calibration.
public struct CalibrationOptions: Hashable, Sendable, Codable {
  /// Texts to calibrate on; fewer if there are fewer.
  public var texts: Int
  /// Texts are cut to this many tokens, `[CLS]` and `[SEP]` included, or to what the model takes.
  ///
  /// What a model sees at positions no calibration text reached, it was not fitted to: a BERT of 6 layers
  /// at 4 bits kept 98.6 % of its answers to texts of up to 512 tokens when calibrated on such, 90.2 % on
  /// their first 128.
  public var maximumTokens: Int
  public var seed: UInt64

  public static let textsAllowed = 1...1_000_000
  public static let maximumTokensAllowed = 3...65_535

  public init(texts: Int = 128, maximumTokens: Int = 512, seed: UInt64 = 1) {
    self.texts = texts
    self.maximumTokens = maximumTokens
    self.seed = seed
  }

  /// Texts drawn beside the calibrating ones, to choose among variants on: a quarter as many.
  ///
  /// They must be others than the variants were fitted to, or the best fit to noise would be chosen.
  public var heldBack: Int { (texts + 3) / 4 }

  /// Refuses, with `CalibrationError.invalidOption`, counts that are out of range.
  ///
  /// `textsName` and `tokensName` are the settings they come from.
  public func check(
    textsName: Setting = .texts, tokensName: Setting = .textTokens
  ) throws(CalibrationError) {
    for (setting, found, allowed) in [
      (textsName, texts, Self.textsAllowed),
      (tokensName, maximumTokens, Self.maximumTokensAllowed),
    ] where !allowed.contains(found) {
      throw .invalidOption(
        setting, found: "\(found)", allowed: "\(allowed.lowerBound) to \(allowed.upperBound)")
    }
  }
}
