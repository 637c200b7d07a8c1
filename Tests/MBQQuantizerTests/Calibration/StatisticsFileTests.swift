import CZlib
import MBQCore
import MBQFormat
import MBQTestSupport
import Testing

@testable import MBQQuantizer

@Suite("Files of calibration statistics")
struct StatisticsFileTests {
  private static let small = Result {
    try SmallCalibration.finish(
      SmallCalibration.calibrator(
        SmallCalibration.model(GoldenCheckpoint("mobilebert", "standard").path),
        [[1, 5, 9, 2], [1, 7, 2], [3]], secondMoments: true))
  }

  private static func read(
    _ bytes: [UInt8], checksum: Bool = true
  ) throws(StatisticsFileError) -> CalibrationStatistics {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(StatisticsFileError) in
        try StatisticsFile.read(bytes, name: "a.stats", checksum: checksum)
      }
    }
    return try result.get()
  }

  /// The checksum by zlib, not by us.
  private static func sealed(_ bytes: [UInt8]) -> [UInt8] {
    let body = bytes.dropLast(4)
    let checksum = UInt32(
      Array(body).withUnsafeBufferPointer { crc32(0, $0.baseAddress, UInt32($0.count)) })
    return body + (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * UInt32($0))) }
  }

  @Test("come back as they were written")
  func roundTrip() throws {
    let statistics = try Self.small.get()
    let bytes = StatisticsFile.bytes(statistics)
    let again = try Self.read(bytes)
    #expect(StatisticsFile.bytes(again) == bytes)
    #expect(again.key == statistics.key && again.isComplete)
    #expect(again.names.map(\.name) == statistics.names.map(\.name))
    #expect(again.texts == [[1, 5, 9, 2], [1, 7, 2], [3]])
    for (a, b) in zip(again.records, statistics.records) {
      #expect(a.histogram == b.histogram && a.moments?.values == b.moments?.values)
    }
    #expect(Self.sealed(bytes) == bytes, "the checksum is zlib's")
    let folder = try ScratchFolder()
    try StatisticsFile.write(statistics, to: folder.path + "/x.stats")
    #expect(StatisticsFile.bytes(try StatisticsFile.read(path: folder.path + "/x.stats")) == bytes)
    #expect(folder.names == ["x.stats"])
  }

  @Test("have their head where the specification says")
  func head() throws {
    let bytes = StatisticsFile.bytes(try Self.small.get())
    func number(_ offset: Int, _ size: Int) -> Int {
      (0..<size).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    #expect(Array(bytes[..<8]) == [0x89, 0x4D, 0x42, 0x51, 0x43, 0x0D, 0x0A, 0x1A])
    #expect(number(8, 2) == 2 && number(10, 2) == 0 && number(12, 4) == 1)
    #expect(Array(bytes[16..<48]) == [UInt8](repeating: 1, count: 32))
    let ids: [UInt32] = [4, 1, 5, 9, 2, 3, 1, 7, 2, 1, 3]
    let texts = ids.flatMap { id in (0..<4).map { UInt8(truncatingIfNeeded: id >> (8 * $0)) } }
    #expect(Array(bytes[48..<80]) == texts.withUnsafeBytes { sha256($0) })
    #expect(number(80, 8) == 1 && number(88, 4) == 1000 && number(92, 4) == 256)
    #expect(number(96, 4) == 3 && number(100, 4) == 3 && number(104, 8) == 8)
    let name = number(124, 2)
    #expect(String(decoding: bytes[126..<126 + name], as: UTF8.self).hasSuffix(".input"))
  }

  @Test("are refused with any byte changed and at any length")
  func damage() throws {
    let bytes = StatisticsFile.bytes(try Self.small.get())
    var random = SeededGenerator(seed: 4)
    for _ in 0..<(400 * sweepFactor) {
      var changed = bytes
      let place = Int.random(in: 0..<bytes.count, using: &random)
      changed[place] ^= UInt8.random(in: 1...255, using: &random)
      if (10..<12).contains(place) { continue }
      #expect(throws: StatisticsFileError.self) { try Self.read(changed) }
    }
    for length in [0, 7, 8, 11, 12, 40, 123, bytes.count / 2, bytes.count - 1] {
      #expect(throws: StatisticsFileError.self) { try Self.read(Array(bytes.prefix(length))) }
    }
    #expect(throws: StatisticsFileError.self) { try Self.read(bytes + [0]) }
  }

  @Test("behind a right checksum are read or refused, never a trap")
  func hostile() throws {
    // Two records have everything there is, and are read in a moment.
    let whole = try Self.small.get()
    let bytes = StatisticsFile.bytes(
      CalibrationStatistics(
        whole.key, texts: whole.texts, textsDone: whole.textsDone, tokens: whole.tokens,
        names: Array(whole.names.prefix(2)), records: Array(whole.records.prefix(2))))
    // The head and the first records byte by byte, the rest in places.
    let places =
      Array(0..<min(400, bytes.count)) + Array(stride(from: 400, to: bytes.count, by: 97))
    for place in places {
      for value in [0, 1, 128, 255] as [UInt8] {
        var changed = bytes
        changed[place] = value
        _ = try? Self.read(changed, checksum: false)
      }
    }
    for length in stride(from: 0, to: bytes.count, by: 61) {
      _ = try? Self.read(Array(bytes.prefix(length)), checksum: false)
    }
  }

  @Test("say what is wrong")
  func errors() throws {
    let bytes = StatisticsFile.bytes(try Self.small.get())
    func text(_ change: (inout [UInt8]) -> Void, sealed: Bool = true) -> String {
      var changed = bytes
      change(&changed)
      return explanation { try Self.read(sealed ? Self.sealed(changed) : changed) }
    }
    #expect(
      text { $0[0] = 0 }
        == "'a.stats' has no calibration statistics: its first 8 bytes are not their signature; "
        + "make some with 'mbq calibrate'")
    #expect(
      text { $0[8] = 3 }
        == "'a.stats' was written in format 3.0, and this program reads 2.x; use a newer mbq or "
        + "calibrate again")
    #expect(
      text { $0[48] ^= 1 }
        == "'a.stats': texts digest is another, allowed: that of the texts in the file; the file is "
        + "altered or was not written by mbq: calibrate again")
    #expect(
      text({ $0[300] ^= 1 }, sealed: false)
        == "'a.stats' does not match its checksum; the file is damaged: calibrate again")
    #expect(
      text { $0[12] = 2 }
        == "'a.stats': flags is 2, allowed: 0 or 1; the file is altered or was not written by mbq: "
        + "calibrate again")
    #expect(
      text { $0[100] = 4 }
        == "'a.stats': texts done is 4, allowed: 0 to 3; the file is altered or was not written by "
        + "mbq: calibrate again")
    #expect(
      text {
        $0.removeSubrange(400...)
        $0 += [0, 0, 0, 0]
      }.contains("the file is cut short"))
    #expect(
      explanation { try StatisticsFile.read(path: "/nonexistent/x.stats") }
        == "cannot open '/nonexistent/x.stats': No such file or directory; check the spelling of "
        + "the path")
  }
}
