public import MBQCore
import MBQFormat
import MBQTokenizer

/// Why a packed model cannot be used, or a text not be classified by it.
public enum ModelError: ExplainedError, Equatable {
  #if !hasFeature(Embedded)
  case file(FileError)
  #endif
  case format(path: String, FormatError)
  case tokenizer(path: String, TokenizerError)
  /// A stored part disagrees with another one.
  case inconsistent(path: String, Message)
  /// A token id outside of the vocabulary, or too many or no tokens.
  case badTokens(Message)
  /// The logits are not finite: the weights are altered or overflow on this text.
  case notFinite(text: Int)

  public var explanation: String { message.text }

  public var message: Message {
    switch self {
    #if !hasFeature(Embedded)
    case .file(let error): "\(error.explanation)"
    #endif
    case .format(let path, let error): "\(path): \(error.message)"
    case .tokenizer(let path, let error): "\(path): \(error.message)"
    case .inconsistent(let path, let what): "\(path): \(what)"
    case .badTokens(let what): what
    case .notFinite(let text):
      """
      text \(text + 1) gives logits that are not finite numbers; the checkpoint overflows on it: \
      look at its ranges with 'mbq inspect'
      """
    }
  }
}
