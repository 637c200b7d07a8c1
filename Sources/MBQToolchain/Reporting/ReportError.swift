import MBQCore
import MBQReport

/// Why there is no report.
public enum ReportError: SettingError, Equatable {
  case folderIsFile(path: String)
  /// A checkpoint beside other things.
  case mixed(checkpoint: String, models: Int)
  case textWithoutCheckpoint(path: String)
  case noSuchBaseline(name: String, models: [String])
  /// A file of the output folder that is not ours.
  case foreign(path: String)
  case probe(path: String, problem: String)

  public var kind: FailureKind {
    switch self {
    case .mixed, .textWithoutCheckpoint, .noSuchBaseline: .usage
    case .folderIsFile, .foreign: .badInput
    case .probe: .internalError
    }
  }

  public func explanation(naming name: (Setting) -> String) -> String {
    switch self {
    case .folderIsFile(let path):
      "\(name(.folder)) is '\(path)', which is a file; name a folder, which need not exist yet"
    case .mixed(let checkpoint, let models):
      "'\(checkpoint)' is a checkpoint, and \(models) models are named; give one checkpoint, or packed"
        + " models (.mbq), which 'mbq quantize' makes"
    case .textWithoutCheckpoint(let path):
      "\(name(.text)) is '\(path)', but the models are packed already; give a checkpoint, or leave it out"
    case .noSuchBaseline(let found, let models):
      "\(name(.baseline)) is '\(found)'; allowed: \(Self.list(models))"
    case .foreign(let path):
      "'\(path)' does not hold what 'mbq report' keeps there; give another folder, or remove the file"
    case .probe(let path, let problem):
      "cannot measure '\(path)' in a process of its own: \(problem)"
    }
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(8).map {
      DisplayText.shortened(DisplayText.clean($0, limit: 200), to: 60)
    }
    return shown.joined(separator: ", ")
      + (names.count > 8 ? " and \(names.count - 8) more" : "")
  }
}
