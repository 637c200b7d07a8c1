public import Foundation

/// A Chromium without a window, if one is installed.
public struct Browser {
  public struct Page: Sendable {
    /// What the page's console said, and anything the browser reported of its source.
    public var console: [String]
    /// The document once it has been laid out.
    public var document: String
  }

  public static let path: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    for name in ["chromium", "chromium-browser", "google-chrome", "chrome-headless-shell"] {
      for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)")
      {
        return "\(folder)/\(name)"
      }
    }
    return nil
  }()

  /// Opens the page at `url` in a window of `width` pixels.
  public static func open(_ url: URL, width: Int, options: [String] = []) throws -> Page {
    guard let path else { throw CocoaError(.fileNoSuchFile) }
    let scratch = try Scratch()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments =
      [
        "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        "--allow-file-access-from-files",
        "--enable-logging=stderr", "--v=0", "--user-data-dir=\(scratch.path("profile"))",
        "--window-size=\(width),1200", "--virtual-time-budget=2000",
      ] + options + ["--dump-dom", url.absoluteString]
    let (out, err) = (
      scratch.url.appendingPathComponent("out"), scratch.url.appendingPathComponent("err")
    )
    for file in [out, err] { try Data().write(to: file) }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: out)
    process.standardError = try FileHandle(forWritingTo: err)
    try process.run()
    process.waitUntilExit()
    let errors = String(decoding: try Data(contentsOf: err), as: UTF8.self)
    return Page(
      console: errors.split(separator: "\n").filter { $0.contains("CONSOLE") }.map(String.init),
      document: String(decoding: try Data(contentsOf: out), as: UTF8.self))
  }
}
