/// Reads tokens that match before WordPiece reads the text.
enum AddedTokenReader {
  /// A token written as an object, with its id from the object unless `id` gives it.
  static func token(
    _ fields: ConfigurationFields, id: Int? = nil
  ) throws(CheckpointError) -> TokenizerFiles.AddedToken {
    guard case .string(let content)? = fields.object["content"], !content.isEmpty else {
      throw fields.refuse("content", fields.object["content"], allowed: "a text")
    }
    var tokenID = id
    if tokenID == nil {
      guard case .integer(let value)? = fields.object["id"], value >= 0 else {
        throw fields.refuse("id", fields.object["id"], allowed: "a whole number from 0")
      }
      tokenID = value
    }
    let special = try fields.flag(FlagKey("special", false))
    return TokenizerFiles.AddedToken(
      content: content, id: tokenID ?? 0,
      singleWord: try fields.flag(FlagKey("single_word", false)),
      leftStrip: try fields.flag(FlagKey("lstrip", false)),
      rightStrip: try fields.flag(FlagKey("rstrip", false)),
      normalized: try fields.flag(FlagKey("normalized", !special)))
  }

  /// `tokens` by id, checked against the vocabulary that `idInVocabulary` looks up; those beyond it are
  /// appended to `pieces` and must follow it without a gap.
  static func placed(
    _ tokens: [TokenizerFiles.AddedToken], path: String, _ pieces: inout [[UInt8]],
    idInVocabulary: (String) -> Int?
  ) throws(CheckpointError) -> [TokenizerFiles.AddedToken] {
    let sorted = tokens.sorted { $0.id < $1.id }
    var seen: Set<ExactString> = []
    for token in sorted {
      let name = quoted(token.content, "\"")
      guard seen.insert(ExactString(token.content)).inserted else {
        throw .vocabulary(path: path, problem: "the added token \(name) occurs twice")
      }
      if let id = idInVocabulary(token.content) {
        guard id == token.id else {
          throw .vocabulary(
            path: path,
            problem: "the added token \(name) has the id \(token.id), and \(id) in the vocabulary")
        }
      } else {
        guard token.id == pieces.count else {
          throw .vocabulary(
            path: path,
            problem: "the added token \(name) has the id \(token.id), and the next one after the"
              + " vocabulary is \(pieces.count)")
        }
        pieces.append(Array(token.content.utf8))
      }
    }
    return sorted
  }
}
