// The operating system's names live here and nowhere else.
#if !hasFeature(Embedded)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// `write(2)`, which methods of that name would hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
  write(descriptor, bytes, count)
}

/// What the operating system refused, with its own words.
public struct FileError: ExplainedError, Equatable {
  public enum Action: String, Sendable {
    case open = "open"
    case read = "read"
    case map = "map into memory"
    case create = "create"
    case write = "write"
    case rename = "move into place"
  }

  public var action: Action
  public var path: String
  public var code: Int32

  public init(_ action: Action, _ path: String, code: Int32) {
    self.action = action
    self.path = path
    self.code = code
  }

  public var explanation: String {
    "cannot \(action.rawValue) '\(path)': \(String(cString: strerror(code)))\(advice)"
  }

  private var advice: String {
    switch code {
    case ENOENT: "; check the spelling of the path"
    case ENOSPC: "; free some space or write to another disk (nothing was left behind)"
    case EACCES, EPERM, EROFS: "; choose a place you may use or change its permissions"
    case EISDIR: "; name a file, not a folder"
    case EINVAL: "; name a regular file"
    default: ""
    }
  }
}

/// A regular file mapped read-only; unmapped with the value.
public struct MappedFile: ~Copyable, @unchecked Sendable {
  public let bytes: UnsafeRawBufferPointer
  public let path: String

  /// Maps the whole file at `path`.
  ///
  /// Refuses, with a `FileError`, what cannot be opened and what is not a regular file. An empty file
  /// gives empty bytes.
  public init(path: String) throws(FileError) {
    bytes = try Self.map(path)
    self.path = path
  }

  private static func map(_ path: String) throws(FileError) -> UnsafeRawBufferPointer {
    // Without O_NONBLOCK a pipe would wait here for a writer; a regular file is not affected.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw FileError(.open, path, code: errno) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(.read, path, code: errno) }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG else {
      throw FileError(.open, path, code: kind == S_IFDIR ? EISDIR : EINVAL)
    }
    let size = Int(status.st_size)
    if size == 0 { return UnsafeRawBufferPointer(start: nil, count: 0) }
    let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else { throw FileError(.map, path, code: errno) }
    return UnsafeRawBufferPointer(start: address, count: size)
  }

  /// Lets the system take back the memory of the whole pages in `range`; they are read again from the
  /// file, usually from its cache, when they are next used.
  public func release(_ range: Range<Int>) {
    let page = Int(getpagesize())
    let start = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound / page * page
    if let base = bytes.baseAddress, start < end {
      madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED)
    }
  }

  deinit {
    if let start = bytes.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }
  }
}

/// Replaces a file whole or not at all: bytes go to a temporary sibling, which is synced and renamed.
public enum AtomicFile {
  /// Writes the concatenation of `parts` to `path`.
  ///
  /// On failure `path` is as it was before.
  /// Refuses a folder, a device and anything else that is there and no regular file: a rename would
  /// replace it.
  public static func write(_ parts: [UnsafeRawBufferPointer], to path: String) throws(FileError) {
    try write(to: path) { append throws(FileError) in
      for part in parts { try append(part) }
    }
  }

  /// Gives a function that appends bytes, so that a large file is never in memory.
  public typealias Append = (UnsafeRawBufferPointer) throws(FileError) -> Void

  /// Writes what `body` appends to `path`, as `write(_:to:)` does.
  public static func write(
    to path: String, _ body: (Append) throws(FileError) -> Void
  ) throws(FileError) {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw FileError(.write, path, code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
    }
    let (temporary, descriptor) = try openTemporary(beside: path)
    do throws(FileError) {
      try body { part throws(FileError) in try write(part, to: descriptor, path: path) }
      guard fsync(descriptor) == 0 else { throw FileError(.write, path, code: errno) }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    guard close(descriptor) == 0 else {
      let code = errno
      unlink(temporary)
      throw FileError(.write, path, code: code)
    }
    guard rename(temporary, path) == 0 else {
      let code = errno
      unlink(temporary)
      throw FileError(.rename, path, code: code)
    }
  }

  /// A new file beside `path`.
  ///
  /// A name may be taken by another thread, or by a process that was ended and whose number came
  /// around again.
  private static func openTemporary(
    beside path: String
  ) throws(FileError) -> (path: String, descriptor: Int32) {
    for attempt in 0..<100 {
      let temporary = "\(path).partial-\(getpid())" + (attempt == 0 ? "" : "-\(attempt)")
      let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      if descriptor >= 0 { return (temporary, descriptor) }
      guard errno == EEXIST else { break }
    }
    throw FileError(.create, path, code: errno)
  }

  /// Writes `text` as UTF-8.
  public static func write(_ text: String, to path: String) throws(FileError) {
    var text = text
    let failure: FileError? = text.withUTF8 { buffer in
      do throws(FileError) {
        try write([UnsafeRawBufferPointer(buffer)], to: path)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  private static func write(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String
  ) throws(FileError) {
    var rest = bytes
    while let start = rest.baseAddress, rest.count > 0 {
      let count = systemWrite(descriptor, start, min(rest.count, 1 << 30))
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(.write, path, code: errno)
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }
}

/// What small programs without Foundation need of the process.
public enum Standard {
  public static func writeError(_ text: String) {
    let bytes = Array(text.utf8)
    _ = systemWrite(STDERR_FILENO, bytes, bytes.count)
  }

  /// Writes a line to standard output, at once: the other side of a pipe is waiting for it.
  ///
  /// False if nobody reads it any more.
  public static func writeLine(_ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    rest.append(10)
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { systemWrite(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        return false
      }
      rest = rest.dropFirst(count)
    }
    return true
  }

  public static func exit(_ code: Int32) -> Never {
    #if canImport(Glibc)
    Glibc.exit(code)
    #elseif canImport(Musl)
    Musl.exit(code)
    #else
    Darwin.exit(code)
    #endif
  }

  /// Nanoseconds of a clock that never goes back.
  public static var nanoseconds: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
#endif
