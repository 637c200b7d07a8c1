import MBQCheckpoints
import MBQCore
import MBQRuntime
import MBQTokenizer

/// Why a checkpoint cannot be packed.
public enum QuantizerError: SettingError, Equatable {
  case checkpoint(CheckpointError)
  case tokenizer(path: String, TokenizerError)
  /// The packed model does not run: a fault of this program, or weights that overflow.
  case unusable(ModelError)
  case write(FileError)
  /// A recipe does not go with the model or the text given.
  case recipe(problem: String, advice: SettingText)
  /// A setting's value is out of range.
  case setting(Setting, found: String, allowed: String)
  case structure(StructureError)
  /// A file of results kept between runs is something else.
  case results(path: String, problem: String, advice: SettingText)
  /// No choice of bits makes the file small enough.
  case targetSize(bytes: Int, smallest: Int)
  /// Calibration text whose hidden states do not fit.
  case memory(tokens: Int, needed: Int, available: Int)
  /// Calibration text shows something no weight can be rounded by.
  case calibration(site: String, problem: String, advice: SettingText)

  public func explanation(naming name: (Setting) -> String) -> String {
    switch self {
    case .checkpoint(let error): error.explanation
    case .tokenizer(let path, let error): "\(path): \(error.explanation)"
    case .unusable(let error): "the packed model does not run: \(error.explanation)"
    case .write(let error): error.explanation
    case .recipe(let problem, let advice):
      "the recipe cannot be followed: \(problem); \(advice.text(naming: name))"
    case .setting(let setting, let found, let allowed):
      "\(name(setting)) is \(found); allowed: \(allowed)"
    case .structure(let error): error.explanation
    case .results(let path, let problem, let advice):
      "\(path): \(problem); \(advice.text(naming: name))"
    case .targetSize(let bytes, let smallest):
      Self.advice(targetSize: bytes, smallest: smallest).text(naming: name)
    case .memory(let tokens, let needed, let available):
      Self.advice(tokens: tokens, needed: needed, available: available).text(naming: name)
    case .calibration(let site, let problem, let advice):
      "\(site): \(problem); \(advice.text(naming: name))"
    }
  }

  private static func advice(targetSize: Int, smallest: Int) -> SettingText {
    """
    no choice of bits gives \(targetSize) bytes: the smallest is \(smallest); keep fewer \
    layers\(by: .keepLayers), set weights to zero\(by: .sparsity) or drop word \
    pieces\(by: .keepVocabularyOf)
    """
  }

  private static func advice(tokens: Int, needed: Int, available: Int) -> SettingText {
    """
    \(tokens) tokens of calibration text need about \(needed >> 20) MB of memory, and this machine \
    has \(available >> 20); give fewer or shorter texts\(by: .texts, .textTokens)
    """
  }

  public var kind: FailureKind {
    switch self {
    case .checkpoint(let error): error.kind
    case .tokenizer(_, let error): error.kind
    case .unusable(.notFinite): .badInput
    case .unusable: .internalError
    case .write(let error): error.kind
    case .calibration: .badInput
    case .recipe, .setting, .targetSize, .memory: .usage
    case .results: .badInput
    case .structure(let error): error.kind
    }
  }
}
