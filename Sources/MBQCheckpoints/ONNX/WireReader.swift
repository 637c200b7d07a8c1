/// Reads the wire format of protocol buffers, one field at a time, inside one message.
///
/// It checks every number before use and reads nothing outside `range`.
struct WireReader {
  /// The kinds of field after a tag.
  enum WireType: UInt64 {
    case varint = 0
    case fixed64 = 1
    case bytes = 2
    case groupStart = 3
    case groupEnd = 4
    case fixed32 = 5
  }

  struct Tag {
    var field: UInt64
    var type: WireType
  }

  private let file: UnsafeRawBufferPointer
  private let end: Int
  /// From the start of the file.
  private(set) var position: Int

  /// - Precondition: `range` is inside `file`.
  init(_ file: UnsafeRawBufferPointer, _ range: Range<Int>) {
    self.file = file
    position = range.lowerBound
    end = range.upperBound
  }

  var isAtEnd: Bool { position == end }

  /// A number of 7 bits a byte, the lowest first; at most 10 bytes, and 64 bits.
  mutating func varint() throws(ONNXProblem) -> UInt64 {
    let start = position
    var value: UInt64 = 0
    for place in 0..<10 {
      guard position < end else { throw short(of: 1, at: position) }
      let byte = file[position]
      position += 1
      if place == 9, byte > 1 { break }
      value |= UInt64(byte & 0x7F) << (7 * place)
      if byte < 0x80 { return value }
    }
    throw .damaged(at: start, "a number has more than 64 bits")
  }

  mutating func tag() throws(ONNXProblem) -> Tag {
    let start = position
    let value = try varint()
    let field = value >> 3
    guard 1...0x1FFF_FFFF ~= field else {
      throw .damaged(at: start, "a field has the number \(field), allowed: 1 to 536870911")
    }
    guard let type = WireType(rawValue: value & 7) else {
      throw .damaged(at: start, "a field is of wire type \(value & 7), allowed: 0, 1, 2 and 5")
    }
    return Tag(field: field, type: type)
  }

  /// Steps over the field after `tag` and returns its range; for bytes, without the length.
  mutating func contents(_ tag: Tag) throws(ONNXProblem) -> Range<Int> {
    let start = position
    switch tag.type {
    case .varint:
      _ = try varint()
      return start..<position
    case .fixed64: return try step(8, lengthAt: start)
    case .fixed32: return try step(4, lengthAt: start)
    case .bytes:
      let length = try varint()
      guard let length = Int(exactly: length) else {
        throw .damaged(at: start, "a length is \(length), more than a file can have")
      }
      return try step(length, lengthAt: start)
    case .groupStart, .groupEnd:
      throw .damaged(at: start, "field \(tag.field) is a group, which ONNX does not use")
    }
  }

  private mutating func step(_ length: Int, lengthAt: Int) throws(ONNXProblem) -> Range<Int> {
    guard length <= end - position else { throw short(of: length, at: lengthAt) }
    let start = position
    position += length
    return start..<position
  }

  /// The end of the file, or of a message inside it, came too early.
  private func short(of length: Int, at place: Int) -> ONNXProblem {
    end == file.count
      ? .cutOff(at: place, needed: length, available: end - position)
      : .damaged(
        at: place,
        "a field needs \(counted(length, "byte")), and the message it is in has \(end - position)"
          + " left")
  }
}
