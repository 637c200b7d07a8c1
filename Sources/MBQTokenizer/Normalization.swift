/// Receives the result of a normalization.
protocol NormalizedSink {
  /// Takes a scalar value before lower-casing, with its record.
  mutating func take(_ scalar: UInt32, _ record: UnicodeRecord)
  /// A dropped mark of combining class 0 stood here: later marks are not moved across it.
  mutating func stopReordering()
}

/// The steps from a text as given to the normalized text, one scalar value at a time.
///
/// The sink does the canonical reordering, which needs the text written before, and then the lower-casing.
struct Normalization {
  let cleansText: Bool
  let spacesIdeographs: Bool
  let stripsAccents: Bool
  let lowercases: Bool

  /// Changes nothing, for a text that is normalized already.
  static var none: Normalization {
    Normalization(
      cleansText: false, spacesIdeographs: false, stripsAccents: false, lowercases: false)
  }

  /// Gives `sink` the normalized form of `scalar`.
  @inline(__always)
  func apply(_ scalar: UInt32, to sink: inout some NormalizedSink) {
    let record = UnicodeTables.record(scalar)
    if cleansText {
      if record.isRemoved { return }
      if record.isWhitespace {
        sink.take(0x20, UnicodeTables.record(0x20))
        return
      }
    }
    if spacesIdeographs, record.isIdeograph {
      sink.take(0x20, UnicodeTables.record(0x20))
      strip(scalar, record, to: &sink)
      sink.take(0x20, UnicodeTables.record(0x20))
    } else {
      strip(scalar, record, to: &sink)
    }
  }

  @inline(__always)
  private func strip(_ scalar: UInt32, _ record: UnicodeRecord, to sink: inout some NormalizedSink)
  {
    guard stripsAccents else {
      sink.take(scalar, record)
      return
    }
    switch record.stripping {
    case .keeps:
      if record.isHangulSyllable {
        decompose(hangul: scalar, to: &sink)
      } else {
        sink.take(scalar, record)
      }
    case .replaces:
      let base = UInt32(record.replacement)
      sink.take(base, UnicodeTables.record(base))
    case .expands:
      expand(record, to: &sink)
    case .drops:
      if record.isStarter { sink.stopReordering() }
    }
  }

  private func expand(_ record: UnicodeRecord, to sink: inout some NormalizedSink) {
    let place = record.replacement
    let count = UnicodeTables.number(UnicodeTables.expansions, place, width: 3)
    for index in 1...count {
      let scalar = UInt32(UnicodeTables.number(UnicodeTables.expansions, place + index, width: 3))
      sink.take(scalar, UnicodeTables.record(scalar))
    }
  }

  /// Unicode, section 3.12: a syllable is a leading consonant, a vowel and perhaps a trailing one.
  private func decompose(hangul scalar: UInt32, to sink: inout some NormalizedSink) {
    let index = scalar - 0xAC00
    let leading = 0x1100 + index / 588
    let vowel = 0x1161 + index % 588 / 28
    sink.take(leading, UnicodeTables.record(leading))
    sink.take(vowel, UnicodeTables.record(vowel))
    if index % 28 != 0 {
      let trailing = 0x11A7 + index % 28
      sink.take(trailing, UnicodeTables.record(trailing))
    }
  }
}

/// Canonical ordering: marks between two characters of combining class 0 stand in the order of their
/// classes, those of equal class as they were.
enum CanonicalOrder {
  /// Where in `text[from..<to]`, which holds only ordered marks, a mark of rank `order` belongs.
  static func place(
    _ order: Int, in text: UnsafePointer<UInt8>, from: Int, to: Int
  ) -> Int {
    var end = text + to
    while end > text + from {
      var before = end
      let mark = UTF8Text.readBackwards(text + from, &before)
      if UnicodeTables.record(mark).order <= order { break }
      end = before
    }
    return end - text
  }
}

/// Collects the normalized text.
struct NormalizedText: NormalizedSink {
  private(set) var bytes: [UInt8] = []
  private var marksStart = 0
  private let normalization: Normalization

  @inline(never)
  init(_ text: UnsafeBufferPointer<UInt8>, _ normalization: Normalization) {
    self.normalization = normalization
    guard var start = text.baseAddress else { return }
    let end = start + text.count
    bytes.reserveCapacity(text.count)
    while start < end { normalization.apply(UTF8Text.read(&start, end), to: &self) }
  }

  mutating func take(_ scalar: UInt32, _ record: UnicodeRecord) {
    let order = normalization.stripsAccents ? record.order : 0
    let lowered = normalization.lowercases ? record.lowercased(scalar) : scalar
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4) { buffer in
      guard let start = buffer.baseAddress else { return }
      let written = UnsafeBufferPointer(start: start, count: UTF8Text.write(lowered, start))
      let (from, to) = (marksStart, bytes.count)
      let place =
        order == 0
        ? to
        : bytes.withUnsafeBufferPointer { text in
          text.baseAddress.map { CanonicalOrder.place(order, in: $0, from: from, to: to) } ?? to
        }
      bytes.insert(contentsOf: written, at: place)
    }
    if normalization.lowercases, scalar == 0x130 { bytes.append(contentsOf: [0xCC, 0x87]) }
    if order == 0 { marksStart = bytes.count }
  }

  mutating func stopReordering() { marksStart = bytes.count }
}
