import Foundation
import MBQCore

/// Where results go, which must not be where something came from.
enum OutputPlace {
  /// Refuses to write `output`, as `option` says, over one of `inputs`.
  static func refuse(
    _ output: String?, _ option: String, ifOneOf inputs: [String?]
  ) throws(CommandError) {
    guard let output else { return }
    for case let input? in inputs where isSameFile(output, input) {
      throw .usage(
        "\(option) is '\(output)', which is another file of this command too"
          + (output == input ? "" : " ('\(input)')") + "; give it another name")
    }
  }

  /// Whether both paths lead to one file, which need not be there yet.
  static func isSameFile(_ first: String, _ second: String) -> Bool {
    var (a, b) = (stat(), stat())
    if stat(first, &a) == 0, stat(second, &b) == 0 {
      return a.st_dev == b.st_dev && a.st_ino == b.st_ino
    }
    return URL(fileURLWithPath: first).standardizedFileURL
      == URL(fileURLWithPath: second).standardizedFileURL
  }

  /// Refuses data that can be read only once, by a command that reads it more often.
  static func refusePipe(_ data: String, _ advice: String) throws(CommandError) {
    var status = stat()
    guard stat(data, &status) == 0, [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT) else {
      return
    }
    throw .usage(
      "'\(data)' is a pipe, which can be read once, and this reads it several times; \(advice)")
  }
}
