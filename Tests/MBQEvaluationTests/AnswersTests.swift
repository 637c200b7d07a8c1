import Foundation
import MBQCore
import MBQModel
import MBQRuntime
import MBQTestSupport
import Testing

@testable import MBQEvaluation

@Suite("Files of answers")
struct AnswersTests {
  private func read(_ bytes: [UInt8]) throws -> Answers {
    try bytes.withUnsafeBytes { try AnswersFile.read($0, name: "part.answers") }
  }

  private func parts(_ count: Int, rows: Int) throws -> [(name: String, answers: Answers)] {
    try (1...count).map { index in
      let key = Comparisons.key(rows: rows, shard: .init(index: index, count: count))
      return ("part\(index)", try Comparisons.answers(key))
    }
  }

  @Test("what is written is read back, with and without a baseline and labels")
  func roundTrip() throws {
    for (isLabelled, hasBaseline) in [(true, true), (true, false), (false, true), (false, false)] {
      for rows in [0, 1, 50] {
        let key = Comparisons.key(rows: rows, isLabelled: isLabelled, hasBaseline: hasBaseline)
        let answers = try Comparisons.answers(key)
        #expect(try read(AnswersFile.bytes(answers)) == answers)
      }
    }
    let unfinished = try Comparisons.answers(Comparisons.key(rows: 50), upTo: 20)
    #expect(try read(AnswersFile.bytes(unfinished)) == unfinished)
    #expect(!unfinished.isComplete)
  }

  @Test("parts in any order give the bytes of one run", arguments: [1, 2, 3, 7, 60, 61])
  func merged(count: Int) throws {
    let whole = AnswersFile.bytes(try Comparisons.answers(Comparisons.key(rows: 60)))
    var generator = SeededGenerator(seed: 4)
    let parts = try parts(count, rows: 60).shuffled(using: &generator)
    #expect(AnswersFile.bytes(try Answers.merged(parts)) == whole)
  }

  @Test("a list of labels in an error is short, and steers no terminal")
  func labelsListed() {
    let error = AnswersPairError.labels(
      candidate: "a", ["\u{1B}[2J"], baseline: "b",
      (0..<1024).map { "\($0)" + String(repeating: "x", count: 1000) })
    #expect(error.explanation.utf8.count < 600)
    #expect(error.explanation.contains("xxx... and 1016 more and 'a' has  [2J; compare models"))
  }

  @Test("parts that are missing, doubled, unfinished or foreign are refused by name")
  func refusals() throws {
    let parts = try parts(4, rows: 30)
    #expect(
      explanation { try Answers.merged([parts[0], parts[2]]) }
        == "of 4 parts 2/4, 4/4 are missing; make what is missing with mbq evaluate --shard, and "
        + "name every part")
    #expect(
      explanation { try Answers.merged(parts + [("again", parts[1].answers)]) }
        == "'part2' and 'again' are both part 2/4; name each part once")
    let half = try Comparisons.answers(parts[1].answers.key, upTo: 3)
    #expect(
      explanation { try Answers.merged([parts[0], ("part2", half)]) }
        == "'part2' has 3 of its 8 rows; run the command that made it again, it goes on from there")
    func foreign(_ change: (inout AnswersKey) -> Void) throws -> String {
      var key = parts[1].answers.key
      change(&key)
      let answers = try Comparisons.answers(key)
      return explanation { try Answers.merged([parts[0], ("other", answers)]) }
    }
    for (what, message) in [
      (try foreign { $0.model.digest = "x" }, "the model"),
      (try foreign { $0.baseline?.digest = "x" }, "the baseline"),
      // The digest of a model says what its labels are, but anybody may have written the file.
      (try foreign { $0.model.threshold = 0.9 }, "the decision (temperature, threshold)"),
      (try foreign { $0.model.temperature = 2 }, "the decision (temperature, threshold)"),
      (
        try foreign { $0.baseline?.threshold = 0.9 },
        "the baseline's decision (temperature, threshold)"
      ),
      (
        try foreign {
          $0.model.labels = ["a", "b", "c", "d"]
          $0.baseline?.labels = $0.model.labels
        }, "the labels"
      ),
      (try foreign { $0.datasetDigest = "x" }, "the rows of the dataset"),
      (try foreign { $0.dataset.rows = 31 }, "the rows of the dataset"),
      (try foreign { $0.shard.count = 5 }, "the number of parts"),
      (try foreign { $0.mistakeLimit = 6 }, "--mistakes"),
      (try foreign { $0.model.tokenLimit = 128 }, "the length texts are cut to"),
      (try foreign { $0.dataset.labelColumn = nil }, "whether rows have labels"),
    ] {
      #expect(
        what == "'other' and 'part1' differ in \(message); put together parts of one evaluation")
    }
    // Another folder is no other model.
    #expect(try foreign { $0.model.summary.path = "elsewhere" }.contains("missing"))
    #expect(
      explanation { try Answers.merged([]) }
        == "there are no parts to put together; name the files that mbq evaluate --shard wrote")
  }

  @Test(
    "a temperature and a threshold decide as the runtime does, also when read back and merged",
    arguments: [1, 0.7, 1.37, 3.1] as [Float])
  func decisions(temperature: Float) throws {
    let plain = try Comparisons.answers(Comparisons.key(rows: 40))
    // A threshold that is a row's own probability: rounding decides.
    for row in 0..<40 {
      func said(_ threshold: Float) -> [Classification] {
        (0..<40).map {
          Classification(
            logits: Array(plain.outputs.logits(row: $0)), tokenCount: 0, isTruncated: false,
            isMultiLabel: false,
            decision: Decision(temperature: temperature, threshold: threshold))
        }
      }
      let decision = Decision(
        temperature: temperature, threshold: said(0.5)[row].probabilities[1])
      let expected = said(decision.threshold).map { Int32($0.label) }
      func tuned(_ shard: AnswersKey.Shard) -> AnswersKey {
        var key = Comparisons.key(rows: 40, shard: shard)
        let model = key.model
        key.model = .init(
          summary: model.summary, digest: model.digest, labels: model.labels,
          tokenLimit: model.tokenLimit, decision: decision)
        return key
      }
      let answers = try Comparisons.answers(tuned(.whole))
      #expect(answers.outputs.predicted == expected, "row \(row)")
      #expect(answers.outputs.rawLogits == plain.outputs.logits)
      let bytes = AnswersFile.bytes(answers)
      #expect(bytes[8] == (temperature == 1 ? 1 : 2))
      #expect(try read(bytes) == answers)
      let parts = try (1...3).map { index in
        ("\(index)", try Comparisons.answers(tuned(.init(index: index, count: 3))))
      }
      #expect(AnswersFile.bytes(try Answers.merged(parts)) == bytes)
    }
  }

  @Test("every change of a byte and every end is refused")
  func damage() throws {
    let bytes = AnswersFile.bytes(try Comparisons.answers(Comparisons.key(rows: 6, limit: 1)))
    for place in bytes.indices {
      for bit in [UInt8(1), 0x80] {
        var changed = bytes
        changed[place] ^= bit
        #expect(throws: AnswersFileError.self, "byte \(place)") { try read(changed) }
      }
    }
    for length in bytes.indices {
      #expect(throws: AnswersFileError.self, "\(length) bytes") {
        try read(Array(bytes[..<length]))
      }
    }
    #expect(throws: AnswersFileError.self) { try read(bytes + [0]) }
    #expect(
      explanation { try read([1, 2, 3]) }
        == "'part.answers' is not a file of answers; mbq evaluate -o FILE writes one")
    var newer = bytes
    newer[8] = 3
    #expect(
      explanation { try read(newer) }
        == "'part.answers' holds answers in version 3 of the format, this build reads 2; make it "
        + "again with this build")
  }

  private func digest(_ bytes: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.update(bytes)
    let digits = Array(hash.hexDigest())
    return stride(from: 0, to: 64, by: 2).compactMap {
      UInt8(String(digits[$0..<$0 + 2]), radix: 16)
    }
  }

  @Test("headers that do not fit their rows are refused before anything is allocated for them")
  func hostileHeaders() throws {
    let answers = try Comparisons.answers(Comparisons.key(rows: 6, limit: 2))
    let bytes = AnswersFile.bytes(answers)
    let length = Int(bytes[12]) | Int(bytes[13]) << 8
    let header = String(decoding: bytes[16..<16 + length], as: UTF8.self)
    let blocks = [48, 48, 24, 24]
    for (found, put) in [
      ("\"rows\":6}", "\"rows\":9000000000000000000}"), ("\"rows\":6}", "\"rows\":-1}"),
      ("\"rows\":6}", "\"rows\":5}"), ("\"index\":1", "\"index\":0"),
      ("\"count\":1,\"index\"", "\"count\":0,\"index\""),
      ("\"labels\":[\"real\",\"fake\"]", "\"labels\":[]"),
      ("\"labels\":[\"real\",\"fake\"]", "\"labels\":[\"real\"]"),
      ("\"tokenLimit\":512", "\"tokenLimit\":-1"), ("\"tokenLimit\":512", "\"tokenLimit\":4"),
      ("\"threshold\":0.5", "\"temperature\":2,\"threshold\":0.5"),
      ("\"row\":", "\"row\":9"), ("\"candidate\":1", "\"candidate\":2"),
      ("\"truth\":0", "\"truth\":-1"), ("\"limit\":2", "\"limit\":0"),
      ("\"flipLimit\":2", "\"flipLimit\":-2"), ("{\"flips\"", "[\"flips\""),
      ("\"mistakes\":{\"count\":", "\"mistakes\":{\"count\":3"),
      ("\"labelColumn\":\"label\",", ""), ("\"rows\":6,", "\"rows\":4611686018427387904,"),
    ] {
      #expect(header.contains(found), "\(found)")
      let changed = Array(header.replacing(found, with: put).utf8)
      var hostile = Array(bytes[..<12])
      hostile += (0..<4).map { UInt8(truncatingIfNeeded: changed.count >> (8 * $0)) }
      hostile += changed
      // Signed anew, so that it is not the digest that gives it away.
      var digests = digest(hostile)
      var place = 16 + length
      for block in blocks {
        digests += digest(Array(bytes[place..<place + block]))
        hostile += bytes[place..<place + block]
        place += block
      }
      hostile += digest(digests)
      let error = #expect(throws: AnswersFileError.self, "\(put)") { try read(hostile) }
      guard case .damaged(_, let what) = error else { continue }
      #expect(!what.contains("digest"), "\(put): \(what)")
    }
  }

  @Test("a dataset's digest depends on every text, label and border, and on nothing else")
  func digest() {
    func digest(_ rows: [(String, Int?)]) -> String {
      var digest = DatasetDigest()
      for row in rows { digest.add(row.0, label: row.1) }
      return digest.value
    }
    let long = String(repeating: "long text ", count: 60_000)
    let rows: [(String, Int?)] = [("a", 0), ("bc", 1), (long, nil), (long, 1), ("", 0)]
    let known = digest(rows)
    #expect(known == digest(rows) && known.count == 64)
    var others: Set<String> = [known]
    others.insert(digest([("ab", 0), ("c", 1)] + rows.dropFirst(2)))
    others.insert(digest([("a", 1)] + rows.dropFirst()))
    others.insert(digest(rows.dropLast()))
    others.insert(digest(rows.reversed()))
    others.insert(digest([("a", nil)] + rows.dropFirst()))
    #expect(others.count == 6)
  }

  @Test("shards deal rows out in turn")
  func shards() {
    for (rows, count) in [(10, 3), (1, 4), (0, 2), (7, 7), (100, 9)] {
      var seen: [Int] = []
      for index in 1...count {
        let shard = AnswersKey.Shard(index: index, count: count)
        let own = (0..<rows).filter { shard.contains($0) }
        #expect(own.count == shard.rows(of: rows))
        #expect(own == (0..<own.count).map { shard.row($0) })
        seen += own
      }
      #expect(seen.sorted() == Array(0..<rows))
    }
  }
}
