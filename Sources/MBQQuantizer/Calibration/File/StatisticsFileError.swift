public import MBQCore

/// Why a file of calibration statistics cannot be used.
public enum StatisticsFileError: ExplainedError, Equatable {
  case file(FileError)
  case notStatistics(file: String)
  /// Written by a newer major version than this reader knows.
  case newer(file: String, major: Int, minor: Int)
  /// `field` needs `needed` bytes at `offset`, and `available` are left.
  case truncated(file: String, field: String, offset: Int, needed: Int, available: Int)
  case invalid(file: String, field: String, found: String, allowed: String)
  case damaged(file: String)

  public var explanation: String {
    switch self {
    case .file(let error): error.explanation
    case .notStatistics(let file):
      "'\(file)' has no calibration statistics: its first 8 bytes are not their signature; "
        + "make some with 'mbq calibrate'"
    case .newer(let file, let major, let minor):
      "'\(file)' was written in format \(major).\(minor), and this program reads 2.x; "
        + "use a newer mbq or calibrate again"
    case .truncated(let file, let field, let offset, let needed, let available):
      "'\(file)': \(field) needs \(needed) bytes at byte \(offset), and \(available) are left; "
        + "the file is cut short or altered: calibrate again"
    case .invalid(let file, let field, let found, let allowed):
      "'\(file)': \(field) is \(found), allowed: \(allowed); the file is altered or was not written "
        + "by mbq: calibrate again"
    case .damaged(let file):
      "'\(file)' does not match its checksum; the file is damaged: calibrate again"
    }
  }
}
