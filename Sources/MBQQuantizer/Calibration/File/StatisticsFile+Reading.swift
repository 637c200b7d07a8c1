internal import CMBQBytes
import MBQCore

extension StatisticsFile {
  /// Without `checksum` what is behind it is reached with any bytes: for tests.
  static func read(
    _ bytes: UnsafeRawBufferPointer, name: String, checksum: Bool
  ) throws(StatisticsFileError) -> CalibrationStatistics {
    guard bytes.count >= 8, bytes.prefix(8).elementsEqual(signature) else {
      throw .notStatistics(file: name)
    }
    var reader = StatisticsReader(
      bytes: UnsafeRawBufferPointer(rebasing: bytes.dropLast(4)), name: name, offset: 8)
    let major = Int(try reader.number(UInt16.self, "version"))
    let minor = Int(try reader.number(UInt16.self, "version"))
    guard major == Self.major else {
      throw major > Self.major
        ? .newer(file: name, major: major, minor: minor)
        : .invalid(file: name, field: "version", found: "\(major)", allowed: "\(Self.major)")
    }
    if checksum {
      let stated = UInt32(
        littleEndian: bytes.loadUnaligned(fromByteOffset: bytes.count - 4, as: UInt32.self))
      guard mbq_crc32(0, bytes.baseAddress, bytes.count - 4) == stated else {
        throw .damaged(file: name)
      }
    }
    let flags = try reader.number(UInt32.self, "flags")
    guard flags & ~secondMomentsFlag == 0 else {
      throw reader.invalid("flags", "\(flags)", "0 or 1")
    }
    let key = try reader.key(secondMoments: flags & secondMomentsFlag != 0)
    let done = try reader.count("texts done", 0...key.textCount)
    let tokens = try reader.number(UInt64.self, "tokens")
    guard tokens <= UInt64(done) * UInt64(key.options.maximumTokens) else {
      throw reader.invalid("tokens", "\(tokens)", "at most texts done times max-tokens")
    }
    let nameCount = try reader.count("site count", 0...mostNames)
    let recordCount = try reader.count("record count", 0...nameCount)
    let names = try reader.names(nameCount, records: recordCount)
    let texts = try reader.texts(key)
    var records: [OperandStatistics] = []
    for _ in 0..<recordCount {
      records.append(try reader.record(secondMoments: key.secondMoments, tokens: Int(tokens)))
    }
    guard reader.remaining == 0 else {
      throw reader.invalid("the end", "\(reader.remaining) bytes after the last record", "none")
    }
    return CalibrationStatistics(
      key, texts: texts, textsDone: done, tokens: Int(tokens), names: names, records: records)
  }
}

/// Reads little-endian numbers from bytes it has checked for length, naming the field in every error.
struct StatisticsReader {
  let bytes: UnsafeRawBufferPointer
  let name: String
  var offset: Int

  var remaining: Int { bytes.count - offset }

  func invalid(_ field: String, _ found: String, _ allowed: String) -> StatisticsFileError {
    .invalid(file: name, field: field, found: found, allowed: allowed)
  }

  mutating func take(
    _ count: Int, _ field: String
  ) throws(StatisticsFileError) -> UnsafeRawBufferPointer {
    guard count <= remaining else {
      throw .truncated(
        file: name, field: field, offset: offset, needed: count, available: max(remaining, 0))
    }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }

  mutating func number<T: FixedWidthInteger>(
    _ type: T.Type, _ field: String
  ) throws(StatisticsFileError) -> T {
    T(littleEndian: try take(MemoryLayout<T>.size, field).loadUnaligned(as: T.self))
  }

  /// 32 bits.
  mutating func count(
    _ field: String, _ allowed: ClosedRange<Int>
  ) throws(StatisticsFileError) -> Int {
    let value = Int(try number(UInt32.self, field))
    guard allowed.contains(value) else {
      throw invalid(field, "\(value)", "\(allowed.lowerBound) to \(allowed.upperBound)")
    }
    return value
  }

  mutating func key(
    secondMoments: Bool
  ) throws(StatisticsFileError) -> CalibrationStatistics.Key {
    let checkpoint = Array(try take(32, "checkpoint digest"))
    let texts = Array(try take(32, "texts digest"))
    let seed = try number(UInt64.self, "seed")
    let options = CalibrationOptions(
      texts: try count("texts", CalibrationOptions.textsAllowed),
      maximumTokens: try count("max-tokens", CalibrationOptions.maximumTokensAllowed), seed: seed)
    return CalibrationStatistics.Key(
      checkpoint: checkpoint, texts: texts, options: options,
      textCount: try count("text count", 1...options.texts), secondMoments: secondMoments)
  }

  /// The names of the sites; every record has one, the first of each in order.
  mutating func names(
    _ count: Int, records: Int
  ) throws(StatisticsFileError) -> [(name: String, record: Int)] {
    var names: [(name: String, record: Int)] = []
    var next = 0
    for index in 0..<count {
      let record = try self.count("record of site \(index)", 0...max(min(next, records - 1), 0))
      if record == next { next += 1 }
      let length = Int(try number(UInt16.self, "name length of site \(index)"))
      guard 1...StatisticsFile.mostNameBytes ~= length else {
        throw invalid("name length of site \(index)", "\(length)", "1 to 4096")
      }
      guard
        let name = String(
          validating: try take(length, "name of site \(index)"), as: UTF8.self)
      else { throw invalid("name of site \(index)", "not UTF-8", "UTF-8") }
      names.append((name, record))
    }
    guard next == records else {
      throw invalid("record count", "\(records)", "\(next), as many as the sites name")
    }
    return names
  }

  /// Every text has an id at least, and together they are what the key says of them.
  mutating func texts(_ key: CalibrationStatistics.Key) throws(StatisticsFileError) -> [[UInt32]] {
    var texts: [[UInt32]] = []
    for index in 0..<key.textCount {
      let length = Int(try short("length of text \(index)"))
      guard 1...key.options.maximumTokens ~= length else {
        throw invalid("length of text \(index)", "\(length)", "1 to \(key.options.maximumTokens)")
      }
      // Before memory is asked for: an id takes a byte at least.
      guard length <= remaining else {
        throw .truncated(
          file: name, field: "text \(index)", offset: offset, needed: length, available: remaining)
      }
      var ids: [UInt32] = []
      ids.reserveCapacity(length)
      for _ in 0..<length {
        let id = try short("text \(index)")
        guard let id = UInt32(exactly: id) else {
          throw invalid("a token of text \(index)", "\(id)", "at most 2^32 - 1")
        }
        ids.append(id)
      }
      texts.append(ids)
    }
    guard CalibrationTexts.digest(of: texts) == key.texts else {
      throw invalid("texts digest", "another", "that of the texts in the file")
    }
    return texts
  }

  /// `tokens` bounds the rows.
  mutating func record(
    secondMoments: Bool, tokens: Int
  ) throws(StatisticsFileError) -> OperandStatistics {
    let width = try count("width", 1...StatisticsFile.mostWidth)
    // Before memory is asked for.
    guard width * 20 <= remaining else {
      throw .truncated(
        file: name, field: "channels", offset: offset, needed: width * 20, available: remaining)
    }
    var record = OperandStatistics(width: width, secondMoments: false)
    let rows = try number(UInt64.self, "rows")
    guard rows <= UInt64(tokens) else { throw invalid("rows", "\(rows)", "at most \(tokens)") }
    record.rows = Int(rows)
    record.minimum = Float(bitPattern: try number(UInt32.self, "minimum"))
    record.maximum = Float(bitPattern: try number(UInt32.self, "maximum"))
    for half in 0..<2 { record.halves[half] = try histogram() }
    let total = record.halves[0].total &+ record.halves[1].total
    guard total == rows * UInt64(width) else {
      throw invalid(
        "sum of the histograms", "\(total)", "rows times width, \(rows * UInt64(width))")
    }
    let range = rows == 0 ? -Float.infinity : max(-record.minimum, record.maximum)
    guard rows == 0 || (record.minimum <= record.maximum && range == record.largest) else {
      throw invalid(
        "range", "\(record.minimum) to \(record.maximum)",
        "the greatest magnitude \(record.largest) on one side")
    }
    for column in 0..<width {
      record.channelMaximum[column] = try magnitude("channel maximum")
    }
    for column in 0..<width { record.sums[column] = try finite("channel sum") }
    for column in 0..<width { record.squares[column] = try finite("channel square sum") }
    if secondMoments { record.moments = try moments(width) }
    return record
  }

  private mutating func magnitude(_ field: String) throws(StatisticsFileError) -> Float {
    let value = Float(bitPattern: try number(UInt32.self, field))
    guard value.isFinite, value.sign == .plus else {
      throw invalid(field, "\(value)", "a number, 0 or more")
    }
    return value
  }

  private mutating func finite(_ field: String) throws(StatisticsFileError) -> Double {
    let value = Double(bitPattern: try number(UInt64.self, field))
    guard value.isFinite else { throw invalid(field, "\(value)", "a number") }
    return value
  }

  private mutating func histogram() throws(StatisticsFileError) -> MagnitudeHistogram {
    var histogram = MagnitudeHistogram()
    histogram.largest = try magnitude("greatest magnitude")
    let first = Int(try number(UInt16.self, "first bin"))
    let count = Int(try number(UInt16.self, "bins"))
    guard first + count <= MagnitudeHistogram.binCount else {
      throw invalid("bins", "\(first) and \(count)", "\(MagnitudeHistogram.binCount) together")
    }
    for bin in first..<first + count { histogram.counts[bin] = try short("count") }
    let last = count == 0 ? 0 : first + count - 1
    guard count == 0 || histogram.counts[first] > 0 && histogram.counts[last] > 0,
      last == MagnitudeHistogram.bin(histogram.largest.bitPattern)
    else {
      throw invalid(
        "last bin", "\(last)", "the one of the greatest magnitude, \(histogram.largest)")
    }
    return histogram
  }

  /// At most 2⁴⁸, so that no sum of a histogram overflows.
  private mutating func short(_ field: String) throws(StatisticsFileError) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<7 {
      let byte = try number(UInt8.self, field)
      value |= UInt64(byte & 127) << UInt64(7 * index)
      if byte < 128 {
        guard byte > 0 || index == 0 else { throw invalid(field, "padded", "the shortest form") }
        return value
      }
    }
    throw invalid(field, "longer than 7 bytes", "at most 2^49 - 1")
  }

  private mutating func moments(_ width: Int) throws(StatisticsFileError) -> Moments {
    let count = try number(UInt64.self, "second moments' tokens")
    guard count <= 1 << 48 else {
      throw invalid("second moments' tokens", "\(count)", "at most 2^48")
    }
    let stored = try take(width * (width + 1) / 2 * 4, "second moments")
    var values = [Float](repeating: 0, count: width * width)
    var offset = 0
    for row in 0..<width {
      for column in row..<width {
        let bits = UInt32(
          littleEndian: stored.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        let value = Float(bitPattern: bits)
        guard value.isFinite else { throw invalid("second moments", "\(value)", "numbers") }
        values[row * width + column] = value
        values[column * width + row] = value
        offset += 4
      }
    }
    return Moments(rows: width, columns: width, values: values, count: Int(count))
  }
}
