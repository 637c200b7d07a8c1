public import MBQCore

/// Why a recipe cannot be followed.
public enum RecipeError: SettingError, Equatable {
  /// A key no recipe has, and the one that was most likely meant.
  public struct UnknownKey: Equatable, Sendable {
    public var path: String
    public var line: Int
    public var nearest: String?
  }

  case file(FileError)
  case notFound(name: String, looked: [String], available: [String])
  case tooLong(file: String, bytes: Int, limit: Int)
  case notText(file: String)
  /// The file is no YAML.
  case syntax(file: String, line: Int?, problem: String)
  /// All of them at once.
  case unknownKeys(file: String, [UnknownKey], allowed: [String])
  /// A value of the wrong type or out of range; `path` is such as `weights.bits`.
  case invalid(file: String, path: String, line: Int, found: String, allowed: String)

  public func explanation(naming name: (Setting) -> String) -> String {
    switch self {
    case .file(let error): error.explanation
    case .notFound(let missing, let looked, let available):
      "there is no recipe '\(missing)': neither a file of that name nor "
        + looked.map { "'\($0)'" }.joined(separator: " nor ")
        + (available.isEmpty
          ? "; give the path of a file as \(name(.recipe))"
          : "; there are \(available.joined(separator: ", ")), or give the path of a file")
    case .tooLong(let file, let bytes, let limit):
      "'\(file)' has \(bytes) bytes; a recipe has at most \(limit): is this a recipe?"
    case .notText(let file):
      "'\(file)' is not text in UTF-8; a recipe is a short YAML file"
    case .syntax(let file, let line, let problem):
      "'\(file)'\(line.map { ", line \($0)" } ?? ""): \(problem)"
    case .unknownKeys(let file, let keys, let allowed):
      "'\(file)': no recipe has "
        + keys.map { key in
          "'\(key.path)' (line \(key.line)"
            + (key.nearest.map { "; did you mean '\($0)'?" } ?? "") + ")"
        }.joined(separator: ", ") + "; allowed there: \(allowed.joined(separator: ", "))"
    case .invalid(let file, let path, let line, let found, let allowed):
      "'\(file)', line \(line): \(path) is \(found); allowed: \(allowed)"
    }
  }
}
