import CZlib

/// How many bytes `bytes` take as a zlib stream of level 9, which is what a download of them takes.
///
/// Nothing is kept, so that a file of any size can be measured; `progress` is told the share done.
public func deflatedByteCount(
  of bytes: UnsafeRawBufferPointer, progress: (Double) -> Void = { _ in }
) -> Int {
  var stream = z_stream()
  let code = deflateInit_(
    &stream, Z_BEST_COMPRESSION, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
  // Only a lack of memory can fail.
  precondition(code == Z_OK, "zlib failed with code \(code)")
  defer { deflateEnd(&stream) }
  var output = [UInt8](repeating: 0, count: 1 << 16)
  let portion = 1 << 20
  var start = 0
  var count = 0
  repeat {
    let end = min(start + portion, bytes.count)
    // zlib does not write to its input, but its header says it might.
    stream.next_in = UnsafeMutablePointer(
      mutating: bytes[start..<end].base?.assumingMemoryBound(to: Bytef.self))
    stream.avail_in = uInt(end - start)
    let flush = end == bytes.count ? Z_FINISH : Z_NO_FLUSH
    repeat {
      output.withUnsafeMutableBufferPointer {
        stream.next_out = $0.baseAddress
        stream.avail_out = uInt($0.count)
        _ = deflate(&stream, flush)
        count += $0.count - Int(stream.avail_out)
      }
    } while stream.avail_out == 0
    start = end
    progress(bytes.isEmpty ? 1 : Double(start) / Double(bytes.count))
  } while start < bytes.count
  return count
}

extension Slice<UnsafeRawBufferPointer> {
  fileprivate var base: UnsafeRawPointer? {
    UnsafeRawBufferPointer(rebasing: self).baseAddress
  }
}
