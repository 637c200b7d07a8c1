import Foundation
import MBQCore

/// The source of the bytes of a dataset.
///
/// Readers pull; the source reads at most one buffer ahead.
public protocol ByteSource {
  /// The name for errors, such as a path.
  var name: String { get }

  /// Fills the start of `buffer` and returns the number of bytes; 0 only at the end.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int
}

/// A file, or standard input, read in order.
///
/// It uses plain reads and no mapping: the file may be a pipe, may be far larger than memory, and another
/// program may cut it short, which would end a mapped reader with a signal.
public final class FileSource: ByteSource {
  public let name: String
  private let path: String
  private let descriptor: Int32

  /// Opens the file at `path`; `-` is standard input.
  ///
  /// Refuses a file that it cannot open.
  public init(path: String) throws(DatasetError) {
    self.path = path
    if path == "-" {
      name = "standard input"
      descriptor = STDIN_FILENO
    } else {
      name = path
      descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw .file(FileError(.open, path, code: errno)) }
    }
  }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(DatasetError) -> Int {
    while true {
      let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
      if count >= 0 { return count }
      if errno != EINTR { throw .file(FileError(.read, name, code: errno)) }
    }
  }

  deinit {
    if path != "-" { close(descriptor) }
  }
}

/// Bytes already in memory, handed out at most `portion` at a time.
public struct MemorySource: ByteSource {
  public let name: String
  private let bytes: [UInt8]
  private let portion: Int
  private var position = 0

  public init(_ bytes: [UInt8], name: String, portion: Int = .max) {
    self.bytes = bytes
    self.name = name
    self.portion = max(portion, 1)
  }

  public mutating func read(
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(DatasetError) -> Int {
    let count = min(buffer.count, bytes.count - position, portion)
    buffer.copyBytes(from: bytes[position..<position + count])
    position += count
    return count
  }
}
