/// Looks pieces up in the memory of a `PieceTable`, which must outlive it.
struct PieceView {
  /// A piece at the start of a word and one that continues it are different pieces.
  enum Position: UInt32 {
    case first = 0
    case later = 1
  }

  struct Entry {
    /// The bytes, zero-filled, for up to eight of them; a hash of them for more.
    var key: UInt64
    var id: UInt32
    /// The length in bytes times two plus the position; 0 in an empty slot.
    var shape: UInt32
  }

  /// A found piece; it has no bytes if there is none.
  struct Match {
    var id: UInt32
    var length: Int
  }

  /// Lengths from here on share a bit of the filter and are listed.
  static var longLength: UInt32 { 31 }

  let count: Int
  let entries: UnsafeMutablePointer<Entry>
  let slotMask: Int
  private let slotShift: UInt64
  private let multiplier: UInt64
  /// For each hash of four bytes, bit n is set if some piece of n bytes begins with them.
  let filter: UnsafeMutablePointer<UInt32>
  private let filterShift: UInt32
  let bytes: UnsafeMutablePointer<UInt8>
  let offsets: UnsafeMutablePointer<UInt32>
  /// The different lengths of `longLength` bytes and more, longest first.
  private let longLengths: UnsafeMutablePointer<UInt32>
  private let longLengthCount: Int

  init(
    count: Int, entries: UnsafeMutablePointer<Entry>, slotBits: Int, multiplier: UInt64,
    filter: UnsafeMutablePointer<UInt32>, filterBits: Int, bytes: UnsafeMutablePointer<UInt8>,
    offsets: UnsafeMutablePointer<UInt32>, longLengths: UnsafeMutablePointer<UInt32>,
    longLengthCount: Int
  ) {
    self.count = count
    self.entries = entries
    slotMask = 1 << slotBits - 1
    slotShift = UInt64(64 - slotBits)
    self.multiplier = multiplier
    self.filter = filter
    filterShift = UInt32(32 - filterBits)
    self.bytes = bytes
    self.offsets = offsets
    self.longLengths = longLengths
    self.longLengthCount = longLengthCount
  }

  /// The bytes of the piece `id`, which must be below `count`.
  func piece(_ id: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(
      start: bytes + Int(offsets[id]), count: Int(offsets[id + 1] - offsets[id]))
  }

  /// The piece that is exactly the `length` bytes at `text`, at least one.
  ///
  /// Nothing at or beyond `end` is read.
  @inline(__always)
  func find(
    _ text: UnsafePointer<UInt8>, _ length: Int, _ position: Position, _ end: UnsafePointer<UInt8>
  ) -> UInt32? {
    find(Self.key(text, length, end), text, length, position)
  }

  /// The same with a given key; for up to eight bytes only the key is read.
  @inline(__always)
  func find(
    _ key: UInt64, _ text: UnsafePointer<UInt8>, _ length: Int, _ position: Position
  ) -> UInt32? {
    let shape = Self.shape(length, position)
    var slot = slot(key, shape)
    // Ends at an empty slot: at least half of them are.
    while true {
      let entry = entries[slot]
      if matches(entry, key, shape, text, length) { return entry.id }
      if entry.shape == 0 { return nil }
      slot = (slot &+ 1) & slotMask
    }
  }

  /// The longest piece that is a prefix of the `length` bytes at `text`.
  func longest(
    _ text: UnsafePointer<UInt8>, _ length: Int, _ position: Position, _ end: UnsafePointer<UInt8>
  ) -> Match {
    let start = Self.load(text, end)
    if length >= 4 {
      var lengths = filter[filterPlace(start, position)]
      if length >= Self.longLength {
        if lengths & 1 << Self.longLength != 0 {
          for index in 0..<longLengthCount where longLengths[index] <= length {
            let length = Int(longLengths[index])
            if let id = find(text, length, position, end) { return Match(id: id, length: length) }
          }
        }
        lengths &= 1 &<< Self.longLength &- 1
      } else {
        lengths &= 2 &<< UInt32(truncatingIfNeeded: length) &- 1
      }
      while lengths != 0 {
        let length = 31 &- lengths.leadingZeroBitCount
        let key = length <= 8 ? Self.prefix(start, length) : Self.key(text, length, end)
        if let id = find(key, text, length, position) { return Match(id: id, length: length) }
        lengths ^= 1 &<< UInt32(truncatingIfNeeded: length)
      }
    }
    var length = min(length, 3)
    while length > 0 {
      if let id = find(Self.prefix(start, length), text, length, position) {
        return Match(id: id, length: length)
      }
      length &-= 1
    }
    return Match(id: 0, length: 0)
  }

  // MARK: Keys and places

  /// Eight bytes of text, the first one lowest; those at or beyond `end` are 0.
  @inline(__always)
  static func load(_ text: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> UInt64 {
    if end - text >= 8 {
      return UInt64(littleEndian: UnsafeRawPointer(text).loadUnaligned(as: UInt64.self))
    }
    var value: UInt64 = 0
    for index in 0..<max(0, end - text) { value |= UInt64(text[index]) << UInt64(8 * index) }
    return value
  }

  /// The lowest `length` bytes of `value`, 1 to 8.
  @inline(__always)
  static func prefix(_ value: UInt64, _ length: Int) -> UInt64 {
    value & ~0 &>> UInt64(truncatingIfNeeded: 64 &- 8 &* length)
  }

  @inline(__always)
  static func key(
    _ text: UnsafePointer<UInt8>, _ length: Int, _ end: UnsafePointer<UInt8>
  ) -> UInt64 {
    if length <= 8 { return prefix(load(text, end), length) }
    var hash: UInt64 = 0
    var done = 0
    while done < length {
      let rest = min(length &- done, 8)
      hash = (hash ^ prefix(load(text + done, end), rest)) &* 0x9FB2_1C65_1E98_DF25
      hash ^= hash &>> 32
      done &+= 8
    }
    return hash
  }

  @inline(__always)
  static func shape(_ length: Int, _ position: Position) -> UInt32 {
    UInt32(truncatingIfNeeded: length) &* 2 | position.rawValue
  }

  @inline(__always)
  func slot(_ key: UInt64, _ shape: UInt32) -> Int {
    Int(truncatingIfNeeded: ((key ^ UInt64(shape) &<< 56) &* multiplier) &>> slotShift)
  }

  @inline(__always)
  func filterPlace(_ start: UInt64, _ position: Position) -> Int {
    let first = UInt32(truncatingIfNeeded: start) &+ position.rawValue &* 0x5BD1_E995
    return Int((first &* 0x9E37_79B1) &>> filterShift)
  }

  @inline(__always)
  func matches(
    _ entry: Entry, _ key: UInt64, _ shape: UInt32, _ text: UnsafePointer<UInt8>, _ length: Int
  ) -> Bool {
    guard entry.key == key, entry.shape == shape else { return false }
    return length <= 8 || sameBytes(entry, text, length)
  }

  private func sameBytes(_ entry: Entry, _ text: UnsafePointer<UInt8>, _ length: Int) -> Bool {
    // A piece for later positions is stored with its `##`.
    let piece = bytes + Int(offsets[Int(entry.id)]) + 2 * Int(entry.shape & 1)
    for index in 0..<length where piece[index] != text[index] { return false }
    return true
  }
}
