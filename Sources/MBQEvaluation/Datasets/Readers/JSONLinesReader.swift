/// JSON Lines (https://jsonlines.org): one object a line, its keys the columns.
///
/// - The keys of the first object are the columns. A later object without one of them is refused
///   (`DatasetError.missingKey`); further keys in it are checked to be JSON and ignored.
/// - Strings are decoded as in Python's `json` (`JSONLineScanner`). Numbers, `true` and `false` are their
///   text in the file; `null` is blank. A list or an object is refused only in a column that is used
///   (`DatasetError.nestedValue`).
/// - A duplicate key in an object is refused, because readers disagree about which one counts.
/// - Lines end with LF or CRLF; blank lines are not rows; a UTF-8 byte order mark is dropped.
public final class JSONLinesReader: DatasetReader {
  public static let name = "jsonl"
  public static let fileExtensions = ["jsonl", "ndjson"]

  public private(set) var columns: [String] = []
  public var sourceName: String { lines.name }

  private let lines: LineReader
  private let limits: DatasetLimits
  private var keys: [[UInt8]] = []
  private var places: [[UInt8]: Int] = [:]
  /// The values of a line in the order of its keys, and the place of each column among them.
  private var values: [UInt8] = []
  private var ranges: [Range<Int>?] = []
  private var nested: [Int] = []
  private var key: [UInt8] = []
  /// The first row has been read for its keys and has not been given yet.
  private var isFirstPending = true
  private var isFinished = false

  public init(_ source: any ByteSource, limits: DatasetLimits) throws(DatasetError) {
    self.limits = limits
    lines = try LineReader(source, limit: limits.rowBytes)
    guard try readRow(isFirst: true) else { throw .emptyLines(file: lines.name) }
    columns = keys.map { String(decoding: $0, as: UTF8.self) }
  }

  public func next(into row: inout DatasetRow) throws(DatasetError) -> Bool {
    guard !isFinished else { return false }
    isFinished = true
    if isFirstPending {
      isFirstPending = false
    } else {
      guard try readRow(isFirst: false) else { return false }
    }
    row.clear()
    row.line = lines.number
    values.withUnsafeBytes { values in
      for range in ranges {
        if let range { row.append(UnsafeRawBufferPointer(rebasing: values[range])) }
        row.endField()
      }
    }
    row.nestedFields = nested
    isFinished = false
    return true
  }

  public func appendHeader(to bytes: inout [UInt8]) {}

  /// The line as in the file.
  public func appendRow(_ row: DatasetRow, to bytes: inout [UInt8]) {
    bytes += lines.line
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Reads the next line that is not blank; `false` at the end.
  private func readRow(isFirst: Bool) throws(DatasetError) -> Bool {
    repeat {
      guard try lines.next() else { return false }
    } while lines.line.allSatisfy { [0x20, 0x09, 0x0D].contains($0) }
    values.removeAll(keepingCapacity: true)
    nested.removeAll(keepingCapacity: true)
    for index in ranges.indices { ranges[index] = nil }
    let failure: DatasetError? = lines.line.withUnsafeBufferPointer { bytes in
      var scanner = JSONLineScanner(bytes)
      do throws(JSONLineProblem) {
        try readObject(&scanner, isFirst: isFirst)
        return nil
      } catch {
        return .badJSON(
          file: lines.name, line: lines.number, column: scanner.errorColumn, problem: error)
      }
    }
    if let failure { throw failure }
    if let missing = ranges.firstIndex(of: nil) {
      throw .missingKey(file: lines.name, line: lines.number, key: columns[missing])
    }
    return true
  }

  private func readObject(
    _ scanner: inout JSONLineScanner, isFirst: Bool
  ) throws(JSONLineProblem) {
    scanner.skipSpace()
    let first = try scanner.current()
    guard first == UInt8(ascii: "{") else { throw .notAnObject(found: first) }
    try scanner.expect(first, "'{'")
    scanner.skipSpace()
    if try scanner.current() == UInt8(ascii: "}") {
      guard !isFirst else { throw .noKeys }
      try scanner.expect(UInt8(ascii: "}"), "'}'")
    } else {
      // Most files have their keys in one order.
      var likely = 0
      repeat {
        try readMember(&scanner, &likely, isFirst: isFirst)
      } while try !scanner.isEnd(UInt8(ascii: "}"), "',' or '}'")
    }
    scanner.skipSpace()
    guard scanner.isAtEnd else { throw .trailing }
  }

  private func readMember(
    _ scanner: inout JSONLineScanner, _ likely: inout Int, isFirst: Bool
  ) throws(JSONLineProblem) {
    key.removeAll(keepingCapacity: true)
    try scanner.key(into: &key)
    let place = likely < keys.count && keys[likely] == key ? likely : places[key]
    let start = values.count
    let kind = try scanner.value(into: &values)
    guard values.count - start <= limits.fieldBytes else {
      throw .valueTooLong(key: String(decoding: key, as: UTF8.self), limit: limits.fieldBytes)
    }
    if let place {
      guard ranges[place] == nil else {
        throw .duplicateKey(String(decoding: key, as: UTF8.self))
      }
      ranges[place] = start..<values.count
      if kind == .nested { nested.append(place) }
      likely = place + 1
    } else if isFirst {
      guard keys.count < limits.columns else { throw .tooManyKeys(limit: limits.columns) }
      if kind == .nested { nested.append(keys.count) }
      places[key] = keys.count
      keys.append(key)
      ranges.append(start..<values.count)
      likely = keys.count
    } else {
      values.removeLast(values.count - start)
    }
  }
}

/// The lines of a file, one at a time, without their line feeds; no longer than a limit.
private final class LineReader {
  let name: String
  private(set) var line: [UInt8] = []
  /// The number of `line`, from 1.
  private(set) var number = 0

  private var source: any ByteSource
  private let limit: Int
  private let buffer: UnsafeMutableRawBufferPointer
  private var position = 0
  private var end = 0

  init(_ source: any ByteSource, limit: Int) throws(DatasetError) {
    self.source = source
    self.limit = limit
    name = source.name
    buffer = .allocate(byteCount: 1 << 18, alignment: 64)
    while end < 4 {
      let count = try self.source.read(into: .init(rebasing: buffer[end...]))
      if count == 0 { break }
      end += count
    }
    position = try textStart(of: Array(buffer[..<min(end, 4)]), file: name)
  }

  deinit { buffer.deallocate() }

  /// Replaces `line` by the next one; `false` at the end.
  func next() throws(DatasetError) -> Bool {
    line.removeAll(keepingCapacity: true)
    number += 1
    var hasBytes = false
    while true {
      if position == end {
        position = 0
        end = 0
        end = try source.read(into: buffer)
        if end == 0 { return hasBytes }
      }
      hasBytes = true
      let rest = UnsafeRawBufferPointer(rebasing: buffer[position..<end])
      let stop = offset(of: UInt8(ascii: "\n"), in: rest)
      let count = stop ?? rest.count
      guard line.count + count <= limit else {
        throw .lineTooLong(file: name, line: number, limit: limit)
      }
      line.append(contentsOf: rest[..<count])
      position += count
      if stop != nil {
        position += 1
        return true
      }
    }
  }
}
