import MBQCore
import MBQReport

/// Why there is no report.
enum ReportError: ExplainedError, Equatable {
  case folderIsFile(path: String)
  case folder(path: String, reason: String)
  /// A checkpoint beside other things.
  case mixed(checkpoint: String, models: Int)
  case textWithoutCheckpoint(path: String)
  case noSuchBaseline(name: String, models: [String])
  /// A file of the output folder that is not ours.
  case foreign(path: String)
  case probe(path: String, problem: String)

  var kind: FailureKind {
    switch self {
    case .mixed, .textWithoutCheckpoint, .noSuchBaseline: .usage
    case .folderIsFile, .folder, .foreign: .badInput
    case .probe: .internalError
    }
  }

  var explanation: String {
    switch self {
    case .folderIsFile(let path):
      "--output is '\(path)', which is a file; name a folder, which need not exist yet"
    case .folder(let path, let reason):
      "cannot make the folder '\(path)': \(reason); choose a place you may write to"
    case .mixed(let checkpoint, let models):
      "'\(checkpoint)' is a checkpoint, and \(models) models are named; give one checkpoint, or packed"
        + " models (.mbq), which 'mbq quantize' makes"
    case .textWithoutCheckpoint(let path):
      "--text is '\(path)', but the models are packed already; give a checkpoint, or leave --text out"
    case .noSuchBaseline(let name, let models):
      "--baseline is '\(name)'; allowed: \(Self.list(models))"
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
