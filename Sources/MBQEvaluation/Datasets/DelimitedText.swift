/// Writes files for `DelimitedRecords`: like `pandas.to_csv`, it quotes a field (RFC 4180) only if the
/// field would change without quotes.
enum DelimitedText {
  /// The names of the columns, and a line break.
  static func appendHeader(_ columns: [String], delimiter: UInt8, to bytes: inout [UInt8]) {
    for (index, column) in columns.enumerated() {
      if index > 0 { bytes.append(delimiter) }
      let name = Array(column.utf8)
      // The file must not start like one of another format.
      let isOdd =
        index == 0
        && ((name.first ?? 0) >= 0x80 || name.starts(with: Array("PK".utf8))
          || name.starts(with: Array("PAR1".utf8)))
      name.withUnsafeBufferPointer {
        append($0, delimiter: delimiter, isAlone: columns.count == 1, isQuoted: isOdd, to: &bytes)
      }
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  static func append(_ row: DatasetRow, delimiter: UInt8, to bytes: inout [UInt8]) {
    for index in 0..<row.count {
      if index > 0 { bytes.append(delimiter) }
      row.withBytes(index) {
        append($0, delimiter: delimiter, isAlone: row.count == 1, to: &bytes)
      }
    }
    bytes.append(UInt8(ascii: "\n"))
  }

  /// The only field of a row must not look like a blank line.
  private static func append(
    _ field: UnsafeBufferPointer<UInt8>, delimiter: UInt8, isAlone: Bool, isQuoted: Bool = false,
    to bytes: inout [UInt8]
  ) {
    let quote = UInt8(ascii: "\"")
    let raw = UnsafeRawBufferPointer(field)
    let hasQuote = offset(of: quote, in: raw) != nil
    let needsQuotes =
      isQuoted || hasQuote || offset(of: delimiter, in: raw) != nil
      || offset(of: UInt8(ascii: "\n"), in: raw) != nil
      || offset(of: UInt8(ascii: "\r"), in: raw) != nil
      || isAlone && field.allSatisfy { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    guard needsQuotes else {
      bytes.append(contentsOf: field)
      return
    }
    bytes.append(quote)
    if hasQuote {
      for byte in field {
        if byte == quote { bytes.append(quote) }
        bytes.append(byte)
      }
    } else {
      bytes.append(contentsOf: field)
    }
    bytes.append(quote)
  }
}
