import CZlib
import Foundation
import MBQCore
import MBQTestSupport
import Testing

@testable import MBQEvaluation

/// `bytes` as a gzip member.
func gzipped(_ bytes: [UInt8]) -> [UInt8] {
  var stream = z_stream()
  deflateInit2_(
    &stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
    Int32(MemoryLayout<z_stream>.size))
  defer { deflateEnd(&stream) }
  var bytes = bytes
  var target = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))))
  let count = bytes.withUnsafeMutableBufferPointer { input in
    target.withUnsafeMutableBufferPointer { output in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(output.count)
      let result = deflate(&stream, Z_FINISH)
      precondition(result == Z_STREAM_END)
      return output.count - Int(stream.avail_out)
    }
  }
  return Array(target.prefix(count))
}

@Suite("gzip")
struct GzipTests {
  private struct Golden: Decodable {
    var text: String
    var files: [String: String]
  }

  /// All that is in a source, `room` bytes at a time.
  private func inflated(_ bytes: [UInt8], portion: Int = .max, room: Int = 4096) throws -> [UInt8] {
    var source = try unpacked(MemorySource(bytes, name: "x.gz", portion: portion))
    var target = [UInt8](repeating: 0, count: room)
    var all: [UInt8] = []
    while true {
      let result: Result<Int, DatasetError> = target.withUnsafeMutableBytes { buffer in
        do throws(DatasetError) {
          return .success(try source.read(into: buffer))
        } catch {
          return .failure(error)
        }
      }
      let count = try result.get()
      if count == 0 { return all }
      all += target.prefix(count)
    }
  }

  @Test("what gzip, Python and others pack is unpacked, in any portions")
  func goldens() throws {
    let golden = try Goldens.decode(Golden.self, from: "gzip.json")
    #expect(golden.files.count >= 10)
    for (name, text) in golden.files {
      let bytes = Array(try #require(Data(base64Encoded: text)))
      for (portion, room) in [(Int.max, 4096), (1, 1), (7, 3), (Int.max, 1)] {
        #expect(
          try inflated(bytes, portion: portion, room: room) == Array(golden.text.utf8), "\(name)")
      }
    }
  }

  @Test("a file cut short anywhere is refused")
  func truncations() throws {
    let whole = gzipped(Array("a,b\n1,2\n".utf8)) + gzipped(Array("3,4\n".utf8))
    let first = gzipped(Array("a,b\n1,2\n".utf8)).count
    for count in 2..<whole.count where count != first {
      #expect(
        explanation { try inflated(Array(whole[..<count])) }
          == "'x.gz', byte \(count) of the compressed file: the gzip data ends early; copy or "
          + "download the file again")
    }
    #expect(try inflated(Array(whole[..<first])) == Array("a,b\n1,2\n".utf8))
    // The magic alone is gzip; a byte of it is not.
    #expect(try inflated([0x1F]) == [0x1F])
  }

  @Test("no flipped bit gives other text")
  func flips() throws {
    let text = Array("title,text,label\nA,one,0\nB,two,1\n".utf8)
    let whole = gzipped(text)
    var refused = 0
    for index in 2..<whole.count {
      for bit in 0..<8 {
        var bytes = whole
        bytes[index] ^= 1 << bit
        // What is said does not hang on how the bytes arrive.
        #expect(
          explanation { try inflated(bytes) }
            == explanation { try inflated(bytes, portion: 1, room: 5) })
        do {
          #expect(try inflated(bytes) == text, "byte \(index), bit \(bit)")
        } catch let error as DatasetError {
          guard case .badGzip = error else {
            Issue.record("\(error.explanation)")
            continue
          }
          refused += 1
        }
      }
    }
    // Time, level and system in the header say nothing about the text.
    #expect(refused >= (whole.count - 10) * 8)
  }

  @Test("damage names the file, the byte and what to do")
  func damage() throws {
    var bytes = gzipped(Array("a,b\n1,2\n".utf8))
    bytes[bytes.count - 5] ^= 1
    #expect(
      explanation { try inflated(bytes) }
        == "'x.gz', byte \(bytes.count - 4) of the compressed file: the gzip data is damaged "
        + "(incorrect data check); copy or download the file again")
    let good = gzipped(Array("a,b\n1,2\n".utf8))
    #expect(
      explanation { try inflated(good + Array("more".utf8)) }.hasSuffix(
        "something that is not gzip follows the gzip data; remove it"))
    #expect(
      explanation { try inflated(good + [0, 0, 1]) }
        == "'x.gz', byte \(good.count + 2) of the compressed file: something that is not gzip "
        + "follows the gzip data; remove it")
  }

  @Test("random bytes after the magic are refused")
  func random() {
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<500 {
      let bytes =
        [0x1F, 0x8B, 8, 0] + (0..<80).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect(throws: DatasetError.self) { try inflated(bytes, portion: 5) }
    }
  }

  @Test("a small file that unfolds without end is refused, or read, within bounded memory")
  func bomb() throws {
    // 100 MB of one line in 100 kB.
    let member = gzipped([UInt8](repeating: 0x78, count: 10 << 20))
    let line = try unpacked(
      MemorySource(Array([member].cycled(10).joined()), name: "x.gz"))
    let error = #expect(throws: DatasetError.self) {
      _ = try CSVReader(line, limits: DatasetLimits(fieldBytes: 1 << 20))
    }
    #expect(error?.explanation.contains("longer than") == true)
    let rows = gzipped(Array(String(repeating: "1\n", count: 1 << 19).utf8))
    let many = try unpacked(
      MemorySource(gzipped([0x61, 0x0A]) + [rows].cycled(4).joined(), name: "x.gz"))
    let reader = try CSVReader(many, limits: DatasetLimits())
    var row = DatasetRow()
    var count = 0
    while try reader.next(into: &row) { count += 1 }
    #expect(count == 4 << 19 && row.bytes.capacity < 1000)
  }

  @Test("each format is read compressed, whatever the file is called")
  func formats() throws {
    let csv = Array("a,b\n1,2\n".utf8)
    for (name, bytes) in [
      ("x.csv.gz", csv), ("x.csv", csv), ("x.GZ", csv), ("x.tsv.gz", Array("a\tb\n1\t2\n".utf8)),
      ("x.jsonl.gz", Array("{\"a\":1,\"b\":2}\n".utf8)),
      ("x.ndjson.GZ", Array("{\"a\":1,\"b\":2}".utf8)),
    ] {
      for bytes in [bytes, gzipped(bytes)] {
        try withTemporaryFile(bytes, named: name) { path in
          let reader = try DatasetReaders.open(path: path)
          var row = DatasetRow()
          #expect(try reader.next(into: &row))
          #expect(
            reader.columns == ["a", "b"] && row.text(0) == "1" && row.text(1) == "2", "\(name)")
        }
      }
    }
    #expect(try DatasetReaders.reader(path: ".gz", format: nil) == CSVReader.self)
    #expect(try DatasetReaders.reader(path: "a.tsv/jsonl.gz", format: nil) == CSVReader.self)
    #expect(try DatasetReaders.reader(path: "jsonl", format: nil) == CSVReader.self)
    try withTemporaryFile(gzipped(gzipped(csv)), named: "x.csv.gz") { path in
      #expect(explanation { try DatasetReaders.open(path: path) }.contains("compressed with gzip"))
    }
  }
}

extension Array {
  fileprivate func cycled(_ times: Int) -> [Element] { (0..<times).flatMap { _ in self } }
}
