/// The settings of tokenizer_config.json, with the defaults of transformers for absent keys.
struct TokenizerSettings {
  /// A token with a role, as tokenizer_config.json may rename it.
  enum Role: String, CaseIterable {
    case unknown = "unk_token"
    case separator = "sep_token"
    case padding = "pad_token"
    case classification = "cls_token"
    case mask = "mask_token"

    var preset: String {
      switch self {
      case .unknown: "[UNK]"
      case .separator: "[SEP]"
      case .padding: "[PAD]"
      case .classification: "[CLS]"
      case .mask: "[MASK]"
      }
    }
  }

  /// The classes that set up the normalizer from tokenizer_config.json, whatever tokenizer.json says.
  private static let bertClasses = ["Bert", "MobileBert", "DistilBert", "Electra"].flatMap {
    ["\($0)Tokenizer", "\($0)TokenizerFast"]
  }
  /// The classes that take tokenizer.json as it is.
  private static let plainClasses = ["PreTrainedTokenizerFast", "TokenizersBackend"]

  /// The file, or nil without one.
  let fields: ConfigurationFields?
  let lowercases: Bool
  let stripsAccents: Bool?
  let spacesIdeographs: Bool
  let maximumLength: Int
  private let followsTokenizerJSON: Bool
  private var names: [Role: String] = [:]

  init(_ source: SourceFile?, maximumPositions: Int) throws(CheckpointError) {
    guard let source else {
      fields = nil
      (lowercases, stripsAccents, spacesIdeographs) = (true, nil, true)
      maximumLength = maximumPositions
      followsTokenizerJSON = false
      return
    }
    let json = try source.json(maximumBytes: CheckpointFolder.maximumTextBytes)
    let fields = try ConfigurationFields(json, path: source.path)
    self.fields = fields
    lowercases = try fields.flag(FlagKey("do_lower_case", true))
    stripsAccents = try fields.optionalFlag("strip_accents")
    spacesIdeographs = try fields.flag(FlagKey("tokenize_chinese_chars", true))
    maximumLength = try Self.maximumLength(fields, maximumPositions)
    let name = try fields.text("tokenizer_class")
    guard name.map({ (Self.bertClasses + Self.plainClasses).contains($0) }) ?? true else {
      throw .unsupported(
        path: source.path, what: "the tokenizer is of class \(quoted(name ?? "", "\""))",
        advice: "supported are WordPiece tokenizers: "
          + listed((Self.bertClasses + Self.plainClasses).map { quoted($0, "\"") }, "or"))
    }
    followsTokenizerJSON = name.map(Self.plainClasses.contains) ?? false
    for role in Role.allCases { names[role] = try Self.name(of: role, fields) }
  }

  func name(of role: Role) -> String { names[role] ?? role.preset }

  /// A token is written as its text, or as an object with it.
  private static func name(
    of role: Role, _ fields: ConfigurationFields
  ) throws(CheckpointError) -> String? {
    switch fields.present(role.rawValue) {
    case nil: return nil
    case .string(let name)?: return name
    case .object(let object)?:
      guard case .string(let name)? = object["content"] else {
        throw fields.refuse("\(role.rawValue).content", object["content"], allowed: "a text")
      }
      return name
    case let value?:
      throw fields.refuse(role.rawValue, value, allowed: "a text, or an object with its content")
    }
  }

  private static func maximumLength(
    _ fields: ConfigurationFields, _ positions: Int
  ) throws(CheckpointError) -> Int {
    switch fields.present("model_max_length") {
    case nil: return positions
    case .integer(let length)? where length >= 2: return min(length, positions)
    // transformers writes 1e30 for "no limit".
    case .number(let length)? where length >= 2: return Int(min(length, Double(positions)))
    case let value?:
      throw fields.refuse("model_max_length", value, allowed: "a number of tokens from 2")
    }
  }

  /// Applies the settings that transformers applies after it loads tokenizer.json, which is at `path`.
  func override(_ files: inout TokenizerFiles, path: String) {
    if followsTokenizerJSON { return }
    var warnings: [String] = []
    func use(_ key: String, _ value: Bool, over found: inout Bool, _ name: String) {
      if value == found { return }
      let other =
        if let fields, fields.object[key] != nil {
          "\(quoted(fields.path)) has \(key) \(value)"
        } else {
          "transformers takes \(key) as \(value) because tokenizer_config.json does not set it"
        }
      warnings.append(
        "\(quoted(path)) has normalizer.\(name) \(found), and \(other); \(value) was used, as"
          + " transformers does")
      found = value
    }
    use("do_lower_case", lowercases, over: &files.lowercases, "lowercase")
    use(
      "strip_accents", stripsAccents ?? lowercases, over: &files.stripsAccents, "strip_accents")
    use(
      "tokenize_chinese_chars", spacesIdeographs, over: &files.spacesIdeographs,
      "handle_chinese_chars")
    files.warnings += warnings
  }
}
