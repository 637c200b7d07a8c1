internal import CMBQBytes
public import MBQCore

/// Files of calibration statistics (Formats/calibration/calibration.md).
public enum StatisticsFile {
  static let signature: [UInt8] = [0x89, 0x4D, 0x42, 0x51, 0x43, 0x0D, 0x0A, 0x1A]
  static let major = 2
  static let minor = 0
  static let secondMomentsFlag: UInt32 = 1
  static let mostNames = 65_536
  static let mostNameBytes = 4096
  static let mostWidth = 65_535

  /// Where an interrupted calibration keeps what it knows: beside the file it is to become.
  public static func partialPath(_ path: String) -> String { path + ".partial" }

  /// Replaces the file at `path` whole or not at all.
  public static func write(_ statistics: CalibrationStatistics, to path: String) throws(FileError) {
    try AtomicFile.write(to: path) { append throws(FileError) in
      try encode(statistics) { part throws(FileError) in
        var failure: FileError?
        part.withUnsafeBytes { bytes in
          do throws(FileError) { try append(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
      }
    }
  }

  public static func bytes(_ statistics: CalibrationStatistics) -> [UInt8] {
    var bytes: [UInt8] = []
    encode(statistics) { (part: [UInt8]) in bytes += part }
    return bytes
  }

  /// Reads and checks the whole file.
  public static func read(
    path: String
  ) throws(StatisticsFileError) -> CalibrationStatistics {
    let file: MappedFile
    do throws(FileError) {
      file = try MappedFile(path: path)
    } catch {
      throw .file(error)
    }
    return try read(file.bytes, name: path)
  }

  /// Reads bytes that anybody may have written; `name` is for errors.
  public static func read(
    _ bytes: UnsafeRawBufferPointer, name: String
  ) throws(StatisticsFileError) -> CalibrationStatistics {
    try read(bytes, name: name, checksum: true)
  }

  /// Gives the file in parts: the head, the texts, each record, the checksum.
  private static func encode<Failure: Error>(
    _ statistics: CalibrationStatistics, _ append: ([UInt8]) throws(Failure) -> Void
  ) throws(Failure) {
    var checksum: UInt32 = 0
    func emit(_ writer: StatisticsWriter) throws(Failure) {
      checksum = mbq_crc32(checksum, writer.bytes, writer.bytes.count)
      try append(writer.bytes)
    }
    try emit(head(statistics))
    var texts = StatisticsWriter()
    for text in statistics.texts {
      texts.short(UInt64(text.count))
      for id in text { texts.short(UInt64(id)) }
    }
    try emit(texts)
    for record in statistics.records {
      var writer = StatisticsWriter()
      writer.record(record)
      try emit(writer)
    }
    var writer = StatisticsWriter()
    writer.number(checksum)
    try append(writer.bytes)
  }

  private static func head(_ statistics: CalibrationStatistics) -> StatisticsWriter {
    let key = statistics.key
    var writer = StatisticsWriter()
    writer.bytes += signature
    writer.number(UInt16(major))
    writer.number(UInt16(minor))
    writer.number(key.secondMoments ? secondMomentsFlag : 0)
    writer.bytes += key.checkpoint
    writer.bytes += key.texts
    writer.number(key.options.seed)
    writer.number(UInt32(key.options.texts))
    writer.number(UInt32(key.options.maximumTokens))
    writer.number(UInt32(key.textCount))
    writer.number(UInt32(statistics.textsDone))
    writer.number(UInt64(statistics.tokens))
    writer.number(UInt32(statistics.names.count))
    writer.number(UInt32(statistics.records.count))
    for (name, record) in statistics.names {
      writer.number(UInt32(record))
      writer.number(UInt16(name.utf8.count))
      writer.bytes += name.utf8
    }
    return writer
  }
}

/// Builds little-endian bytes.
struct StatisticsWriter {
  var bytes: [UInt8] = []

  mutating func number<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// Seven bits a byte, the lowest first; the high bit says that more follow (LEB128).
  mutating func short(_ value: UInt64) {
    var rest = value
    while rest >= 128 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func record(_ record: OperandStatistics) {
    number(UInt32(record.width))
    number(UInt64(record.rows))
    number(record.minimum.bitPattern)
    number(record.maximum.bitPattern)
    for half in record.halves {
      let occupied = half.occupied
      let first = occupied.first ?? 0
      let count = occupied.last.map { $0 - first + 1 } ?? 0
      number(half.largest.bitPattern)
      number(UInt16(first))
      number(UInt16(count))
      for bin in first..<first + count { short(half.counts[bin]) }
    }
    for value in record.channelMaximum { number(value.bitPattern) }
    for value in record.sums { number(value.bitPattern) }
    for value in record.squares { number(value.bitPattern) }
    guard let moments = record.moments else { return }
    number(UInt64(moments.count))
    bytes.reserveCapacity(bytes.count + 2 * moments.values.count + 4 * record.width)
    for row in 0..<record.width {
      for column in row..<record.width {
        number(moments.values[row * record.width + column].bitPattern)
      }
    }
  }
}
