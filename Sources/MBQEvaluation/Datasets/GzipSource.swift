internal import CZlib

/// The problems of a gzip file.
public enum GzipProblem: Sendable, Equatable {
  case cutShort
  /// In zlib's words.
  case corrupt(String)
  /// Bytes that are neither another member nor zeros.
  case trailing
  case outOfMemory

  var explanation: String {
    switch self {
    case .cutShort: "the gzip data ends early; copy or download the file again"
    case .corrupt(let words):
      "the gzip data is damaged (\(words)); copy or download the file again"
    case .trailing: "something that is not gzip follows the gzip data; remove it"
    case .outOfMemory: "there is no memory to unpack the gzip data"
    }
  }
}

/// The contents of a gzip file (RFC 1952), inflated on demand.
///
/// Memory is one buffer and zlib's window, for contents of any size. A file may have several members, as
/// `cat a.gz b.gz` and parallel compressors make them; zeros after the last are padding. Checksums and
/// lengths are compared at the end of each member.
final class GzipSource: ByteSource {
  let name: String
  private var source: any ByteSource
  private let buffer: UnsafeMutableRawBufferPointer
  /// On the heap, because zlib keeps its address.
  private let stream: UnsafeMutablePointer<z_stream>
  /// The bytes read from `source` before those in `buffer`.
  private var bytesBefore = 0
  private var position = 0
  private var end = 0
  private var state = State.member
  private var hasStream = false
  /// The problem after the last bytes given.
  private var failure: DatasetError?

  private enum State { case member, betweenMembers, padding, finished }

  init(_ source: any ByteSource) {
    self.source = source
    name = source.name
    buffer = .allocate(byteCount: 1 << 16, alignment: 16)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 bits of window, and 16 for gzip's header and trailer.
    hasStream =
      inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
  }

  deinit {
    if hasStream { inflateEnd(stream) }
    stream.deallocate()
    buffer.deallocate()
  }

  func read(into target: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
    guard hasStream else { throw problem(.outOfMemory) }
    if let failure { throw failure }
    while state != .finished, !target.isEmpty {
      if position == end, try !refill() {
        if state == .member { throw problem(.cutShort) }
        state = .finished
        break
      }
      switch state {
      case .member:
        let count = try inflateSome(into: target)
        if count > 0 { return count }
      case .betweenMembers:
        // A member never begins with a zero.
        state = buffer[position] == 0 ? .padding : .member
      case .padding:
        while position < end, buffer[position] == 0 { position += 1 }
        if position < end { throw problem(.trailing) }
      case .finished: break
      }
    }
    return 0
  }

  private func refill() throws(DatasetError) -> Bool {
    bytesBefore += end
    position = 0
    end = 0
    end = try source.read(into: buffer)
    return end > 0
  }

  /// Fills the start of `target`; 0 if the whole input gave no byte.
  private func inflateSome(
    into target: UnsafeMutableRawBufferPointer
  ) throws(DatasetError) -> Int {
    let room = min(target.count, 1 << 30)
    stream.pointee.next_in = buffer.baseAddress!.advanced(by: position)
      .assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = UInt32(end - position)
    stream.pointee.next_out = target.baseAddress!.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(room)
    let result = inflate(stream, Z_NO_FLUSH)
    position = end - Int(stream.pointee.avail_in)
    let count = room - Int(stream.pointee.avail_out)
    switch result {
    case Z_STREAM_END:
      inflateReset(stream)
      state = .betweenMembers
    case Z_OK, Z_BUF_ERROR: break
    case Z_MEM_ERROR: failure = problem(.outOfMemory)
    default:
      let words = stream.pointee.msg.map { String(cString: $0) } ?? "unknown error"
      // The first member has its magic, or this would be no gzip file: this is after a whole one.
      failure = problem(words == "incorrect header check" ? .trailing : .corrupt(words))
    }
    // The bytes before the damage come first, for any buffering.
    if let failure, count == 0 { throw failure }
    return count
  }

  private func problem(_ problem: GzipProblem) -> DatasetError {
    .badGzip(file: name, offset: bytesBefore + position, problem: problem)
  }
}

/// A source whose first bytes have been read already.
struct ReplayedSource: ByteSource {
  let name: String
  private var opening: ArraySlice<UInt8>
  private var source: any ByteSource

  init(_ opening: [UInt8], then source: any ByteSource) {
    name = source.name
    self.opening = opening[...]
    self.source = source
  }

  mutating func read(
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(DatasetError) -> Int {
    if opening.isEmpty { return try source.read(into: buffer) }
    let count = min(opening.count, buffer.count)
    buffer.copyBytes(from: opening.prefix(count))
    opening = opening.dropFirst(count)
    return count
  }
}

/// `source`, or its contents if it is a gzip file; its first bytes decide, not its name.
func unpacked(_ source: any ByteSource) throws(DatasetError) -> any ByteSource {
  var source = source
  var opening: [UInt8] = []
  while opening.count < gzipMagic.count {
    var byte: UInt8 = 0
    var failure: DatasetError?
    let count = withUnsafeMutableBytes(of: &byte) { buffer -> Int in
      do throws(DatasetError) {
        return try source.read(into: buffer)
      } catch {
        failure = error
        return 0
      }
    }
    if let failure { throw failure }
    if count == 0 { break }
    opening.append(byte)
  }
  let whole = ReplayedSource(opening, then: source)
  return opening == gzipMagic ? GzipSource(whole) : whole
}
