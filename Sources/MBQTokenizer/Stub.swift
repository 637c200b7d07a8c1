import MBQCore
public enum TokenizerError: ExplainedError, Equatable { case x; public var explanation: String { "" } }
public struct Vocabulary: Sendable { public init(packed: UnsafeRawBufferPointer, count: Int) throws(TokenizerError) {} }
public struct TokenizerOptions: Equatable, Sendable { public init(decoding: UnsafeRawBufferPointer) throws(TokenizerError) {} }
public struct Encoding: Sendable { public var ids: [UInt32]; public var untruncatedCount: Int }
public struct WordPieceTokenizer: Sendable { public init(vocabulary: Vocabulary, options: TokenizerOptions) throws(TokenizerError) {}
  public func encode(_ text: String, limit: Int) -> Encoding { Encoding(ids: [], untruncatedCount: 0) } }
