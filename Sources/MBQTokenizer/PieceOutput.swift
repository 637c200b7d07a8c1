/// Collects pieces in a small buffer, then keeps as many as there is room for and counts the rest.
struct PieceOutput {
  /// How many pieces are collected before they are handed on.
  private static var chunk: Int { 256 }

  /// What the buffer must hold: a chunk, and what one step of a scanner can add to it, which is the
  /// pieces of a word of the greatest length and a few single characters.
  static func capacity(_ maximumWordLength: Int) -> Int { chunk + maximumWordLength + 8 }

  private let buffer: UnsafeMutablePointer<UInt32>
  private let ids: UnsafeMutablePointer<[UInt32]>
  private let countsAll: Bool
  private var room: Int

  /// How many pieces are in the buffer; set lower to take the last ones back.
  var count = 0
  /// All pieces handed on, kept or not.
  private(set) var total = 0
  /// There is no room for more, and they need not be counted.
  private(set) var isDone = false

  /// Will append at most `room` pieces to `ids`.
  init(
    _ buffer: UnsafeMutablePointer<UInt32>, appendingTo ids: UnsafeMutablePointer<[UInt32]>,
    room: Int, countsAll: Bool
  ) {
    self.buffer = buffer
    self.ids = ids
    self.room = room
    self.countsAll = countsAll
  }

  @inline(__always)
  mutating func append(_ id: UInt32) {
    buffer[count] = id
    count &+= 1
  }

  /// Whether it is time to `flush`.
  @inline(__always)
  var isFull: Bool { count >= Self.chunk }

  /// Hands the pieces on.
  mutating func flush() {
    let kept = min(count, room)
    ids.pointee.append(contentsOf: UnsafeBufferPointer(start: buffer, count: kept))
    room -= kept
    total += count
    if !countsAll, count > kept { isDone = true }
    count = 0
  }
}
