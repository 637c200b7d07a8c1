import Foundation
import MBQCore
import MBQFormat
import MBQModel

extension AnswersFile {
  /// Reads and checks the whole file, which is untrusted.
  public static func read(path: String) throws(AnswersFileError) -> Answers {
    let file: MappedFile
    do throws(FileError) {
      file = try MappedFile(path: path)
    } catch {
      throw .file(error)
    }
    return try read(file.bytes, name: path)
  }

  /// `name` is for errors.
  public static func read(
    _ bytes: UnsafeRawBufferPointer, name: String
  ) throws(AnswersFileError) -> Answers {
    let start = signature.count + 8
    guard bytes.count >= signature.count, bytes.prefix(signature.count).elementsEqual(signature)
    else { throw .notAnswers(path: name) }
    func damaged(_ what: String) -> AnswersFileError { .damaged(path: name, what: what) }
    guard bytes.count >= start + 32 else { throw damaged("it ends within its first bytes") }
    let found = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    guard (1...version).contains(found) else {
      throw .otherVersion(path: name, found: Int(found), known: Int(version))
    }
    let length = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)))
    guard length <= headerLimit, length <= bytes.count - start - 32 else {
      throw damaged("its header is said to have \(length) bytes, more than the file")
    }
    let json = Data(bytes[start..<start + length])
    let header: Header
    do {
      header = try JSONDecoder().decode(Header.self, from: json)
    } catch {
      throw damaged("its header is not what this build writes")
    }
    if let problem = problem(header, version: found) { throw damaged(problem) }
    var cutter = Cutter(bytes: bytes, place: start + length)
    let labels = header.key.model.labels.count
    // Rows are bounded by the length of the file before anything is allocated for them.
    let words =
      labels * (header.key.baseline == nil ? 1 : 2)
      + (header.key.dataset.labelColumn == nil ? 1 : 2)
    let (body, isTooLarge) = header.rows.multipliedReportingOverflow(by: words * 4)
    guard !isTooLarge, body == bytes.count - start - length - 32 else {
      throw damaged(
        "its header speaks of \(header.rows) rows of \(words * 4) bytes, and "
          + "\(bytes.count - start - length - 32) bytes are there")
    }
    cutter.digest(0..<start + length)
    let logits: [Float] = cutter.block(header.rows * labels)
    let baseline: [Float]? = header.key.baseline == nil ? nil : cutter.block(header.rows * labels)
    let truths: [Int32]? =
      header.key.dataset.labelColumn == nil ? nil : cutter.block(header.rows)
    let lengths: [UInt32] = cutter.block(header.rows)
    guard cutter.isWhole else { throw damaged("its digest (SHA-256) is not that of its contents") }
    return try answers(
      header, logits: logits, baseline: baseline, truths: truths, lengths: lengths, name: name)
  }

  /// The problem of a header that does not fit the rest of the file.
  private static func problem(_ header: Header, version: UInt32) -> String? {
    let key = header.key
    let labels = key.model.labels.count
    guard (1...Outputs.labelLimit).contains(labels) else { return "it has \(labels) labels" }
    if let baseline = key.baseline, baseline.labels != key.model.labels {
      return "its two models have different labels"
    }
    for model in [key.model, key.baseline ?? key.model] {
      guard (0...1).contains(model.threshold) else { return "its threshold is \(model.threshold)" }
      let temperature = model.decision.temperature
      guard Decision.temperatures.contains(temperature), version >= 2 || temperature == 1 else {
        return "its temperature is \(temperature)"
      }
    }
    guard key.shard.isValid else { return "it is part \(key.shard.index) of \(key.shard.count)" }
    guard (0...1 << 40).contains(key.dataset.rows), (0...key.rowCount).contains(header.rows) else {
      return "it has \(header.rows) rows of a dataset of \(key.dataset.rows)"
    }
    let rows = 1...max(key.dataset.rows, 1)
    let mistakes = header.mistakes.shown
    let flips = header.flips.shown
    let areSound =
      header.mistakes.limit == max(key.mistakeLimit, 0) && mistakes.count <= header.mistakes.limit
      && header.flips.limit == max(key.flipLimit, 0) && flips.count <= header.flips.limit
      && mistakes.allSatisfy { mistake in
        rows.contains(mistake.row)
          && [mistake.truth, mistake.predicted].allSatisfy { (0..<labels).contains($0) }
      }
      && flips.allSatisfy { flip in
        rows.contains(flip.row)
          && [flip.truth ?? 0, flip.baseline, flip.candidate]
            .allSatisfy { (0..<labels).contains($0) }
      }
    return areSound ? nil : "it lists rows or labels that it does not have"
  }

  private static func answers(
    _ header: Header, logits: [Float], baseline: [Float]?, truths: [Int32]?, lengths: [UInt32],
    name: String
  ) throws(AnswersFileError) -> Answers {
    let labels = header.key.model.labels.count
    let limit = UInt32(clamping: header.key.model.tokenLimit)
    guard lengths.allSatisfy({ $0 >> 1 <= limit }) else {
      throw .damaged(path: name, what: "a row has more tokens than its model takes")
    }
    guard truths?.allSatisfy({ (0..<labels).contains(Int($0)) }) ?? true else {
      throw .damaged(path: name, what: "a row has a label that its model does not have")
    }
    let outputs: Outputs
    var others: Outputs?
    do throws(EvaluationError) {
      outputs = try Outputs(
        labelCount: labels, decision: header.key.model.decision, logits: logits)
      if let baseline {
        others = try Outputs(
          labelCount: labels, decision: header.key.baseline?.decision ?? Decision(),
          logits: baseline)
      }
    } catch {
      throw .damaged(path: name, what: error.explanation)
    }
    let wrong = truths.map { zip($0, outputs.predicted).count { $0 != $1 } } ?? 0
    guard header.mistakes.count == wrong else {
      throw .damaged(
        path: name, what: "it counts \(header.mistakes.count) mistakes where there are \(wrong)")
    }
    return Answers(
      key: header.key, outputs: outputs, baseline: others, truths: truths, packedLengths: lengths,
      mistakes: header.mistakes, flips: header.flips)
  }

  /// Takes blocks off the front of bytes and remembers their digests.
  private struct Cutter {
    let bytes: UnsafeRawBufferPointer
    var place: Int
    var digests: [UInt8] = []

    init(bytes: UnsafeRawBufferPointer, place: Int) {
      self.bytes = bytes
      self.place = place
    }

    mutating func digest(_ range: Range<Int>) {
      digests += sha256(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }

    mutating func block<Value: BitwiseCopyable>(_ count: Int) -> [Value] {
      let range = place..<place + count * MemoryLayout<Value>.stride
      digest(range)
      place = range.upperBound
      return [Value](unsafeUninitializedCapacity: count) { values, filled in
        UnsafeMutableRawBufferPointer(values).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[range]))
        filled = count
      }
    }

    /// Whether the remaining bytes are the digest of the blocks.
    ///
    /// A fuzzer cannot guess it, so in its build (Tests/Fuzz), and in no other, every one agrees.
    var isWhole: Bool {
      #if MBQ_FUZZING
      true
      #else
      digests.withUnsafeBytes { sha256($0) }.elementsEqual(bytes[place...])
      #endif
    }
  }
}
