import MBQCore

/// A file a checkpoint was read from, mapped as long as anybody holds this.
public final class SourceFile: Sendable {
  public let path: String
  private let file: MappedFile

  /// Maps the regular file at `path`; refuses anything else with a `FileError`.
  init(path: String) throws(FileError) {
    self.path = path
    file = try MappedFile(path: path)
  }

  /// The bytes of the file.
  ///
  /// They must not be used after the last reference to this is gone.
  public var bytes: UnsafeRawBufferPointer { file.bytes }
}
