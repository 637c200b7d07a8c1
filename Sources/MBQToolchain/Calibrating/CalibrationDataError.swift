import MBQCore

/// Why texts cannot be calibrated on.
public enum CalibrationDataError: SettingError, Equatable {
  /// A calibration file made of another checkpoint.
  case otherCheckpoint(path: String, checkpoint: String)
  /// A text of a calibration file that this checkpoint cannot read; `index` counts from 0.
  case badText(path: String, index: Int, longest: Int, vocabulary: Int)
  /// Texts that the model is to be judged by; `row` counts from 1.
  case overlap(path: String, evaluation: String, texts: Int, row: Int)
  /// Too few texts to hold any back.
  case noneHeldBack(path: String, usable: Int)
  /// Unused word pieces are to be dropped, and no text says which those are.
  case vocabularyWithoutText
  /// Bits are to be chosen by what they cost, and there is no text to measure that on.
  case targetSizeWithoutText

  public var kind: FailureKind {
    switch self {
    case .otherCheckpoint, .badText, .overlap, .noneHeldBack: .badInput
    case .vocabularyWithoutText, .targetSizeWithoutText: .usage
    }
  }

  public func explanation(naming name: (Setting) -> String) -> String {
    switch self {
    case .otherCheckpoint(let path, let checkpoint):
      "'\(path)' was made of another checkpoint than '\(checkpoint)'; run 'mbq calibrate' on this one"
    case .badText(let path, let index, let longest, let vocabulary):
      "'\(path)': text \(index) has more than \(longest) tokens, or one beyond the \(vocabulary) of the"
        + " vocabulary; run 'mbq calibrate' again"
    case .overlap(let path, let evaluation, let texts, let row):
      "\(texts) texts of '\(evaluation)', the first in row \(row), are among those of '\(path)':"
        + " calibrate on others, or allow it with \(name(.allowOverlap))"
    case .noneHeldBack(let path, let usable):
      "'\(path)' has \(usable) usable texts: too few to hold any back to choose by; give 5 or more"
    case .vocabularyWithoutText:
      "the recipe drops unused word pieces; say unused by which text with"
        + " \(name(.keepVocabularyOf)) or \(name(.text)); a file of 'mbq calibrate' has too little of"
        + " it"
    case .targetSizeWithoutText:
      "\(name(.targetSize)) chooses bits by what they cost, which needs text: give some with"
        + " \(name(.text))"
    }
  }
}
