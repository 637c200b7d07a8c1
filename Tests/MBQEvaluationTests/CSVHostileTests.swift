import Foundation
import MBQCore
import MBQTestSupport
import Testing

@testable import MBQEvaluation

/// Endless input that counts what is asked of it.
struct EndlessSource: ByteSource {
  final class Counter { var bytes = 0 }
  let name = "endless"
  let start: [UInt8]
  let filler: UInt8
  let counter = Counter()

  func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    buffer.initializeMemory(as: UInt8.self, repeating: filler)
    if counter.bytes == 0 { buffer.copyBytes(from: start) }
    counter.bytes += buffer.count
    return buffer.count
  }
}

@Suite("CSV that nobody should write")
struct CSVHostileTests {
  private func error(_ text: String, limits: DatasetLimits = DatasetLimits()) -> String? {
    do {
      _ = try readAll(Array(text.utf8), limits: limits)
      return nil
    } catch let error as DatasetError {
      return error.explanation
    } catch {
      return "\(error)"
    }
  }

  @Test("refusals name the file, the line, what was found and what to do")
  func refusals() {
    #expect(
      error("")
        == "'data' is empty; its first line must name the columns, such as title,text,label")
    #expect(
      error("\n \r\n\n")
        == "'data' is empty; its first line must name the columns, such as title,text,label")
    #expect(
      error("a,b\n1,2\n\n\"x\n\ny\",z\n1,\"open\nand on\n")
        == "'data', line 7: the quoted field that starts here is never closed; "
        + "end it with \" and write \"\" for each quote inside it")
    #expect(
      error("a,b\n1,2\n3\n")
        == "'data', line 3: this row has 1 field, the header names 2 columns; a field that holds "
        + "a delimiter, a quote or a line break must be quoted (RFC 4180)")
    #expect(
      error("a\r\n1\r\n\"x\r\ny\"\r\n3,4,5\r\n")
        == "'data', line 5: this row has 3 fields, the header names 1 column; a field that holds "
        + "a delimiter, a quote or a line break must be quoted (RFC 4180)")
    let limits = DatasetLimits(fieldBytes: 5, rowBytes: 8, columns: 3)
    #expect(
      error("a,b\n12345,\"1234567\"\n", limits: limits)
        == "'data', line 2: field 2 is longer than 5 bytes; look for a quote that is never closed")
    #expect(
      error("a,b\n12345,1234\n", limits: limits)
        == "'data', line 2: this row is longer than 8 bytes; look for a quote that is never closed")
    #expect(
      error("a,b,c,d\n", limits: limits)
        == "'data', line 1: more than 3 fields; is this a dataset of texts?")
    #expect(error("a,b\n12345,123\n", limits: limits) == nil)
  }

  @Test(
    "files that are not UTF-8 text are recognised",
    arguments: [
      (
        [0xFF, 0xFE, 0x61, 0x00],
        "text in UTF-16, not text in UTF-8; save it as UTF-8 "
          + "(iconv -f UTF-16 -t UTF-8)"
      ),
      (
        [0x61, 0x00, 0x62, 0x00],
        "text in UTF-16, not text in UTF-8; save it as UTF-8 "
          + "(iconv -f UTF-16 -t UTF-8)"
      ),
      (
        [0xFF, 0xFE, 0x00, 0x00],
        "text in UTF-32, not text in UTF-8; save it as UTF-8 "
          + "(iconv -f UTF-32 -t UTF-8)"
      ),
      ([0x1F, 0x8B, 0x08], "compressed with gzip, not text in UTF-8; unpack it with gunzip"),
      (
        [0x50, 0x4B, 0x03, 0x04],
        "a ZIP archive or an Excel workbook, not text in UTF-8; "
          + "unpack it, or save the sheet as CSV in UTF-8"
      ),
      (
        [0x50, 0x41, 0x52, 0x31],
        "a Parquet file, not text in UTF-8; convert it to CSV "
          + "(pandas: to_csv)"
      ),
    ] as [([UInt8], String)])
  func magic(start: [UInt8], found: String) {
    let error = #expect(throws: DatasetError.self) {
      _ = try readAll(start + [0x61, 0x0A], portion: 1)
    }
    #expect(error?.explanation == "'data' is \(found)")
    #expect(error?.kind == .badInput)
  }

  @Test("files that cannot be read say why")
  func files() throws {
    let missing = #expect(throws: DatasetError.self) {
      _ = try DatasetReaders.open(path: "/nonexistent/x.csv")
    }
    #expect(
      missing?.explanation
        == "cannot open '/nonexistent/x.csv': No such file or directory; check the spelling of the "
        + "path")
    let folder = #expect(throws: DatasetError.self) { _ = try DatasetReaders.open(path: "/") }
    #expect(folder?.explanation == "cannot read '/': Is a directory; name a file, not a folder")
    let format = #expect(throws: DatasetError.self) {
      _ = try DatasetReaders.open(path: "/", format: "xls")
    }
    #expect(
      format?.explanation
        == "no dataset format is called 'xls'; allowed are "
        + DatasetReaders.all.map { "'\($0.name)'" }.joined(separator: ", "))
    #expect(format?.kind == .usage)
  }

  @Test("the file's ending chooses the format, CSV when it says nothing")
  func formats() throws {
    for reader in DatasetReaders.all {
      #expect(try DatasetReaders.reader(path: "x", format: reader.name) == reader)
      for ending in reader.fileExtensions {
        #expect(
          try DatasetReaders.reader(path: "a.b/c.\(ending.uppercased())", format: nil) == reader)
      }
    }
    #expect(try DatasetReaders.reader(path: "-", format: nil) == CSVReader.self)
    #expect(try DatasetReaders.reader(path: "a.tsv/b", format: nil) == CSVReader.self)
    try withTemporaryFile(Array("a\tb\n1\t2\n".utf8), named: "x.tsv") { path in
      let columns = try DatasetReaders.open(path: path).columns
      #expect(columns == ["a", "b"])
    }
  }

  @Test("every byte of a file set to every value, and every prefix, is read or refused")
  func mutations() throws {
    let seed = Array("\u{FEFF}a,\"b\"\r\n1,\"x\"\"\ny\"\n\n,é\n".utf8)
    var accepted = 0
    func check(_ bytes: [UInt8]) throws {
      do {
        let rows = try readAll(bytes).rows
        accepted += 1
        // What is read does not depend on how the bytes arrive.
        #expect(try readAll(bytes, portion: 1).rows == rows)
      } catch let error as DatasetError {
        #expect(!error.explanation.isEmpty)
      }
    }
    for count in 0...seed.count { try check(Array(seed[..<count])) }
    for index in seed.indices {
      var bytes = seed
      for value in UInt8.min...UInt8.max {
        bytes[index] = value
        try check(bytes)
      }
    }
    #expect(accepted > 1000)
  }

  @Test("random bytes are read or refused, alike in any portions")
  func randomBytes() throws {
    var generator = SeededGenerator(seed: 11)
    let likely = Array(",\"\n\r \t\"x".utf8) + [0, 0xC3, 0xFF]
    for _ in 0..<1500 {
      let isLikely = Bool.random(using: &generator)
      let bytes = (0..<Int.random(in: 0...60, using: &generator)).map { _ in
        isLikely
          ? likely[Int.random(in: 0..<likely.count, using: &generator)]
          : UInt8.random(in: 0...255, using: &generator)
      }
      let whole = Result { try readAll(bytes).rows }
      let parts = Result { try readAll(bytes, portion: 3).rows }
      switch (whole, parts) {
      case (.success(let first), .success(let second)): #expect(first == second)
      case (.failure(let first), .failure(let second)):
        #expect(first as? DatasetError == second as? DatasetError)
        #expect(first is DatasetError)
      default: Issue.record("\(bytes): \(whole), \(parts)")
      }
    }
  }

  @Test("a quote, a field, a row or blank lines without end are refused within bounded memory")
  func endless() throws {
    let limits = DatasetLimits(fieldBytes: 1 << 20, rowBytes: 1 << 20, columns: 100)
    for (start, filler) in [
      ("a,b\n\"", "x"), ("a,b\n", "x"), ("", "x"), ("", ","), ("a\n", ","), ("a\n", " "),
      ("\"", "\""),
    ] {
      let source = EndlessSource(start: Array(start.utf8), filler: Array(filler.utf8)[0])
      #expect(throws: DatasetError.self, "\(start) \(filler)") {
        let reader = try CSVReader(source, limits: limits)
        var row = DatasetRow()
        while try reader.next(into: &row) {}
      }
      #expect(source.counter.bytes < 4 << 20)
    }
  }

  @Test("memory does not grow with the file")
  func constantMemory() throws {
    // 15 MB of rows through a reader: the process must not keep them.
    struct Rows: ByteSource {
      let name = "rows"
      var left = 60
      let block = Array(String(repeating: "\"some text, quoted\",1\n", count: 12_500).utf8)
      mutating func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        if left == 0 { return 0 }
        left -= 1
        let isFirst = left == 59
        let bytes = isFirst ? Array("a,b\n".utf8) : Array(block[..<(buffer.count / 22 * 22)])
        buffer.copyBytes(from: bytes)
        return bytes.count
      }
    }
    let reader = try CSVReader(Rows(), limits: DatasetLimits())
    var row = DatasetRow()
    var count = 0
    while try reader.next(into: &row) { count += 1 }
    #expect(count == 59 * ((1 << 18) / 22))
    #expect(row.bytes.capacity < 1000 && row.ends.capacity < 1000)
  }

  @Test("after an error a reader is at its end")
  func finished() throws {
    let reader = try CSVReader(
      MemorySource(Array("a,b\n1\n2,3\n".utf8), name: "x"), limits: DatasetLimits())
    var row = DatasetRow()
    #expect(throws: DatasetError.self) { try reader.next(into: &row) }
    #expect(try !reader.next(into: &row))
  }
}
