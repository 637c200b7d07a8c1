internal import CMBQKernels
internal import CZlib
import Synchronization

/// A deflated entry of an archive, inflated once, when it is first needed.
///
/// An untrusted archive may state any size. Memory is allocated only for entries with tensors that a model
/// uses, and `ZipArchive` has bounded the inflated size of all entries.
final class DeflatedBytes: Sendable {
  let entry: ZipArchive.Entry
  private let file: SourceFile
  private let inflated = Mutex<OwnedBytes?>(nil)

  var byteCount: Int { entry.byteCount }

  /// `entry` is one of the archive `file`.
  init(_ entry: ZipArchive.Entry, in file: SourceFile) {
    self.entry = entry
    self.file = file
  }

  /// Valid as long as this object is.
  ///
  /// - Precondition: `inflate` has succeeded.
  var bytes: UnsafeRawBufferPointer {
    guard let owned = inflated.withLock({ $0 }) else {
      preconditionFailure("\(entry.name) is used before it was inflated")
    }
    return owned.bytes
  }

  func inflate() throws(ZipProblem) {
    try inflated.withLock { (owned) throws(ZipProblem) in
      guard owned == nil else { return }
      defer { file.release(entry.range) }
      let source = UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
      owned = try OwnedBytes(byteCount: entry.byteCount) { (target) throws(ZipProblem) in
        try Self.inflate(source, into: target, entry.name)
      }
      if let owned,
        !checksumAgrees(
          entry.checksum, mbq_crc32(0, owned.bytes.baseAddress, owned.bytes.count))
      {
        throw .checksum(entry: entry.name)
      }
    }
  }

  /// A raw deflate stream (RFC 1951) that fills `target` exactly.
  private static func inflate(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, _ name: String
  ) throws(ZipProblem) {
    var stream = z_stream()
    guard inflateInit2_(&stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw .stream(entry: name) }
    defer { inflateEnd(&stream) }
    // zlib counts in 32 bits: both sides are handed over in pieces.
    let piece = 1 << 30
    var read = 0
    var written = 0
    while true {
      let input = min(piece, source.count - read)
      let output = min(piece, target.count - written)
      stream.next_in = UnsafeMutablePointer(
        mutating: source.baseAddress?.advanced(by: read).assumingMemoryBound(to: UInt8.self))
      stream.avail_in = UInt32(input)
      var spare: UInt8 = 0
      // One byte more than stated shows a stream that is too long.
      let result = withUnsafeMutablePointer(to: &spare) { spare in
        stream.next_out =
          output == 0
          ? spare : target.baseAddress?.advanced(by: written).assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(max(output, 1))
        return zlibInflate(&stream)
      }
      read += input - Int(stream.avail_in)
      let produced = max(output, 1) - Int(stream.avail_out)
      if output == 0, produced > 0 { throw .inflatedSize(entry: name, stated: target.count) }
      written += produced
      if result == Z_STREAM_END { break }
      guard result == Z_OK, input > Int(stream.avail_in) || produced > 0 else {
        throw .stream(entry: name)
      }
    }
    guard written == target.count else { throw .inflatedSize(entry: name, stated: target.count) }
    guard read == source.count else { throw .stream(entry: name) }
  }
}

/// zlib's function, which a method of that name would hide.
private func zlibInflate(_ stream: inout z_stream) -> Int32 { inflate(&stream, Z_NO_FLUSH) }
