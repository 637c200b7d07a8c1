import Foundation
import MBQCore

/// Rows of any size in a file without a name, for reading again in another order.
///
/// Memory is 8 bytes a row and one buffer. The file disappears with the value, even if the program
/// crashes.
final class RowSpool {
  private let descriptor: Int32
  private let path: String
  private var pending: [UInt8] = []
  private var ends: [Int] = []
  private var size = 0

  /// A spool in `folder`, which must be there.
  init(folder: String) throws(FileError) {
    path = "\(folder)/rows.partial-\(getpid())"
    var descriptor: Int32 = -1
    for attempt in 0..<100 {
      let name = attempt == 0 ? path : "\(path)-\(attempt)"
      descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      if descriptor >= 0 {
        unlink(name)
        break
      }
      if errno != EEXIST { break }
    }
    guard descriptor >= 0 else { throw FileError(.create, path, code: errno) }
    self.descriptor = descriptor
    pending.reserveCapacity(1 << 21)
  }

  deinit { close(descriptor) }

  var count: Int { ends.count }

  /// Adds a row: the bytes that `write` appends.
  func append(_ write: (inout [UInt8]) -> Void) throws(FileError) {
    let before = pending.count
    write(&pending)
    size += pending.count - before
    ends.append(size)
    if pending.count >= 1 << 20 { try flush() }
  }

  func flush() throws(FileError) {
    var start = 0
    while start < pending.count {
      let count = pending.withUnsafeBytes {
        write(descriptor, $0.baseAddress! + start, $0.count - start)
      }
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(.write, path, code: errno)
      }
      start += count
    }
    pending.removeAll(keepingCapacity: true)
  }

  /// Replaces `bytes` by row `index`, from 0; nothing may be pending.
  func read(_ index: Int, into bytes: inout [UInt8]) throws(FileError) {
    let start = index == 0 ? 0 : ends[index - 1]
    let length = ends[index] - start
    if bytes.count < length {
      bytes += [UInt8](repeating: 0, count: length - bytes.count)
    } else {
      bytes.removeLast(bytes.count - length)
    }
    var done = 0
    while done < length {
      let count = bytes.withUnsafeMutableBytes {
        pread(descriptor, $0.baseAddress! + done, length - done, off_t(start + done))
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw FileError(.read, path, code: count < 0 ? errno : EIO) }
      done += count
    }
  }
}
