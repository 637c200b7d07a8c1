import Foundation
import MBQCore

/// What a path leads to.
package enum Paths {
  package static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  package static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  /// Whether a path is a packed model's.
  package static func isPacked(_ path: String) -> Bool {
    if URL(fileURLWithPath: path).pathExtension == "mbq" { return true }
    // Opened without waiting: a pipe is refused, as any checkpoint that is none.
    guard let file = try? MappedFile(path: path) else { return false }
    return file.bytes.starts(with: [0x89, 0x4D, 0x42, 0x51])
  }

  /// Makes the folder at `path` if there is none.
  package static func makeFolder(_ path: String) throws(ToolchainError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw .folder(path: path, reason: error.localizedDescription)
    }
  }
}

/// Where results go, which must not be where something came from.
package enum OutputPlace {
  /// Refuses to write `output`, the value of `setting`, over one of `inputs`.
  package static func refuse(
    _ output: String?, _ setting: Setting, ifOneOf inputs: [String?]
  ) throws(ToolchainError) {
    guard let output else { return }
    for case let input? in inputs where isSameFile(output, input) {
      throw .overwrites(setting, output: output, input: input)
    }
  }

  /// Whether both paths lead to one file, which need not be there yet.
  package static func isSameFile(_ first: String, _ second: String) -> Bool {
    var (a, b) = (stat(), stat())
    if stat(first, &a) == 0, stat(second, &b) == 0 {
      return a.st_dev == b.st_dev && a.st_ino == b.st_ino
    }
    return URL(fileURLWithPath: first).standardizedFileURL
      == URL(fileURLWithPath: second).standardizedFileURL
  }

  /// Refuses data that can be read only once, by a call that reads it more often.
  package static func refusePipe(
    _ data: String, takesStandardInput: Bool = false
  ) throws(ToolchainError) {
    var status = stat()
    guard stat(data, &status) == 0, [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT) else {
      return
    }
    throw .pipe(path: data, takesStandardInput: takesStandardInput)
  }
}
