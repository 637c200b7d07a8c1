/// Collects pieces in a small buffer, keeps as many as fit, and counts the rest.
struct PieceOutput {
  /// The number of pieces in a chunk.
  private static var chunk: Int { 256 }

  /// The size of the buffer: a chunk, plus the most that one step of a scanner adds, which is the pieces of
  /// a longest word and a few single characters.
  static func capacity(_ maximumWordLength: Int) -> Int { chunk + maximumWordLength + 8 }

  private let buffer: UnsafeMutablePointer<UInt32>
  private let ids: UnsafeMutablePointer<[UInt32]>
  private let countsAll: Bool
  private var room: Int

  /// The number of pieces in the buffer; a lower value removes the last ones.
  var count = 0
  /// All flushed pieces, kept or not.
  private(set) var total = 0
  /// The output is full, and the rest need not be counted.
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
