import MBQCore

/// A file of a checkpoint, mapped as long as this object lives; or bytes made from a file, such as an inflated
/// entry of an archive.
public final class SourceFile: Sendable {
  public let path: String
  private let storage: Storage

  private enum Storage: Sendable {
    case mapped(Mapping)
    case memory(OwnedBytes)
    case deflated(DeflatedBytes)
  }

  /// A `MappedFile` that an enum can hold.
  private final class Mapping: Sendable {
    let file: MappedFile

    init(_ file: consuming MappedFile) { self.file = file }
  }

  /// Maps the regular file at `path`; refuses anything else with a `FileError`.
  init(path: String) throws(FileError) {
    self.path = path
    storage = .mapped(Mapping(try MappedFile(path: path)))
  }

  /// Bytes in memory that came from the file at `path`, which errors name.
  init(path: String, memory: OwnedBytes) {
    self.path = path
    storage = .memory(memory)
  }

  /// Bytes that are inflated when they are first needed: `prepare` has to come before `bytes`.
  init(path: String, deflated: DeflatedBytes) {
    self.path = path
    storage = .deflated(deflated)
  }

  /// The number of bytes, before or after `prepare`.
  var byteCount: Int {
    switch storage {
    case .mapped(let mapping): mapping.file.bytes.count
    case .memory(let owned): owned.bytes.count
    case .deflated(let deflated): deflated.byteCount
    }
  }

  /// Makes `bytes` usable.
  ///
  /// Refuses, with `CheckpointError.format`, a stream that is damaged or not of the stated size.
  func prepare() throws(CheckpointError) {
    if case .deflated(let deflated) = storage {
      do throws(ZipProblem) {
        try deflated.inflate()
      } catch {
        throw .format(FormatError(path: path, problem: error))
      }
    }
  }

  /// The bytes of the file.
  ///
  /// They must not be used after the last reference to this is gone.
  public var bytes: UnsafeRawBufferPointer {
    switch storage {
    case .mapped(let mapping): mapping.file.bytes
    case .memory(let owned): owned.bytes
    case .deflated(let deflated): deflated.bytes
    }
  }

  /// Announces that the bytes in `range` will not be used soon, so that a large file can leave memory; they
  /// stay usable.
  func release(_ range: Range<Int>) {
    if case .mapped(let mapping) = storage { mapping.file.release(range) }
  }

  /// Opens the file called `name` in the folder of this one.
  ///
  /// Names in files are untrusted. Refuses, with `CheckpointError.unsupported`, one that is not a
  /// plain name, so that nothing outside the folder is read; with `.file` what cannot be opened.
  func sibling(_ name: String) throws(CheckpointError) -> SourceFile {
    guard Self.isPlain(name) else {
      throw .unsupported(
        path: path, what: "it names the file \(quoted(name)), which is not beside it",
        advice: "only files in the same folder are opened; put it there and save the model again")
    }
    let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    do throws(FileError) {
      return try SourceFile(path: folder + name)
    } catch {
      throw .file(error)
    }
  }

  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 200
      && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
      // A character that needs an escape in a message is refused too.
      && quoted(name) == "'\(name)'"
  }
}

/// Memory at a multiple of 64 bytes, freed with the object.
final class OwnedBytes: @unchecked Sendable {
  let bytes: UnsafeRawBufferPointer
  private let memory: UnsafeMutableRawBufferPointer

  /// `fill` writes all `byteCount` bytes, or throws.
  init<E: Error>(
    byteCount: Int, fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void
  ) throws(E) {
    memory = .allocate(byteCount: max(byteCount, 1), alignment: 64)
    bytes = UnsafeRawBufferPointer(rebasing: memory[..<byteCount])
    try fill(UnsafeMutableRawBufferPointer(rebasing: memory[..<byteCount]))
  }

  convenience init(_ bytes: some Collection<UInt8>) {
    self.init(byteCount: bytes.count) { $0.copyBytes(from: bytes) }
  }

  deinit { memory.deallocate() }
}
