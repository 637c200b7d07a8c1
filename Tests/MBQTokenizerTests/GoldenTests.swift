import Foundation
import MBQTestSupport
import MBQTokenizer
import Testing

@Suite("Against Hugging Face tokenizers")
struct GoldenTests {
  @Test("every golden case has the same ids, counts and types")
  func cases() throws {
    let vocabulary = try Golden.vocabulary()
    let tokenizers = try Golden.configurations().mapValues {
      try WordPieceTokenizer(vocabulary: vocabulary, options: $0.options)
    }
    let cases = try Golden.cases()
    #expect(cases.count > 2500)
    var ids: [UInt32] = []
    for example in cases {
      let tokenizer = try #require(tokenizers[example.configuration])
      let limit = example.limit == 0 ? Int.max : example.limit
      for countsAll in [true, false] {
        let summary = example.first.withUnsafeBufferPointer { first in
          guard let second = example.second else {
            return tokenizer.encode(first, limit: limit, countsAll: countsAll, into: &ids)
          }
          return second.withUnsafeBufferPointer {
            tokenizer.encode(first, $0, limit: limit, into: &ids)
          }
        }
        #expect(ids == example.ids, "line \(example.line) of cases.tsv")
        #expect(summary.secondStart == example.secondStart, "line \(example.line) of cases.tsv")
        let total = example.untruncatedCount
        #expect(summary.isTruncated == (total > example.ids.count), "line \(example.line)")
        if countsAll || !summary.isTruncated {
          #expect(summary.untruncatedCount == total, "line \(example.line) of cases.tsv")
        }
        #expect(summary.unknownCount == ids.filter { $0 == 1 }.count)
      }
    }
  }

  @Test("strings give the same as bytes, with a type for each id")
  func strings() throws {
    let tokenizer = try WordPieceTokenizer.golden("uncased")
    let single = tokenizer.encode("Fake news, naïve café zzz", limit: 6)
    let bytes = tokenizer.encode([UInt8]("Fake news, naïve café zzz".utf8), limit: 6)
    #expect(single.ids == bytes.ids)
    #expect(single.typeIDs == [0, 0, 0, 0, 0, 0])
    #expect(single.untruncatedCount == bytes.summary.untruncatedCount)
    let pair = tokenizer.encode("the news", "the 漢 report", limit: 100)
    let pieces = [1, 2, 3].map { tokenizer.vocabulary.piece($0) }
    #expect(pieces == [[UInt8]("[UNK]".utf8), [UInt8]("[CLS]".utf8), [UInt8]("[SEP]".utf8)])
    #expect(pair.ids.filter { $0 == 3 }.count == 2)
    #expect(pair.typeIDs == [0, 0, 0, 0, 1, 1, 1, 1])
    #expect(pair.unknownCount == 1)
    #expect(tokenizer.encode("", limit: 2).ids == [2, 3])
    #expect(tokenizer.encode("", "", limit: 3).typeIDs == [0, 0, 1])
  }

  private static let checkpoint = Repository.shared?.appendingPathComponent(
    "data/mobilebert-fakenews")

  @Test(
    "the real checkpoint's vocabulary gives the ids that its golden file has",
    .enabled(if: checkpoint != nil, "needs ../shared/data/mobilebert-fakenews"))
  func realCheckpoint() throws {
    let folder = try #require(Self.checkpoint)
    let lines = try Data(contentsOf: folder.appendingPathComponent("vocab.txt"))
    let vocabulary = try Vocabulary(pieces: Golden.pieces(ofLines: lines))
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].compactMap { name in
      vocabulary.id(of: [UInt8](name.utf8)).map {
        AddedToken(content: [UInt8](name.utf8), id: $0)
      }
    }
    try #require(special.count == 5)
    let options = TokenizerOptions(
      unknownID: special[1].id, classificationID: special[2].id, separatorID: special[3].id,
      paddingID: special[0].id, addedTokens: special)
    let tokenizer = try WordPieceTokenizer(vocabulary: vocabulary, options: options)
    struct Line: Decodable {
      var text: String
      var inputIds: [UInt32]
    }
    let golden = try Data(contentsOf: folder.appendingPathComponent("golden.jsonl"))
    let rows = golden.split(separator: 0x0A)
    #expect(rows.count == 220)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    for row in rows {
      let line = try decoder.decode(Line.self, from: row)
      #expect(tokenizer.encode(line.text, limit: 512).ids == line.inputIds)
    }
  }
}
