public import MBQCore

/// What can be wrong with the bytes of a packed model.
public enum FormatError: ExplainedError, Equatable {
  /// The first bytes are not those of a packed model.
  case notPacked
  /// Written by a newer major version than this reader knows.
  case newer(major: Int, minor: Int)
  /// `field` needs `needed` bytes at `offset`, and its place ends `available` bytes from there.
  case truncated(field: Message, offset: Int, needed: Int, available: Int)
  /// `field` holds a value the specification does not allow.
  case invalid(field: Message, found: Message, allowed: Message)
  /// The bytes of a section are not those that were written.
  case damaged(section: Message)
  case missing(section: Message)

  public var explanation: String { message.text }

  public var message: Message {
    switch self {
    case .notPacked:
      "not an .mbq file: the first 8 bytes are not its signature; make one with 'mbq quantize'"
    case .newer(let major, let minor):
      """
      written in format \(major).\(minor), and this program reads up to \(packedMajor).x; \
      use a newer mbq or quantize the checkpoint again
      """
    case .truncated(let field, let offset, let needed, let available):
      """
      \(field) needs \(needed) bytes at byte \(offset), and \(max(available, 0)) are left; \
      the file is cut short or altered: copy it again
      """
    case .invalid(let field, let found, let allowed):
      "\(field) is \(found), allowed: \(allowed); the file is altered or was not written by mbq"
    case .damaged(let section):
      "the \(section) section does not match its checksum; the file is damaged: copy it again"
    case .missing(let section):
      "the \(section) section is missing; the file is altered or was not written by mbq"
    }
  }
}
