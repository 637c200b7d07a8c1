import Foundation
import MBQCore

/// Reads RFC 4180 text in constant memory: one buffer of the file, and one row.
///
/// In cases that RFC 4180 leaves open, the values are those of `pandas.read_csv(dtype=str,
/// keep_default_na=False, encoding_errors="replace")`:
/// - a UTF-8 byte order mark before the header is dropped;
/// - rows end with LF, CRLF or CR; inside quotes all three are kept as they are;
/// - a line that is empty, or has only spaces and tabs, is not a row;
/// - a quote is special only at a field's very start, and text after the closing quote is kept
///   (`"a"b` is `ab`);
/// - bytes are not checked or changed: invalid UTF-8 passes through, NUL too (pandas cuts there).
///
/// Unlike pandas, it refuses a row with fewer fields than the header, and has no missing values: `NA`,
/// `null` and an empty field are plain texts.
final class DelimitedRecords {
  let name: String
  private(set) var columns: [String] = []

  private var source: any ByteSource
  private let delimiter: UInt8
  private let limits: DatasetLimits
  private let buffer: UnsafeMutableRawBufferPointer
  private var position = 0
  private var end = 0
  private var line = 1
  /// The last row ended with CR: an LF that follows belongs to it.
  private var skipsLineFeed = false
  private var isFinished = false

  private enum State {
    case fieldStart
    case unquoted
    case quoted
    /// After a quote inside a quoted field: the end of it, or the first half of an escaped quote.
    case quote
  }

  /// Reads the header.
  ///
  /// Refuses an empty file and files that are clearly not UTF-8 text.
  init(
    _ source: any ByteSource, delimiter: UInt8, limits: DatasetLimits
  ) throws(DatasetError) {
    self.source = source
    self.delimiter = delimiter
    self.limits = limits
    name = source.name
    buffer = .allocate(byteCount: 1 << 18, alignment: 64)
    try readOpening()
    var header = DatasetRow()
    guard try nextRecord(into: &header) else { throw .empty(file: name) }
    columns = (0..<header.count).map { header.text($0) }
  }

  deinit { buffer.deallocate() }

  func next(into row: inout DatasetRow) throws(DatasetError) -> Bool {
    guard !isFinished else { return false }
    isFinished = true
    guard try nextRecord(into: &row) else { return false }
    guard row.count == columns.count else {
      throw .raggedRow(
        file: name, line: row.line, found: row.count, expected: columns.count)
    }
    isFinished = false
    return true
  }

  private func readOpening() throws(DatasetError) {
    while end < 4 {
      let count = try source.read(into: .init(rebasing: buffer[end...]))
      if count == 0 { break }
      end += count
    }
    position = try textStart(of: Array(buffer[..<min(end, 4)]), file: name)
  }

  /// Replaces the buffer's bytes by the next ones; `false` at the end.
  private func refill() throws(DatasetError) -> Bool {
    position = 0
    end = 0
    end = try source.read(into: buffer)
    return end > 0
  }

  /// The next row that is not blank.
  ///
  /// Works on copies of `position` and `end`: a class's properties cost a check at each access,
  /// which would be most of the time for short fields.
  private func nextRecord(into row: inout DatasetRow) throws(DatasetError) -> Bool {
    row.clear()
    row.line = line
    var state = State.fieldStart
    var isQuoted = false
    var quoteLine = line
    var position = self.position
    var end = self.end
    defer { self.position = position }
    while true {
      if position == end {
        let isFilled = try refill()
        (position, end) = (0, self.end)
        guard isFilled else {
          if state == .quoted { throw .unterminatedQuote(file: name, line: quoteLine) }
          if state == .fieldStart && row.count == 0 { return false }
          try endField(&row)
          return isQuoted || !isBlank(row)
        }
      }
      if skipsLineFeed {
        skipsLineFeed = false
        if buffer[position] == lineFeed {
          position += 1
          continue
        }
      }
      switch state {
      case .fieldStart:
        if buffer[position] == quotationMark {
          position += 1
          isQuoted = true
          quoteLine = line
          state = .quoted
        } else {
          state = .unquoted
        }
      case .unquoted:
        let stop = indexOfSpecial(from: position, to: end)
        try append(from: position, to: stop, &row)
        position = stop
        if stop == end { continue }
        position += 1
        let byte = buffer[stop]
        try endField(&row)
        if byte == delimiter {
          state = .fieldStart
          continue
        }
        line += 1
        skipsLineFeed = byte == carriageReturn
        if isQuoted || !isBlank(row) { return true }
        row.clear()
        row.line = line
        state = .fieldStart
      case .quoted:
        let stop = indexOfQuote(from: position, to: end)
        try append(from: position, to: stop, &row)
        line += lineFeeds(from: position, to: stop)
        position = stop
        if stop == end { continue }
        position += 1
        state = .quote
      case .quote:
        guard buffer[position] == quotationMark else {
          state = .unquoted
          continue
        }
        try append(from: position, to: position + 1, &row)
        position += 1
        state = .quoted
      }
    }
  }

  private func append(
    from start: Int, to stop: Int, _ row: inout DatasetRow
  ) throws(DatasetError) {
    let count = stop - start
    if count == 0 { return }
    guard row.openFieldCount + count <= limits.fieldBytes else {
      throw .fieldTooLong(
        file: name, line: row.line, field: row.count + 1, limit: limits.fieldBytes)
    }
    guard row.bytes.count + count <= limits.rowBytes else {
      throw .rowTooLong(file: name, line: row.line, limit: limits.rowBytes)
    }
    row.append(UnsafeRawBufferPointer(rebasing: buffer[start..<stop]))
  }

  private func endField(_ row: inout DatasetRow) throws(DatasetError) {
    guard row.count < limits.columns else {
      throw .tooManyColumns(file: name, line: row.line, limit: limits.columns)
    }
    row.endField()
  }

  private func isBlank(_ row: DatasetRow) -> Bool {
    row.count == 1 && row.bytes.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
  }

  // Scanning: this part reads the bytes of the file, a word or a library call at a time.

  private func indexOfQuote(from start: Int, to end: Int) -> Int {
    let address = buffer.baseAddress! + start
    guard let found = memchr(address, Int32(quotationMark), end - start) else { return end }
    return start + (UnsafeRawPointer(found) - UnsafeRawPointer(address))
  }

  /// The first delimiter, LF or CR, or `end`.
  private func indexOfSpecial(from start: Int, to end: Int) -> Int {
    var index = start
    let base = UnsafeRawPointer(buffer.baseAddress!)
    let delimiters = repeated(delimiter)
    while index + 8 <= end {
      let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      let matches =
        zeroBytes(word ^ delimiters) | zeroBytes(word ^ repeated(lineFeed))
        | zeroBytes(word ^ repeated(carriageReturn))
      // Of the marks only the lowest is sure (a borrow can set higher ones), and it is all we need.
      if matches != 0 { return index + matches.trailingZeroBitCount / 8 }
      index += 8
    }
    while index < end {
      let byte = buffer[index]
      if byte == delimiter || byte == lineFeed || byte == carriageReturn { return index }
      index += 1
    }
    return end
  }

  private func lineFeeds(from start: Int, to stop: Int) -> Int {
    var count = 0
    for byte in UnsafeRawBufferPointer(rebasing: buffer[start..<stop]) {
      count &+= byte == lineFeed ? 1 : 0
    }
    return count
  }
}

private let quotationMark = UInt8(ascii: "\"")
private let lineFeed = UInt8(ascii: "\n")
private let carriageReturn = UInt8(ascii: "\r")
