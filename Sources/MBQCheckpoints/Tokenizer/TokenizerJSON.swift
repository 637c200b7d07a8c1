/// Reads a tokenizer.json of the `tokenizers` library with the components of BERT; it refuses any other
/// component by name.
struct TokenizerJSON {
  private let fields: ConfigurationFields

  static let maximumWordLength = IntegerKey("max_input_chars_per_word", 100, 1...10_000)

  init(_ source: SourceFile) throws(CheckpointError) {
    let json = try source.json(maximumBytes: CheckpointFolder.maximumTextBytes)
    fields = try ConfigurationFields(json, path: source.path)
  }

  func files(_ settings: TokenizerSettings) throws(CheckpointError) -> TokenizerFiles {
    let model = try wordPiece()
    let normalizer = try section("normalizer", type: "BertNormalizer")
    _ = try section("pre_tokenizer", type: "BertPreTokenizer")
    let vocabulary = try model.nested("vocab")
    var pieces = try pieces(vocabulary)
    let wordPieceCount = pieces.count
    let addedTokens = try addedTokens(vocabulary, &pieces)

    func id(of content: String) -> Int? {
      if case .integer(let id)? = vocabulary.object[content] { return id }
      return addedTokens.first { ExactString($0.content) == ExactString(content) }?.id
    }
    let unknown = try model.text("unk_token") ?? TokenizerSettings.Role.unknown.preset
    guard let unknownID = id(of: unknown) else {
      throw model.refuse("unk_token", .string(unknown), allowed: "a piece of the vocabulary")
    }
    let frame = try SpecialTokenFrame(fields)
    guard let paddingID = id(of: settings.name(of: .padding)) else {
      throw .vocabulary(
        path: fields.path,
        problem: "no piece is the padding token \(quoted(settings.name(of: .padding), "\""));"
          + " name it in tokenizer_config.json as pad_token")
    }
    for special in [frame.classification, frame.separator] where id(of: special.name) != special.id
    {
      throw .vocabulary(
        path: fields.path,
        problem: "post_processor gives \(quoted(special.name, "\"")) the id \(special.id), and the"
          + " vocabulary \(id(of: special.name).map(String.init) ?? "none"); save the tokenizer"
          + " again")
    }
    let lowercases = try normalizer.flag(FlagKey("lowercase", true))
    return TokenizerFiles(
      pieces: pieces, wordPieceCount: wordPieceCount, lowercases: lowercases,
      stripsAccents: try normalizer.optionalFlag("strip_accents") ?? lowercases,
      spacesIdeographs: try normalizer.flag(FlagKey("handle_chinese_chars", true)),
      cleansText: try normalizer.flag(FlagKey("clean_text", true)),
      maximumWordLength: try model.integer(Self.maximumWordLength), unknownID: unknownID,
      classificationID: frame.classification.id, separatorID: frame.separator.id,
      paddingID: paddingID, addedTokens: addedTokens, maximumLength: settings.maximumLength,
      warnings: [])
  }

  private func section(
    _ key: String, type: String
  ) throws(CheckpointError) -> ConfigurationFields {
    guard let value = fields.present(key) else {
      throw fields.refuse(key, fields.object[key], allowed: "a \(type)")
    }
    let section = try fields.nested(key, value)
    guard case .string(type)? = section.object["type"] else {
      throw section.refuse("type", section.object["type"], allowed: quoted(type, "\""))
    }
    return section
  }

  private func wordPiece() throws(CheckpointError) -> ConfigurationFields {
    let model = try fields.nested("model")
    // Files from before tokenizers 0.9 have no type; of the models only WordPiece has this key.
    let isUntyped =
      model.object["type"] == nil && model.object[Self.maximumWordLength.name] != nil
    if !isUntyped {
      guard case .string("WordPiece")? = model.object["type"] else {
        throw model.refuse("type", model.object["type"], allowed: "\"WordPiece\"")
      }
    }
    let prefix = "continuing_subword_prefix"
    guard try model.text(prefix) ?? "##" == "##" else {
      throw model.refuse(prefix, model.object[prefix], allowed: "\"##\"")
    }
    return model
  }

  /// The pieces by id; every id below their number must occur once.
  private func pieces(_ vocabulary: ConfigurationFields) throws(CheckpointError) -> [[UInt8]] {
    let members = vocabulary.object.members
    var pieces: [[UInt8]?] = Array(repeating: nil, count: members.count)
    for member in members {
      guard case .integer(let id) = member.value, pieces.indices.contains(id) else {
        throw vocabulary.refuse(
          quoted(member.key, "\""), member.value,
          allowed: "an id from 0 to \(members.count - 1), as there are \(members.count) pieces")
      }
      if let other = pieces[id] {
        throw vocabulary.refuse(
          quoted(member.key, "\""), member.value,
          allowed: "an id of its own; \(quoted(String(decoding: other, as: UTF8.self), "\"")) has"
            + " this one")
      }
      pieces[id] = Array(member.key.utf8)
    }
    return pieces.compactMap(\.self)
  }

  /// The added tokens by id; those beyond the vocabulary are appended to `pieces`.
  private func addedTokens(
    _ vocabulary: ConfigurationFields, _ pieces: inout [[UInt8]]
  ) throws(CheckpointError) -> [TokenizerFiles.AddedToken] {
    guard let value = fields.present("added_tokens") else { return [] }
    guard case .array(let values) = value else {
      throw fields.refuse("added_tokens", value, allowed: "a list")
    }
    var tokens: [TokenizerFiles.AddedToken] = []
    for (index, value) in values.enumerated() {
      tokens.append(try AddedTokenReader.token(fields.nested("added_tokens[\(index)]", value)))
    }
    return try AddedTokenReader.placed(
      tokens, path: fields.path, &pieces
    ) { content in
      if case .integer(let id)? = vocabulary.object[content] { id } else { nil }
    }
  }
}
