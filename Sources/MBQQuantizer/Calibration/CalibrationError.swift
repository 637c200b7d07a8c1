public import MBQCore

/// Why a model cannot be calibrated.
public enum CalibrationError: SettingError, Equatable {
  case invalidOption(Setting, found: String, allowed: String)
  /// There is no text, or none has a token.
  case noUsableText(file: String, read: Int, blank: Int)
  /// Texts the model is to be judged by are among those it would be calibrated on.
  ///
  /// `row` counts from 1 and is the first such row of `file`.
  case overlap(file: String, evaluation: String, texts: Int, of: Int, row: Int)
  /// A hidden state is infinite or not a number.
  case notFinite(site: String)

  public var kind: FailureKind {
    if case .invalidOption = self { .usage } else { .badInput }
  }

  public func explanation(naming name: (Setting) -> String) -> String {
    switch self {
    case .invalidOption(let setting, let found, let allowed):
      "\(name(setting)) is \(found); allowed: \(allowed)"
    case .noUsableText(let file, let read, let blank):
      read == 0
        ? "'\(file)' has no text to calibrate on; name a file with at least one text"
        : "'\(file)' has no usable text: \(read) read, \(blank) of them blank; "
          + "check \(name(.textColumn)), which says where texts are"
    case .overlap(let file, let evaluation, let texts, let of, let row):
      "\(texts) of the \(of) texts of '\(file)' are also in '\(evaluation)', the first in row "
        + "\(row): a model calibrated on the texts it is judged by looks better than it is; "
        + "calibrate on other texts, or accept this with \(name(.allowOverlap))"
    case .notFinite(let site):
      "the input of \(site) is infinite or not a number for a calibration text: the checkpoint's "
        + "weights overflow in fp32; check it with 'mbq inspect --tensors'"
    }
  }
}
