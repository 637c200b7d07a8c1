import MBQCheckpoints
import MBQCore
import MBQRuntime
import MBQTokenizer

/// Why a checkpoint cannot be packed.
public enum QuantizerError: ExplainedError, Equatable {
  case checkpoint(CheckpointError)
  case tokenizer(path: String, TokenizerError)
  /// The packed model does not run: a fault of this program, or weights that overflow.
  case unusable(ModelError)
  case write(FileError)
  /// A recipe does not go with the model or the text given.
  case recipe(problem: String, advice: String)
  case structure(StructureError)
  /// A file of results kept between runs is something else.
  case results(path: String, problem: String, advice: String)
  /// No choice of bits makes the file small enough.
  case targetSize(bytes: Int, smallest: Int)
  /// Calibration text whose hidden states do not fit.
  case memory(tokens: Int, needed: Int, available: Int)
  /// Calibration text shows something no weight can be rounded by.
  case calibration(site: String, problem: String, advice: String)

  public var explanation: String {
    switch self {
    case .checkpoint(let error): error.explanation
    case .tokenizer(let path, let error): "\(path): \(error.explanation)"
    case .unusable(let error): "the packed model does not run: \(error.explanation)"
    case .write(let error): error.explanation
    case .recipe(let problem, let advice): "the recipe cannot be followed: \(problem); \(advice)"
    case .structure(let error): error.explanation
    case .results(let path, let problem, let advice): "\(path): \(problem); \(advice)"
    case .targetSize(let bytes, let smallest):
      "no choice of bits gives \(bytes) bytes: the smallest is \(smallest);"
        + " keep fewer layers (--keep-layers), set weights to zero (--sparsity) or drop word pieces"
        + " (--keep-vocabulary-of)"
    case .memory(let tokens, let needed, let available):
      "\(tokens) tokens of calibration text need about \(needed >> 20) MB of memory, and this machine has"
        + " \(available >> 20); give fewer or shorter texts (--texts, --text-tokens)"
    case .calibration(let site, let problem, let advice): "\(site): \(problem); \(advice)"
    }
  }

  public var kind: FailureKind {
    switch self {
    case .checkpoint(let error): error.kind
    case .tokenizer(_, let error): error.kind
    case .unusable(.notFinite): .badInput
    case .unusable: .internalError
    case .write(let error): error.kind
    case .calibration: .badInput
    case .recipe, .targetSize, .memory: .usage
    case .results: .badInput
    case .structure(let error): error.kind
    }
  }
}
