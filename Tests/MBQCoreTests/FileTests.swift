import Foundation
import MBQCore
import MBQTestSupport
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("Files are mapped and replaced whole")
struct FileTests {
  private let folder: ScratchFolder
  private func path(_ name: String) -> String { folder.path + "/" + name }

  init() throws { folder = try ScratchFolder() }

  private func write(_ bytes: [UInt8], _ name: String) throws(FileError) {
    let failure: FileError? = bytes.withUnsafeBytes { buffer in
      do throws(FileError) {
        try AtomicFile.write([buffer], to: path(name))
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  private func read(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  private func message<R>(_ body: () throws -> R) -> String {
    explanation(body).replacingOccurrences(of: folder.path, with: "DIR")
  }

  @Test("a new file holds its parts one after the other")
  func parts() throws {
    let first: [UInt8] = [1, 2, 3]
    let second = [UInt8](repeating: 9, count: 100_000)
    try first.withUnsafeBytes { a in
      try second.withUnsafeBytes { b in
        try AtomicFile.write([a, UnsafeRawBufferPointer(start: nil, count: 0), b], to: path("x"))
      }
    }
    #expect(try read("x") == first + second)
    try AtomicFile.write("naïve\n", to: path("y"))
    #expect(try read("y") == Array("naïve\n".utf8))
    try AtomicFile.write([], to: path("z"))
    #expect(try read("z") == [])
    #expect(folder.names == ["x", "y", "z"])
  }

  @Test("a file is replaced whole, and who has it open keeps the old one")
  func replaced() throws {
    try write(Array(repeating: 1, count: 10_000), "x")
    let mapped = try MappedFile(path: path("x"))
    try write([2], "x")
    #expect(try read("x") == [2])
    #expect(mapped.bytes.count == 10_000)
    #expect(mapped.bytes.allSatisfy { $0 == 1 })
    _ = consume mapped
    #expect(folder.names == ["x"])
  }

  @Test("what a process of the same number left behind is no obstacle")
  func leftovers() throws {
    let stale = "x.partial-\(getpid())"
    #expect(FileManager.default.createFile(atPath: path(stale), contents: Data([7])))
    try write([1], "x")
    #expect(try read("x") == [1])
    // It may belong to another thread, so it stays.
    #expect(folder.names == ["x", stale])
  }

  @Test("a link to a file becomes the file")
  func link() throws {
    try write([1], "target")
    try FileManager.default.createSymbolicLink(
      atPath: path("x"), withDestinationPath: path("target"))
    try write([2], "x")
    #expect(try read("x") == [2])
    #expect(folder.names == ["target", "x"])
  }

  @Test("a folder, a pipe and a device are not replaced")
  func notFiles() throws {
    try FileManager.default.createDirectory(atPath: path("d"), withIntermediateDirectories: false)
    #expect(mkfifo(path("p"), 0o600) == 0)
    #expect(
      message { try write([1], "d") }
        == "cannot write 'DIR/d': Is a directory; name a file, not a folder")
    #expect(
      message { try write([1], "p") }
        == "cannot write 'DIR/p': Invalid argument; name a regular file")
    #expect(
      message { try AtomicFile.write("x", to: "/dev/null") }
        == "cannot write '/dev/null': Invalid argument; name a regular file")
    #expect(folder.names == ["d", "p"])
  }

  @Test("a missing folder is named with advice")
  func missingFolder() {
    #expect(
      message { try write([1], "no/x") }
        == "cannot create 'DIR/no/x': No such file or directory; check the spelling of the path")
    #expect(
      message { try write([1], String(repeating: "n", count: 300)) }
        == "cannot create 'DIR/\(String(repeating: "n", count: 300))': File name too long")
    #expect(folder.names == [])
  }

  @Test("a folder one may not write to is named with advice, and the old file stays")
  func unwritable() throws {
    if getuid() == 0 {
      // Permissions do not stop root; the kernel's own folder does.
      #if os(Linux)
      #expect(
        message { try AtomicFile.write("x", to: "/sys/mbq-test") }
          == "cannot create '/sys/mbq-test': Permission denied; "
          + "choose a place you may use or change its permissions")
      #endif
      return
    }
    try write([1], "x")
    #expect(chmod(folder.path, 0o500) == 0)
    defer { chmod(folder.path, 0o700) }
    #expect(
      message { try write([2], "x") }
        == "cannot create 'DIR/x': Permission denied; "
        + "choose a place you may use or change its permissions")
    #expect(try read("x") == [1])
    #expect(folder.names == ["x"])
  }

  @Test(
    "of several files none is in its place before all are whole, and one given up leaves nothing")
  func pending() throws {
    try write([1], "a")
    let (a, b) = (try PendingFile(at: path("a")), try PendingFile(at: path("b")))
    try a.append("new")
    try b.append("b")
    #expect(try read("a") == [1])
    #expect(!folder.names.contains("b"))
    try PendingFile.commit([a, b])
    #expect(try read("a") == Array("new".utf8))
    #expect(folder.names == ["a", "b"])
    var given: PendingFile? = try PendingFile(at: path("c"))
    try given?.append("c")
    given = nil
    #expect(folder.names == ["a", "b"])
  }

  #if os(Linux)
  @Test("what is written has no name before it is whole, whatever ends the program")
  func nameless() throws {
    // The temporary folder may lie on a file system that has no such files (O_TMPFILE).
    let probe = open(folder.path, O_WRONLY | O_DIRECTORY | 0o20_000_000, 0o600)
    guard probe >= 0 else { return }
    close(probe)
    try AtomicFile.write(to: path("x")) { append throws(FileError) in
      let bytes = [UInt8](repeating: 7, count: 1 << 20)
      var failure: FileError?
      bytes.withUnsafeBytes { buffer in
        do throws(FileError) { try append(buffer) } catch { failure = error }
      }
      if let failure { throw failure }
      #expect(folder.names == [])
    }
    #expect(folder.names == ["x"])
    #expect(try read("x").count == 1 << 20)
  }

  @Test("a full disk leaves the old file and nothing else", .enabled(if: TinyDisk.isPossible))
  func fullDisk() throws {
    let disk = try #require(TinyDisk(at: folder.path + "/disk"))
    defer { disk.unmount() }
    try write([1], "disk/x")
    #expect(
      message { try write(Array(repeating: 2, count: 1 << 20), "disk/x") }
        == "cannot write 'DIR/disk/x': No space left on device; free some space or write to "
        + "another disk (nothing was left behind)")
    #expect(try read("disk/x") == [1])
    #expect(try FileManager.default.contentsOfDirectory(atPath: path("disk")) == ["x"])
  }
  #endif

  @Test("a mapped file has its bytes, and an empty one none")
  func mapped() throws {
    try write(Array(0..<200), "x")
    try write([], "e")
    let mapped = try MappedFile(path: path("x"))
    #expect(Array(mapped.bytes) == Array(0..<200))
    #expect(mapped.path == path("x"))
    _ = consume mapped
    let empty = try MappedFile(path: path("e"))
    #expect(empty.bytes.count == 0)
  }

  @Test("what cannot be mapped says why")
  func unmappable() throws {
    #expect(mkfifo(path("p"), 0o600) == 0)
    #expect(
      message { try MappedFile(path: path("no")).bytes.count }
        == "cannot open 'DIR/no': No such file or directory; check the spelling of the path")
    #expect(
      message { try MappedFile(path: folder.path).bytes.count }
        == "cannot open 'DIR': Is a directory; name a file, not a folder")
    // No one writes to the pipe: this must not wait.
    #expect(
      message { try MappedFile(path: path("p")).bytes.count }
        == "cannot open 'DIR/p': Invalid argument; name a regular file")
    #expect(
      message { try MappedFile(path: "/dev/null").bytes.count }
        == "cannot open '/dev/null': Invalid argument; name a regular file")
    #expect(
      message { try MappedFile(path: "").bytes.count }
        == "cannot open '': No such file or directory; check the spelling of the path")
    if getuid() != 0 {
      try write([1], "x")
      chmod(path("x"), 0)
      #expect(
        message { try MappedFile(path: path("x")).bytes.count }
          == "cannot open 'DIR/x': Permission denied; "
          + "choose a place you may use or change its permissions")
    }
  }

  @Test("every error is bad input")
  func kinds() {
    #expect(FileError(.open, "x", code: ENOENT).kind == .badInput)
    #expect(
      FileError(.rename, "x", code: EIO).explanation
        == "cannot move into place 'x': Input/output error")
    #expect(FailureKind.badInput.rawValue == 3)
  }
}

#if os(Linux)
/// A file system of 64 kB, for those who may mount one.
private struct TinyDisk {
  let path: String

  static let isPossible: Bool = {
    guard getuid() == 0, let folder = try? ScratchFolder(),
      let disk = TinyDisk(at: folder.path + "/probe")
    else { return false }
    disk.unmount()
    return true
  }()

  init?(at path: String) {
    self.path = path
    guard mkdir(path, 0o700) == 0, mount("tmpfs", path, "tmpfs", 0, "size=64k") == 0 else {
      return nil
    }
  }

  func unmount() { umount(path) }
}
#endif
