/// Reads vocab.txt, one piece a line, its id the number of the line from 0.
enum VocabularyText {
  /// The pieces of `source`.
  ///
  /// Lines end in LF, CRLF or CR, as in Python; no other white space is removed.
  static func pieces(_ source: SourceFile) throws(CheckpointError) -> [[UInt8]] {
    let bytes = source.bytes
    guard bytes.count <= CheckpointFolder.maximumTextBytes else {
      throw .vocabulary(
        path: source.path,
        problem: "it has \(bytes.count) bytes, and at most \(CheckpointFolder.maximumTextBytes)"
          + " are read")
    }
    var pieces: [[UInt8]] = []
    var start = 0
    while start < bytes.count {
      var end = start
      while end < bytes.count, bytes[end] != 0x0A, bytes[end] != 0x0D { end += 1 }
      let line = UnsafeBufferPointer(
        rebasing: bytes.assumingMemoryBound(to: UInt8.self)[start..<end])
      guard String(validating: line, as: UTF8.self) != nil else {
        throw .vocabularyLine(
          path: source.path, line: pieces.count + 1,
          problem: "it is not valid UTF-8; save the vocabulary as UTF-8")
      }
      pieces.append(Array(line))
      let isPair = end + 1 < bytes.count && bytes[end] == 0x0D && bytes[end + 1] == 0x0A
      start = end + (isPair ? 2 : 1)
    }
    return pieces
  }

  /// The tokenizer of a folder without tokenizer.json.
  static func read(
    _ source: SourceFile, _ settings: TokenizerSettings
  ) throws(CheckpointError) -> TokenizerFiles {
    var pieces = try pieces(source)
    let wordPieceCount = pieces.count
    var ids: [ExactString: Int] = [:]
    ids.reserveCapacity(pieces.count)
    for (id, piece) in pieces.enumerated() {
      let text = String(decoding: piece, as: UTF8.self)
      if let other = ids.updateValue(id, forKey: ExactString(text)) {
        throw .vocabularyLine(
          path: source.path, line: id + 1,
          problem: "the piece \(quoted(text, "\"")) is on line \(other + 1) already")
      }
    }
    func id(of role: TokenizerSettings.Role) throws(CheckpointError) -> Int {
      let name = settings.name(of: role)
      guard let id = ids[ExactString(name)] else {
        throw .vocabulary(
          path: source.path,
          problem: "no line is \(quoted(name, "\"")), the \(role.rawValue); name the right one in"
            + " tokenizer_config.json")
      }
      return id
    }
    let added = try addedTokens(settings, ids)
    let addedTokens = try AddedTokenReader.placed(added, path: source.path, &pieces) {
      ids[ExactString($0)]
    }
    return TokenizerFiles(
      pieces: pieces, wordPieceCount: wordPieceCount, lowercases: settings.lowercases,
      stripsAccents: settings.stripsAccents ?? settings.lowercases,
      spacesIdeographs: settings.spacesIdeographs, cleansText: true,
      maximumWordLength: TokenizerJSON.maximumWordLength.preset, unknownID: try id(of: .unknown),
      classificationID: try id(of: .classification), separatorID: try id(of: .separator),
      paddingID: try id(of: .padding), addedTokens: addedTokens,
      maximumLength: settings.maximumLength, warnings: [])
  }

  /// The tokens of tokenizer_config.json: `added_tokens_decoder`, then the special ones it lacks.
  private static func addedTokens(
    _ settings: TokenizerSettings, _ ids: [ExactString: Int]
  ) throws(CheckpointError) -> [TokenizerFiles.AddedToken] {
    var tokens: [TokenizerFiles.AddedToken] = []
    if let fields = settings.fields, let value = fields.present("added_tokens_decoder") {
      let decoder = try fields.nested("added_tokens_decoder", value)
      for member in decoder.object.members {
        guard let id = Int(member.key), id >= 0 else {
          throw decoder.refuse(
            quoted(member.key, "\""), member.value, allowed: "whole numbers from 0 as keys")
        }
        let entry = try decoder.nested(quoted(member.key, "\""), member.value)
        tokens.append(try AddedTokenReader.token(entry, id: id))
      }
    }
    var known = Set(tokens.map { ExactString($0.content) })
    let special = TokenizerSettings.Role.allCases.map { settings.name(of: $0) }
    for name in special + (try moreSpecialTokens(settings, known: known, ids)) {
      guard let id = ids[ExactString(name)], known.insert(ExactString(name)).inserted else {
        continue
      }
      tokens.append(
        .init(
          content: name, id: id, singleWord: false, leftStrip: false, rightStrip: false,
          normalized: false))
    }
    return tokens
  }

  private static func moreSpecialTokens(
    _ settings: TokenizerSettings, known: Set<ExactString>, _ ids: [ExactString: Int]
  ) throws(CheckpointError) -> [String] {
    guard let fields = settings.fields else { return [] }
    var names: [String] = []
    for key in ["additional_special_tokens", "extra_special_tokens"] {
      guard case .array(let values)? = fields.present(key) else { continue }
      for value in values {
        guard case .string(let name) = value else {
          throw fields.refuse(key, value, allowed: "texts")
        }
        // Its id would depend on the order in which transformers adds tokens.
        guard ids[ExactString(name)] != nil || known.contains(ExactString(name)) else {
          throw .unsupported(
            path: fields.path,
            what: "\(key) names \(quoted(name, "\"")), which is not in vocab.txt",
            advice: "save the tokenizer again so that there is a tokenizer.json:"
              + " `AutoTokenizer.from_pretrained(dir).save_pretrained(dir)`")
        }
        names.append(name)
      }
    }
    return names
  }
}
