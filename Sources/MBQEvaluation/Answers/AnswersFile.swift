import Foundation
import MBQCore
import MBQFormat

/// Files of answers, which `mbq evaluate -o` writes, resumes and merges.
///
/// Formats/answers/answers.md is the specification. The contents do not depend on the time, the machine or
/// the threads.
public enum AnswersFile {
  static let signature: [UInt8] = [0x89, 0x4D, 0x42, 0x51, 0x41, 0x0D, 0x0A, 0x1A]
  /// The newest version; a file states the lowest version with the features it uses.
  static let version: UInt32 = 2
  static let headerLimit = 64 << 20

  struct Header: Codable {
    var key: AnswersKey
    var rows: Int
    var mistakes: Mistakes
    var flips: FlipList
  }

  /// Whether the file at `path` starts like one; `false` if it does not exist.
  public static func isOne(at path: String) -> Bool {
    // Opened without waiting: a pipe is none.
    guard let file = try? MappedFile(path: path) else { return false }
    return file.bytes.starts(with: signature)
  }

  /// Replaces the file at `path` whole or not at all.
  public static func write(_ answers: Answers, to path: String) throws(AnswersFileError) {
    do throws(FileError) {
      try AtomicFile.write(to: path) { append throws(FileError) in
        try encode(answers, append)
      }
    } catch {
      throw .file(error)
    }
  }

  /// The bytes of the file.
  public static func bytes(_ answers: Answers) -> [UInt8] {
    var bytes: [UInt8] = []
    encode(answers) { (part: UnsafeRawBufferPointer) in bytes.append(contentsOf: part) }
    return bytes
  }

  private static func encode<Failure: Error>(
    _ answers: Answers, _ append: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    var digests: [UInt8] = []
    func emit(_ part: UnsafeRawBufferPointer) throws(Failure) {
      digests += sha256(part)
      try append(part)
    }
    try send(head(answers), emit)
    try send(answers.outputs.rawLogits, emit)
    if let baseline = answers.baseline { try send(baseline.rawLogits, emit) }
    if let truths = answers.truths { try send(truths, emit) }
    try send(answers.packedLengths, emit)
    try send(digests.withUnsafeBytes { sha256($0) }, append)
  }

  private static func send<Value: BitwiseCopyable, Failure: Error>(
    _ values: [Value], _ receive: (UnsafeRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    // A typed error does not pass through withUnsafeBytes.
    var failure: Failure?
    values.withUnsafeBytes { bytes in
      do throws(Failure) { try receive(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  private static func head(_ answers: Answers) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let header = Header(
      key: answers.key, rows: answers.rowCount, mistakes: answers.mistakes, flips: answers.flips)
    // Strings, integers and finite numbers only: there is nothing that the encoder could refuse.
    guard let json = try? encoder.encode(header) else {
      preconditionFailure("a header of plain values")
    }
    var bytes = signature
    let key = answers.key
    let usesTemperature = key.model.temperature != nil || key.baseline?.temperature != nil
    for number in [usesTemperature ? 2 : 1, UInt32(json.count)] as [UInt32] {
      bytes += (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * UInt32($0))) }
    }
    return bytes + json
  }
}
