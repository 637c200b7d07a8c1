import MBQCore

/// What a call refuses before it asks any other part of the toolchain.
public enum ToolchainError: SettingError, Equatable {
  /// A setting has a value that is not allowed.
  case outOfRange(Setting, found: String, allowed: String)
  /// Texts are to be cut to more tokens than a model reads, or to none.
  case tokenLimit(found: Int, most: Int, models: Int)
  /// Two settings exclude each other.
  case exclusive(Setting, Setting, reason: String)
  /// A call needs a setting that it was not given.
  case missing(Setting, reason: String)
  case kernels(name: String, runnable: [String])
  /// A folder stands where a packed model is needed.
  case folderAsModel(path: String)
  /// A packed model stands where a checkpoint is needed.
  case modelAsCheckpoint(path: String)
  /// A result would replace what it was made of.
  case overwrites(Setting, output: String, input: String)
  case pipe(path: String, takesStandardInput: Bool)
  case folder(path: String, reason: String)
  /// A model that gives a text any number of labels, where a call needs one label a text.
  case multiLabel(path: String, advice: String)

  public var kind: FailureKind {
    switch self {
    case .outOfRange, .tokenLimit, .exclusive, .missing, .kernels, .overwrites, .pipe: .usage
    case .folderAsModel, .modelAsCheckpoint, .folder, .multiLabel: .badInput
    }
  }

  public func explanation(naming name: (Setting) -> String) -> String {
    switch self {
    case .outOfRange(let setting, let found, let allowed):
      "\(name(setting)) is \(found); allowed: \(allowed)"
    case .tokenLimit(let found, let most, let models):
      "\(name(.maximumTokens)) is \(found); "
        + (models == 1 ? "this model takes" : "these models take") + " 2 to \(most)"
    case .exclusive(let first, let second, let reason):
      "\(name(first)) and \(name(second)) are both given; \(reason)"
    case .missing(let setting, let reason):
      "\(reason): give \(name(setting))"
    case .kernels(let name, let runnable):
      "kernel set '\(name)' cannot be used here; this processor runs: "
        + runnable.joined(separator: ", ")
    case .folderAsModel(let path):
      "'\(path)' is a folder, and a packed model is one file; if it is a checkpoint, "
        + "'mbq quantize' makes one of it"
    case .modelAsCheckpoint(let path):
      "'\(path)' is a packed model; give the checkpoint it was made of: a folder, or its weights"
    case .overwrites(let setting, let output, let input):
      "\(name(setting)) is '\(output)', which is another file of this command too"
        + (output == input ? "" : " ('\(input)')") + "; give it another name"
    case .pipe(let path, let takesStandardInput):
      "'\(path)' is a pipe, which can be read once, and this reads it several times; "
        + "give \(name(.data)) a file"
        + (takesStandardInput ? ", or - and the pipe as standard input" : "")
    case .folder(let path, let reason):
      "cannot make the folder '\(path)': \(reason); choose a place you may write to"
    case .multiLabel(let path, let advice):
      "'\(path)' gives a text any number of labels (multi_label_classification); \(advice)"
    }
  }

  /// What texts are cut to: `limit`, or `most`, what the shortest of `models` models reads.
  static func tokenLimit(
    _ limit: Int?, most: Int, models: Int = 1
  ) throws(ToolchainError) -> Int {
    guard let limit else { return most }
    guard 2 <= limit, limit <= most else {
      throw .tokenLimit(found: limit, most: most, models: models)
    }
    return limit
  }
}
