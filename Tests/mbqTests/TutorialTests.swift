import Foundation
import MBQTestSupport
import Testing

/// The tutorial shows what its commands print: they are run as they stand there.
///
/// `MBQ_RECORD=1` writes what they print now into it, to be reviewed.
@Suite("tutorial")
struct TutorialTests {
  @Test("each command prints what Examples/release shows")
  func release() throws {
    let document = try ConsoleDocument("Examples/release/README.md")
    try #require(document.commands.count > 10)
    let scratch = try Scratch()
    try FileManager.default.createDirectory(
      atPath: scratch.path("my-model"), withIntermediateDirectories: true)
    for (from, to) in [
      ("model", "my-model/checkpoint-3750"), ("test.csv", "test.csv"),
      ("validation.csv", "validation.csv"),
    ] {
      try FileManager.default.copyItem(
        atPath: Repository.path("Examples/tiny-news/\(from)"), toPath: scratch.path(to))
    }
    let outputs = try document.run(
      in: scratch.url, tools: Program("mbq").url.deletingLastPathComponent())
    if ProcessInfo.processInfo.environment["MBQ_RECORD"] == "1" {
      try document.record(outputs)
      return
    }
    for (command, output) in zip(document.commands, outputs) {
      let difference = document.difference(command, from: output) {
        Self.masked($0, memory: command.text.hasPrefix("mbq report"))
      }
      #expect(difference == nil)
    }
  }

  /// Without what is another from machine to machine: times, the processor's kernels, in a report the
  /// memory, and the widths of columns that follow from those.
  private static func masked(_ line: String, memory: Bool) -> String {
    var line = line.replacing(/[\d.,]+ (ns|µs|ms|s|min)\b/, with: "TIME")
      .replacing(/[\d.,]+ (texts|tokens)\/s/, with: "SPEED")
      .replacing(/[\d.]+ times as fast/, with: "N times as fast")
      .replacing(/1 thread, \w+/, with: "1 thread, KERNELS")
    if memory { line = line.replacing(/[\d.]+ MB/, with: "MEMORY") }
    return line.replacing(/-{3,}/, with: "---").replacing(/[ ]+/, with: " ")
  }
}
