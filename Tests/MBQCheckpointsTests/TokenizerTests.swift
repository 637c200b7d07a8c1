import Foundation
import MBQCore
import MBQTestSupport
import Testing

@testable import MBQCheckpoints

@Suite("Reading tokenizer files")
struct TokenizerTests {
  private func read(_ folder: TemporaryFolder, positions: Int = 32) throws -> TokenizerFiles {
    try TokenizerReader.read(
      CheckpointFolder(path: folder.path).tokenizer(), maximumPositions: positions)
  }

  private func refusal(_ folder: TemporaryFolder) -> String {
    folder.short(message { try read(folder) })
  }

  /// As the script that made the golden folders writes what transformers found.
  private func description(_ files: TokenizerFiles) -> [String] {
    func text(_ flag: Bool) -> String { flag ? "True" : "False" }
    let pieces = files.pieces.map { String(decoding: $0, as: UTF8.self) }
    return [
      "pieces \(pieces.joined(separator: " "))", "word pieces \(files.wordPieceCount)",
      "lowercases \(text(files.lowercases))", "strips accents \(text(files.stripsAccents))",
      "spaces ideographs \(text(files.spacesIdeographs))",
      "cleans text \(text(files.cleansText))", "maximum word length \(files.maximumWordLength)",
      "special \(files.unknownID) \(files.classificationID) \(files.separatorID) \(files.paddingID)",
    ]
      + files.addedTokens.map { token in
        let flags = [
          ("single_word", token.singleWord), ("lstrip", token.leftStrip),
          ("rstrip", token.rightStrip), ("normalized", token.normalized),
        ]
        return (["added", "\(token.id)", token.content] + flags.filter(\.1).map(\.0))
          .joined(separator: " ")
      }
  }

  @Test(
    "the golden folders are read as transformers reads them",
    arguments: ["tiny", "cased", "overridden", "plain", "added", "old", "vocabulary"])
  func golden(_ name: String) throws {
    let expected = try lines("Formats/huggingface/golden/\(name)/expected.txt")
    let found = try description(read(TemporaryFolder(copying: name)))
    #expect(found.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
  }

  @Test("vocab.txt with tokenizer_config.json says the same as tokenizer.json")
  func sameFromBoth() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    let both = try read(folder)
    #expect(both.warnings == [])
    try folder.remove("vocab.txt")
    #expect(try read(folder) == both)
    let text = try TemporaryFolder(copying: "tiny")
    try text.remove("tokenizer.json")
    #expect(try read(text) == both)
    try text.edit("vocab.txt", "\n", "\r\n")
    #expect(try read(text) == both)
  }

  @Test("without tokenizer_config.json the values are transformers'")
  func withoutConfiguration() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    let both = try read(folder)
    try folder.remove("tokenizer_config.json")
    #expect(try read(folder) == both)
    #expect(try read(folder, positions: 12).maximumLength == 12)
  }

  @Test(
    "the longest text is the shorter of tokenizer and model",
    arguments: [
      ("20", 20), ("1000000000000000019884624838656", 32), ("1e30", 32), ("null", 32), ("33", 32),
    ])
  func maximumLength(_ written: String, _ expected: Int) throws {
    let folder = try TemporaryFolder(copying: "plain")
    try folder.edit(
      "tokenizer_config.json", "\"model_max_length\": 20", "\"model_max_length\": \(written)")
    #expect(try read(folder).maximumLength == expected)
  }

  @Test("settings that transformers overrides are warned about")
  func overridden() throws {
    let folder = try TemporaryFolder(copying: "overridden")
    let path = folder.path
    #expect(
      try read(folder).warnings.map { $0.replacingOccurrences(of: path, with: "DIR") } == [
        "'DIR/tokenizer.json' has normalizer.lowercase false, and 'DIR/tokenizer_config.json' has"
          + " do_lower_case true; true was used, as transformers does",
        "'DIR/tokenizer.json' has normalizer.strip_accents true, and 'DIR/tokenizer_config.json' has"
          + " strip_accents false; false was used, as transformers does",
        "'DIR/tokenizer.json' has normalizer.handle_chinese_chars false, and transformers takes"
          + " tokenize_chinese_chars as true because tokenizer_config.json does not set it; true was"
          + " used, as transformers does",
      ])
    #expect(try read(TemporaryFolder(copying: "plain")).warnings == [])
  }

  @Test("two vocabularies that differ are warned about")
  func differing() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    try folder.edit("vocab.txt", "\nfake\nreal\n", "\nreal\nfake\n")
    let start = "'DIR/vocab.txt' and 'DIR/tokenizer.json' differ: "
    let warnings = { try read(folder).warnings.map(folder.short) }
    #expect(try warnings() == [start + "token 10 is another; tokenizer.json was used"])
    try folder.edit("vocab.txt", "\nreal\nfake\n", "\nfake\nreal\n")
    try folder.edit("vocab.txt", "\n'\n", "\n'\nmore\n")
    #expect(try warnings() == [start + "39 and 38 pieces; tokenizer.json was used"])
  }

  @Test(
    "a tokenizer.json of another kind is refused by name",
    arguments: [
      (
        "\"type\": \"WordPiece\",\n    \"unk", "\"type\": \"BPE\",\n    \"unk",
        #"model.type is the text "BPE", allowed: "WordPiece""#
      ),
      (
        "\"type\": \"BertNormalizer\"", "\"type\": \"NFKC\"",
        #"normalizer.type is the text "NFKC", allowed: "BertNormalizer""#
      ),
      (
        "\"type\": \"BertPreTokenizer\"", "\"type\": \"Whitespace\"",
        #"pre_tokenizer.type is the text "Whitespace", allowed: "BertPreTokenizer""#
      ),
      (
        "\"type\": \"TemplateProcessing\"", "\"type\": \"RobertaProcessing\"",
        #"post_processor.type is the text "RobertaProcessing", allowed: a TemplateProcessing or BertProcessing with BERT's special tokens"#
      ),
      (
        "\"continuing_subword_prefix\": \"##\"", "\"continuing_subword_prefix\": \"@@\"",
        "model.continuing_subword_prefix is the text \"@@\", allowed: \"##\""
      ),
      (
        "\"max_input_chars_per_word\": 100", "\"max_input_chars_per_word\": 0",
        "model.max_input_chars_per_word is 0, allowed: a whole number from 1 to 10000"
      ),
      (
        "\"moon\": 14", "\"moon\": 13",
        #"model.vocab."moon" is 13, allowed: an id of its own; "says" has this one"#
      ),
      (
        "\"moon\": 14", "\"moon\": 38",
        #"model.vocab."moon" is 38, allowed: an id from 0 to 37, as there are 38 pieces"#
      ),
      (
        "\"moon\": 14", "\"moon\": -1",
        #"model.vocab."moon" is -1, allowed: an id from 0 to 37, as there are 38 pieces"#
      ),
      (
        "\"moon\": 14", "\"moon\": 14.5",
        #"model.vocab."moon" is 14.5, allowed: an id from 0 to 37, as there are 38 pieces"#
      ),
      (
        "\"unk_token\": \"[UNK]\"", "\"unk_token\": \"<unk>\"",
        #"model.unk_token is the text "<unk>", allowed: a piece of the vocabulary"#
      ),
      (
        "\"id\": 5,", "\"id\": 6,",
        #"the added token "[MASK]" has the id 6, and 5 in the vocabulary"#
      ),
      (
        "\"content\": \"[MASK]\"", "\"content\": \"[PAD]\"",
        #"the added token "[PAD]" occurs twice"#
      ),
      (
        "\"content\": \"[MASK]\"", "\"content\": \"[URL]\"",
        #"the added token "[URL]" has the id 5, and the next one after the vocabulary is 38"#
      ),
      (
        "\"content\": \"[MASK]\"", "\"content\": 5",
        "added_tokens[4].content is 5, allowed: a text"
      ),
      (
        "\"lowercase\": true", "\"lowercase\": \"yes\"",
        #"normalizer.lowercase is the text "yes", allowed: true or false"#
      ),
    ])
  func unsupported(_ old: String, _ new: String, _ expected: String) throws {
    let folder = try TemporaryFolder(copying: "tiny")
    try folder.edit("tokenizer.json", old, new)
    #expect(refusal(folder) == "'DIR/tokenizer.json': \(expected)")
  }

  @Test("special tokens in another order are refused")
  func template() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    var text = String(decoding: try folder.read("tokenizer.json"), as: UTF8.self)
    let range = try #require(text.range(of: "\"single\": ["))
    text.replaceSubrange(
      range, with: "\"single\": [{\"Sequence\": {\"id\": \"A\", \"type_id\": 0}},")
    try folder.write("tokenizer.json", text)
    #expect(
      refusal(folder)
        == "'DIR/tokenizer.json': post_processor.single is a list, allowed: [CLS] A [SEP], all of"
        + " type 0")
    let other = try TemporaryFolder(copying: "old")
    try other.edit("tokenizer.json", "[\"[SEP]\", 4]", "[\"[SEP]\", 7]")
    #expect(
      refusal(other)
        == "'DIR/tokenizer.json': post_processor gives \"[SEP]\" the id 7, and the vocabulary 4; save"
        + " the tokenizer again")
  }

  @Test(
    "a vocab.txt that cannot be the model's is refused",
    arguments: [
      ("\nreal\n", "\nfake\n", #"', line 12: the piece "fake" is on line 11 already"#),
      (
        "[CLS]", "<s>",
        #"': no line is "[CLS]", the cls_token; name the right one in tokenizer_config.json"#
      ),
      (
        "[UNK]", "[OOV]",
        #"': no line is "[UNK]", the unk_token; name the right one in tokenizer_config.json"#
      ),
    ])
  func vocabulary(_ old: String, _ new: String, _ expected: String) throws {
    let folder = try TemporaryFolder(copying: "tiny")
    try folder.remove("tokenizer.json")
    try folder.edit("vocab.txt", old, new)
    #expect(refusal(folder) == "'DIR/vocab.txt\(expected)")
  }

  @Test("a vocab.txt that is not UTF-8 is refused with its line")
  func notUTF8() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    try folder.remove("tokenizer.json")
    try folder.write("vocab.txt", Array("[PAD]\n[UNK]\n".utf8) + [0xE9, 0x0A])
    #expect(
      refusal(folder)
        == "'DIR/vocab.txt', line 3: it is not valid UTF-8; save the vocabulary as UTF-8")
  }

  @Test("lines end in LF, CRLF and CR, and an empty line is a piece")
  func lineEnds() throws {
    let folder = try TemporaryFolder()
    try folder.write("vocab.txt", "a \r\n\u{2028}b\rc\n\nd")
    let pieces = try VocabularyText.pieces(SourceFile(path: folder.path("vocab.txt")))
    #expect(
      pieces.map { String(decoding: $0, as: UTF8.self) } == ["a ", "\u{2028}b", "c", "", "d"])
    try folder.write("vocab.txt", "")
    #expect(try VocabularyText.pieces(SourceFile(path: folder.path("vocab.txt"))) == [])
  }

  @Test("added tokens come from tokenizer_config.json beside a vocab.txt")
  func addedTokens() throws {
    let folder = try TemporaryFolder(copying: "vocabulary")
    try folder.write(
      "tokenizer_config.json",
      """
      {"unk_token": "<unk>", "extra_special_tokens": ["moon"], "added_tokens_decoder": {
        "39": {"content": "covid", "lstrip": true, "rstrip": false, "single_word": true,
               "normalized": true, "special": false}}}
      """)
    let files = try read(folder)
    #expect(files.pieces.count == 40 && files.wordPieceCount == 39)
    let added = files.addedTokens.filter { !$0.content.hasPrefix("[") && $0.id > 0 }
    #expect(
      added == [
        .init(
          content: "moon", id: 15, singleWord: false, leftStrip: false, rightStrip: false,
          normalized: false),
        .init(
          content: "covid", id: 39, singleWord: true, leftStrip: true, rightStrip: false,
          normalized: true),
      ])
    try folder.edit("tokenizer_config.json", "\"moon\"", "\"[URL]\"")
    #expect(
      refusal(folder)
        == "'DIR/tokenizer_config.json': extra_special_tokens names \"[URL]\", which is not in"
        + " vocab.txt; save the tokenizer again so that there is a tokenizer.json:"
        + " `AutoTokenizer.from_pretrained(dir).save_pretrained(dir)`")
  }

  @Test(
    "settings of the wrong kind are refused",
    arguments: [
      (#"{"do_lower_case": 1}"#, "do_lower_case is 1, allowed: true or false"),
      (
        #"{"strip_accents": "no"}"#,
        #"strip_accents is the text "no", allowed: true, false or null"#
      ),
      (#"{"model_max_length": 1}"#, "model_max_length is 1, allowed: a number of tokens from 2"),
      (
        #"{"model_max_length": -5e9}"#,
        "model_max_length is -5000000000.0, allowed: a number of tokens from 2"
      ),
      (#"{"unk_token": 3}"#, "unk_token is 3, allowed: a text, or an object with its content"),
      (#"{"unk_token": {}}"#, "unk_token.content is missing, allowed: a text"),
      (
        #"{"tokenizer_class": "RobertaTokenizer"}"#,
        #"the tokenizer is of class "RobertaTokenizer"; supported are WordPiece tokenizers: "BertTokenizer", "BertTokenizerFast", "MobileBertTokenizer", "MobileBertTokenizerFast", "DistilBertTokenizer", "DistilBertTokenizerFast", "ElectraTokenizer", "ElectraTokenizerFast", "PreTrainedTokenizerFast" or "TokenizersBackend""#
      ),
    ])
  func settings(_ text: String, _ expected: String) throws {
    let folder = try TemporaryFolder(copying: "tiny")
    try folder.write("tokenizer_config.json", text)
    #expect(refusal(folder) == "'DIR/tokenizer_config.json': \(expected)")
  }

  @Test("every prefix of a tokenizer.json is refused")
  func prefixes() throws {
    let folder = try TemporaryFolder(copying: "old")
    let bytes = try folder.read("tokenizer.json")
    for end in stride(from: 0, to: bytes.count, by: 7) {
      try folder.write("tokenizer.json", Array(bytes[..<end]))
      #expect(throws: CheckpointError.self) { try read(folder) }
    }
  }
}
