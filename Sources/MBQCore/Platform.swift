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

/// Replaces a file whole or not at all.
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
    let file = try PendingFile(at: path)
    try body { part throws(FileError) in try file.append(part) }
    try PendingFile.commit([file])
  }

  /// Writes `text` as UTF-8.
  public static func write(_ text: String, to path: String) throws(FileError) {
    let file = try PendingFile(at: path)
    try file.append(text)
    try PendingFile.commit([file])
  }
}

/// A file that is written but does not appear at its place, or replace what is there, before `commit`.
///
/// On Linux, where the file system can, the bytes have no name until then, so that whatever ends the
/// program leaves nothing behind; elsewhere they are in a sibling, which goes with the value.
public final class PendingFile {
  private let path: String
  private var descriptor: Int32
  /// The sibling's path, if there is one.
  private var temporary: String?

  /// Refuses, as `AtomicFile` does, a place that cannot be written to.
  public init(at path: String) throws(FileError) {
    self.path = path
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
      throw FileError(.write, path, code: status.st_mode & S_IFMT == S_IFDIR ? EISDIR : EINVAL)
    }
    descriptor = Self.openNameless(beside: path)
    guard descriptor < 0 else { return }
    var opened: Int32 = -1
    temporary = try Self.named(beside: path) { name in
      opened = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      return opened >= 0
    }
    descriptor = opened
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if let temporary { unlink(temporary) }
  }

  public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    let code = Standard.write(bytes, to: descriptor)
    guard code == 0 else { throw FileError(.write, path, code: code) }
  }

  /// Appends `text` as UTF-8.
  public func append(_ text: String) throws(FileError) {
    var text = text
    let failure: FileError? = text.withUTF8 { buffer in
      do throws(FileError) {
        try append(UnsafeRawBufferPointer(buffer))
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  /// Puts the files in their places, none of them before the disk has all.
  public static func commit(_ files: [PendingFile]) throws(FileError) {
    for file in files {
      guard fsync(file.descriptor) == 0 else { throw FileError(.write, file.path, code: errno) }
    }
    for file in files { try file.place() }
  }

  private func place() throws(FileError) {
    if temporary == nil {
      let source = Self.nameless(descriptor)
      temporary = try Self.named(beside: path) { name in
        linkat(AT_FDCWD, source, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0
      }
    }
    let open = descriptor
    descriptor = -1
    guard close(open) == 0 else { throw FileError(.write, path, code: errno) }
    guard let temporary, rename(temporary, path) == 0 else {
      throw FileError(.rename, path, code: errno)
    }
    self.temporary = nil
  }

  private static func nameless(_ descriptor: Int32) -> String { "/proc/self/fd/\(descriptor)" }

  /// A file without a name in the folder of `path`; -1 where there is no such thing.
  private static func openNameless(beside path: String) -> Int32 {
    #if os(Linux)
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
    // O_TMPFILE, which C defines as a macro that Swift does not see.
    let descriptor = open(folder, O_WRONLY | O_CLOEXEC | O_DIRECTORY | 0o20_000_000, 0o644)
    if descriptor >= 0, access(nameless(descriptor), F_OK) != 0 {
      close(descriptor)
      return -1
    }
    return descriptor
    #else
    return -1
    #endif
  }

  /// The first name beside `path` that `make` can make.
  ///
  /// One may be taken by another thread, or by a process that was ended and whose number came around
  /// again.
  private static func named(
    beside path: String, _ make: (String) -> Bool
  ) throws(FileError) -> String {
    for attempt in 0..<100 {
      let temporary = "\(path).partial-\(getpid())" + (attempt == 0 ? "" : "-\(attempt)")
      if make(temporary) { return temporary }
      guard errno == EEXIST else { break }
    }
    throw FileError(.create, path, code: errno)
  }
}

/// What small programs without Foundation need of the process.
public enum Standard {
  /// Writes to standard error, or not: there is nowhere to say that it failed.
  public static func writeError(_ text: String) { _ = write(text, to: STDERR_FILENO) }

  /// Writes `text` and returns 0, or the system's code for what went wrong.
  public static func write(_ text: String, to descriptor: Int32) -> Int32 {
    Array(text.utf8).withUnsafeBytes { write($0, to: descriptor) }
  }

  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32 {
    var rest = bytes
    while let start = rest.baseAddress, rest.count > 0 {
      let count = systemWrite(descriptor, start, min(rest.count, 1 << 30))
      if count < 0 {
        if errno == EINTR { continue }
        return errno
      }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    return 0
  }

  /// Takes the place of standard streams that are closed: a file opened later would get it, and with it
  /// what is meant for people.
  ///
  /// They still cannot be read or written.
  public static func occupyClosedStreams() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest number that is free is given, which is this one.
      _ = open("/dev/null", O_CLOEXEC | (descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY))
    }
  }

  /// Writes a line to standard output, at once: the other side of a pipe is waiting for it.
  ///
  /// False if nobody reads it any more.
  public static func writeLine(_ text: String) -> Bool {
    write(text + "\n", to: STDOUT_FILENO) == 0
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
