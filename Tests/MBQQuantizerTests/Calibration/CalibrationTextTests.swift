import MBQCheckpoints
import MBQEvaluation
import MBQFormat
import MBQTestSupport
import MBQTokenizer
import Testing

@testable import MBQQuantizer

@Suite("Calibration texts")
struct CalibrationTextTests {
  private static let tokenizer = Result {
    try WordPieceTokenizer(
      Checkpoint.open(path: Repository.path("Examples/tiny-news/model")).tokenizer)
  }

  private static func sample(
    _ texts: [String], _ options: CalibrationOptions = .init(), limit: Int = 256,
    evaluation: [String]? = nil, allowsOverlap: Bool = false
  ) throws -> CalibrationTexts {
    var digests = TextDigests()
    for text in evaluation ?? [] { digests.insert(text) }
    var sampler = try CalibrationSampler(
      tokenizer.get(), limit: limit, options: options, evaluation: evaluation == nil ? nil : digests
    )
    for text in texts { sampler.add(text) }
    return try sampler.finish(
      file: "a.csv", evaluation: "b.csv", allowsOverlap: allowsOverlap)
  }

  /// A full stop is one token: a text of n of them has n + 2.
  private static func dots(_ count: Int) -> String { String(repeating: ".", count: count) }

  @Test("are counted as by hand")
  func audit() throws {
    let texts = [
      Self.dots(3), "  ", "", Self.dots(14), Self.dots(15), " \(Self.dots(3))\n", Self.dots(30),
      Self.dots(200), "\u{A0}\u{2003}",
      "☃", ". .", ".  \t.", Self.dots(510), Self.dots(511),
    ]
    let audit = try Self.sample(texts, .init(texts: 100, maximumTokens: 20)).audit
    #expect(audit.read == 14)
    #expect(audit.blank == 3)
    #expect(audit.duplicates == 2)
    #expect(audit.usable == 9)
    // 5, 16, 17, 32, 202, 3 (the snowman), 4, 512, 513
    #expect(audit.lengths.map(\.texts) == [4, 2, 0, 0, 1, 1, 1])
    #expect(audit.lengths.map(\.most) == [16, 32, 64, 128, 256, 512, nil])
    #expect(audit.longest == 513)
    #expect(audit.truncated == 4)
    #expect(audit.untruncatedTokens == 5 + 16 + 17 + 32 + 202 + 3 + 4 + 512 + 513)
    #expect(audit.tokens == 5 + 16 + 17 + 20 + 20 + 3 + 4 + 20 + 20)
    #expect(audit.unknownTokens == 1)
    #expect(audit.overlap == nil)
    #expect(audit.calibrating == 8 && audit.heldBack == 1 && audit.limit == 20)
    #expect(audit.paddingShare == 1 - Double(audit.calibratingTokens) / (8 * 20))
  }

  @Test("are drawn without labels, each once, the same for the same seed")
  func drawing() throws {
    let texts = (1...900).map { Self.dots($0 % 90 + 1) + " \($0)" }
    let options = CalibrationOptions(texts: 40, maximumTokens: 64, seed: 9)
    let first = try Self.sample(texts, options)
    #expect(first == (try Self.sample(texts, options)))
    #expect(first.texts.count == 40 && first.heldBack.count == 10)
    let few = try Self.sample((1...50).map { Self.dots($0) }, options)
    #expect((few.texts + few.heldBack).map(\.count).sorted() == Array(3...52))
    #expect(first.texts.allSatisfy { (3...64).contains($0.count) })
    var other = options
    other.seed = 10
    #expect(first.texts != (try Self.sample(texts, other).texts))
  }

  @Test("are drawn from everywhere alike")
  func uniform() throws {
    // Of texts 1 to 200 the mean number is 100.5, with a deviation of 57.7 / √(50 · 60) = 1.05.
    let texts = (1...200).map { Self.dots($0) }
    var sum = 0
    for seed in 0..<60 {
      let drawn = try Self.sample(
        texts, .init(texts: 40, maximumTokens: 256, seed: UInt64(seed)), limit: 256)
      sum += (drawn.texts + drawn.heldBack).reduce(0) { $0 + $1.count - 2 }
    }
    #expect(abs(Double(sum) / (60 * 50) - 100.5) < 5)
  }

  @Test("have a digest of their ids")
  func digest() throws {
    let drawn = try Self.sample([". ."], .init(maximumTokens: 8))
    #expect(drawn.texts.count == 1 && drawn.heldBack.isEmpty)
    let ids = drawn.texts[0]
    let bytes = [UInt32(ids.count)] + ids
    let expected = bytes.flatMap { (value: UInt32) -> [UInt8] in
      (0..<4).map { (byte: UInt32) -> UInt8 in UInt8(truncatingIfNeeded: value >> (8 * byte)) }
    }
    #expect(drawn.digest == expected.withUnsafeBytes { sha256($0) })
  }

  @Test("are refused with a reason")
  func refusals() throws {
    #expect(
      explanation { try Self.sample([]) }
        == "'a.csv' has no text to calibrate on; name a file with at least one text")
    #expect(
      explanation { try Self.sample(["", " \n"]) }
        == "'a.csv' has no usable text: 2 read, 2 of them blank; check text column, which "
        + "says where texts are")
    let evaluation = ["one  thing", "another"]
    #expect(
      explanation { try Self.sample(["x", "", "one thing ", "y"], evaluation: evaluation) }
        == "1 of the 3 texts of 'a.csv' are also in 'b.csv', the first in row 3: a model calibrated "
        + "on the texts it is judged by looks better than it is; calibrate on other texts, or accept "
        + "this with permission to overlap")
    let allowed = try Self.sample(["x", "one thing"], evaluation: evaluation, allowsOverlap: true)
    #expect(allowed.audit.overlap == 1 && allowed.texts.count == 2)
    #expect(try Self.sample(["x"], evaluation: evaluation).audit.overlap == 0)
    #expect(
      explanation { try Self.sample(["x"], .init(texts: 0)) }
        == "number of calibration texts is 0; allowed: 1 to 1000000")
    #expect(
      explanation { try Self.sample(["x"], .init(maximumTokens: 2)) }
        == "token limit of calibration texts is 2; allowed: 3 to 65535")
  }
}

@Suite("The corpus of our own")
struct CorpusTests {
  @Test("has the hash its README states, and is used")
  func hash() throws {
    let bytes = try Repository.bytes("Calibration/corpus/corpus.csv")
    let readme = String(
      decoding: try Repository.bytes("Calibration/corpus/README.md"), as: UTF8.self)
    let digest = bytes.withUnsafeBytes { hexadecimal(sha256($0)) }
    #expect(readme.contains(digest))
    let text = String(decoding: bytes, as: UTF8.self)
    #expect(text.hasPrefix("title,text\n"))
    #expect(text.count { $0 == "\n" } == 361)
  }
}
