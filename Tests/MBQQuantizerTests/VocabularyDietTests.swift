import Foundation
import MBQCheckpoints
import MBQCore
import MBQFormat
import MBQModel
import MBQRuntime
import MBQTestSupport
import MBQTokenizer
import Testing

@testable import MBQQuantizer

@Suite("Vocabulary diet")
struct VocabularyDietTests {
  private static func model() throws -> (Checkpoint, WorkingModel) {
    let checkpoint = try Checkpoint.open(path: Repository.path("Examples/tiny-news/model"))
    return (checkpoint, try WorkingModel(checkpoint))
  }

  private static func lines(_ file: String) throws -> [String] {
    let text = try String(
      decoding: Data(
        contentsOf: URL(fileURLWithPath: Repository.path("Examples/tiny-news/\(file)"))),
      as: UTF8.self)
    return text.split(separator: "\n").map(String.init)
  }

  /// Words of the alphabet's characters, most of which no vocabulary has.
  private func inventedTexts(_ files: TokenizerFiles) -> [String] {
    let alphabet = Set(files.pieces.flatMap { String(decoding: $0, as: UTF8.self).unicodeScalars })
      .sorted { $0.value < $1.value }
    var generator = SeededGenerator(seed: 11)
    return (0..<400).map { _ in
      var text = String.UnicodeScalarView()
      for _ in 0..<(1 + generator.next() % 40) {
        text.append(
          generator.next() % 6 == 0 ? " " : alphabet[Int(generator.next() % UInt64(alphabet.count))]
        )
      }
      return String(text)
    }
  }

  @Test("ids of texts with dropped pieces become those the cut tokenizer gives")
  func retokenization() throws {
    let (_, model) = try Self.model()
    let before = try model.tokenizer.tokenizer()
    let counted = try Self.lines("validation.csv").prefix(10).map {
      before.encode($0, limit: 256).ids
    }
    let (small, report) = VocabularyDiet.apply(
      to: model,
      counts: VocabularyDiet.counts(
        of: counted, vocabularySize: model.configuration.vocabularySize))
    let after = try small.tokenizer.tokenizer()
    let others = try Self.lines("test.csv").prefix(200) + inventedTexts(model.tokenizer)
    // Long enough that nothing is cut.
    let ids = others.map { before.encode($0, limit: 1024).ids }
    let expected = others.map { after.encode($0, limit: 4096).ids }
    #expect(report.retokenized(ids, limit: 4096) == expected)
    #expect(ids.map(\.count) != expected.map(\.count))
    let short = report.retokenized(ids, limit: 16)
    for (text, whole) in zip(short, expected) {
      #expect(text.count == min(whole.count, 16) && text.last == whole.last)
    }
  }

  @Test("kept texts have the same logits, bit for bit, folded or not")
  func logits() throws {
    let (checkpoint, model) = try Self.model()
    let before = try model.tokenizer.tokenizer()
    let texts = try Self.lines("validation.csv").prefix(40)
    let ids = texts.map { before.encode($0, limit: 256).ids }
    let counts = VocabularyDiet.counts(
      of: ids, vocabularySize: model.configuration.vocabularySize)
    for subject in [model, model.folded()] {
      let (small, report) = VocabularyDiet.apply(to: subject, counts: counts)
      #expect(report.piecesKept < report.piecesBefore)
      #expect(small.configuration.vocabularySize == report.piecesKept)
      #expect(small.tokenizer.pieces.count == report.piecesKept)
      let after = try small.tokenizer.tokenizer()
      #expect(after.idCount <= small.configuration.vocabularySize)
      let newIDs = texts.map { after.encode($0, limit: 256).ids }
      #expect(ModelRunner(small).logits(newIDs) == ModelRunner(subject).logits(ids))
      let saved = (subject.parameterCount - small.parameterCount) * 4
      #expect(report.bytesSaved(bits: 32) == saved + report.pieceBytesSaved)
      #expect(
        try VocabularyDiet.compare(texts, before: model.tokenizer, after: small.tokenizer)
          .changedTexts == 0)
    }
    // The packed file tokenizes and answers the same.
    let small = VocabularyDiet.apply(to: model.folded(), counts: counts).model
    let old = try Model(bytes: try Packer(checkpoint, precision: .int8).pack().bytes, name: "old")
    let new = try Model(
      bytes: try Packer(checkpoint, precision: .int8, model: small).pack().bytes, name: "new")
    #expect(new.packed.header.vocabularyCount == small.configuration.vocabularySize)
    for text in texts {
      #expect(
        try RunState(model: new).logits([new.tokens(of: text, limit: 256).0])
          == RunState(model: old).logits([old.tokens(of: text, limit: 256).0]))
    }
  }

  @Test("no text has unknown pieces it did not have")
  func unknowns() throws {
    let (_, model) = try Self.model()
    let small = VocabularyDiet.apply(to: model, counts: []).model
    #expect(small.tokenizer.pieces.count < model.tokenizer.pieces.count)
    let texts =
      try Self.lines("test.csv") + Self.lines("validation.csv") + inventedTexts(model.tokenizer)
    let change = try VocabularyDiet.compare(
      texts, before: model.tokenizer, after: small.tokenizer)
    #expect(change.texts == texts.count)
    #expect(change.changedTexts > 0)
    #expect(change.textsWithNewUnknowns == 0)
    #expect(change.piecesAfter > change.piecesBefore)
  }

  /// `x` has no piece inside words but `##bx` and `##xc`, so words with it must be cut as before.
  @Test("characters without a piece of their own keep the pieces they stand in")
  func bound() throws {
    var (_, model) = try Self.model()
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    let words =
      ["a", "b", "c", "d", "e", "##a", "##b", "##c", "##d", "##e", "x", "ab", "##bx", "##xc"]
      + ["de", "##de", "dede", "##eded"]
    model.tokenizer.pieces = (special + words).map { Array($0.utf8) }
    model.tokenizer.wordPieceCount = model.tokenizer.pieces.count
    model.tokenizer.addedTokens = []
    (model.tokenizer.paddingID, model.tokenizer.unknownID) = (0, 1)
    (model.tokenizer.classificationID, model.tokenizer.separatorID) = (2, 3)
    let small = VocabularyDiet.apply(to: model, counts: []).model
    let kept = small.tokenizer.pieces.map { String(decoding: $0, as: UTF8.self) }
    #expect(kept == special + words.prefix(14))
    var texts: [String] = []
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<4000 {
      texts.append(
        String(
          (0..<(1 + generator.next() % 8)).map { _ in
            Array("abcdex")[Int(generator.next() % 6)]
          }))
    }
    let change = try VocabularyDiet.compare(
      texts, before: model.tokenizer, after: small.tokenizer)
    #expect(change.textsWithNewUnknowns == 0)
    #expect(change.changedTexts > 0)
  }
}
