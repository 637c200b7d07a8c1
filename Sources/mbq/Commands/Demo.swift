import ArgumentParser
import Foundation
import MBQReport
import MBQToolchain

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Quantizes a checkpoint to 32, 16 and 8 bits and shows size, latency and accuracy.",
    discussion: """
      Without arguments it uses the small model that mbq carries (Examples/tiny-news); needs no network.

      Examples:
        mbq demo
        mbq demo --checkpoint ./my-model --data test.csv
      """)

  @Option(help: ArgumentHelp("The checkpoint (default: the one mbq carries).", valueName: "folder"))
  var checkpoint: String?

  @Option(help: ArgumentHelp("Labelled texts (default: the ones mbq carries).", valueName: "file"))
  var data: String?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Where to leave the packed models (default: nowhere).", valueName: "folder"))
  var output: String?

  @OptionGroup var columns: DataOptions
  @OptionGroup var runtime: RuntimeOptions

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard (checkpoint == nil) == (data == nil) else {
      throw ValidationError("Give both --checkpoint and --data, or neither.")
    }
  }

  func run() throws {
    let source = try checkpoint ?? Self.carried("model")
    let data = try data ?? Self.carried("test.csv")
    let folder = try output.map { URL(fileURLWithPath: $0) } ?? Self.temporaryFolder()
    if output != nil {
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      } catch {
        throw CommandError.badInput(
          "cannot make the folder '\(folder.path)': \(error.localizedDescription)")
      }
    }
    // What is left behind in the system's temporary folder is the system's to clean; its removal
    // failing must not spoil the result.
    defer { if output == nil { try? FileManager.default.removeItem(at: folder) } }

    let result = try runtime.toolchain.demonstrate(
      CheckpointSource(source), data: data, dataset: columns.dataset, folder: folder.path)
    var report = Report([
      .facts([
        .init("checkpoint", source), .init("texts", "\(data), \(result.rows) rows"),
        .init(
          "latency",
          "one text of \(result.tokens) tokens, \(runtime.threads) thread(s), median of 21 interleaved rounds"
        ),
      ]),
      .table(result.table),
    ])
    if let output { report.blocks.append(.note("the packed models are in \(output)")) }
    Output.show(report, json: json)
  }

  /// A file of the example: in the current directory's checkout, or where `make install` put it.
  private static func carried(_ name: String) throws(CommandError) -> String {
    let program = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    let executable = Bundle.main.executableURL?.resolvingSymlinksInPath() ?? program
    let installed = executable.deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("share/mbq/tiny-news")
    for folder in ["Examples/tiny-news", installed.path] {
      let path = "\(folder)/\(name)"
      if FileManager.default.fileExists(atPath: path) { return path }
    }
    throw .badInput(
      "the model mbq carries is neither in ./Examples/tiny-news nor in \(installed.path); "
        + "run this in a checkout, or give --checkpoint and --data")
  }

  private static func temporaryFolder() throws(CommandError) -> URL {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("mbq-demo-\(UUID().uuidString)")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw .badInput("cannot make a temporary folder: \(error.localizedDescription)")
    }
    return folder
  }
}
