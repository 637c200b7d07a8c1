import Foundation
import MBQReport

/// Where commands print: results on standard output, remarks on standard error.
enum Output {
  static func show(_ report: Report, json: Bool) {
    if json {
      show(JSONRenderer.render(report))
    } else {
      show(TextRenderer.render(report))
    }
  }

  static func show(_ text: String) {
    write(text.hasSuffix("\n") ? text : text + "\n", to: FileHandle.standardOutput)
  }

  static func remark(_ text: String) {
    write("\(text)\n", to: FileHandle.standardError)
  }

  /// A reader that went away (`mbq … | head`) is no error worth a message.
  private static func write(_ text: String, to handle: FileHandle) {
    do {
      try handle.write(contentsOf: Data(text.utf8))
    } catch {
      exit(0)
    }
  }
}
