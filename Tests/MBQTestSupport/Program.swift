public import Foundation

/// One of the package's programs, run as a user runs it.
public struct Program {
  public struct Result: Sendable {
    public var code: Int32
    public var output: String
    public var errors: String
  }

  public let url: URL

  /// The program built beside the tests.
  public init(_ name: String) {
    // The test runner stands in the build folder, or (macOS) in a bundle inside it.
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    for candidate in [Bundle.main.bundleURL, folder] + Bundle.allBundles.map(\.bundleURL) {
      var place = candidate
      for _ in 0..<4 {
        if FileManager.default.isExecutableFile(atPath: place.appendingPathComponent(name).path) {
          folder = place
          break
        }
        place.deleteLastPathComponent()
      }
    }
    url = folder.appendingPathComponent(name)
  }

  /// Runs it to its end.
  ///
  /// `input` is its standard input; `environment` is added to the caller's.
  public func run(
    _ arguments: [String], input: String = "", environment: [String: String] = [:],
    folder: URL = Repository.root
  ) throws -> Result {
    let process = Process()
    process.executableURL = url
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(
      environment.merging(["COLUMNS": "80"]) { first, _ in first }
    ) { $1 }
    // Files rather than pipes: nothing waits for anything, however much is written.
    let scratch = try Scratch()
    let (out, err) = (
      scratch.url.appendingPathComponent("out"), scratch.url.appendingPathComponent("err")
    )
    let into = scratch.url.appendingPathComponent("in")
    try Data(input.utf8).write(to: into)
    for file in [out, err] { try Data().write(to: file) }
    process.standardInput = try FileHandle(forReadingFrom: into)
    process.standardOutput = try FileHandle(forWritingTo: out)
    process.standardError = try FileHandle(forWritingTo: err)
    try process.run()
    process.waitUntilExit()
    return Result(
      code: process.terminationStatus,
      output: String(decoding: try Data(contentsOf: out), as: UTF8.self),
      errors: String(decoding: try Data(contentsOf: err), as: UTF8.self))
  }
}

/// A folder of its own for a test, removed with the value.
public final class Scratch: Sendable {
  public let url: URL

  public init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("mbq-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  public func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// What is in the folder, by name.
  public func contents() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}
