import Foundation
import MBQTestSupport
import Testing

/// Standard streams that are full, closed or not read, pipes in place of files, and results that would go
/// where something came from.
@Suite("streams and places")
struct StreamTests {
  private let scratch: Scratch
  private let mbq = Program("mbq")
  private let texts = Repository.path("Formats/answers/golden/texts.csv")
  private let answers = Repository.path("Formats/answers/golden/both.answers")

  init() throws { scratch = try Scratch() }

  /// Runs a line of shell in the scratch folder, where `$mbq` is the program.
  private func shell(_ line: String) throws -> (code: Int32, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", line]
    process.currentDirectoryURL = scratch.url
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["mbq": mbq.url.path, "texts": texts, "answers": answers]) { $1 }
    let log = scratch.path("stderr")
    try Data().write(to: URL(fileURLWithPath: log))
    process.standardInput = FileHandle.nullDevice
    process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: log))
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, try String(contentsOfFile: log, encoding: .utf8))
  }

  private func pack() throws -> String {
    let path = scratch.path("tiny.mbq")
    let result = try mbq.run(["quantize", "Examples/tiny-news/model", "--bits", "8", "-o", path])
    try #require(result.code == 0, "\(result.errors)")
    return path
  }

  @Test("a check that fails fails whether or not its output can be written or is read")
  func unread() throws {
    let check = "\"$mbq\" check --candidate \"$answers\" --max-drop 0%"
    #expect(try shell(check).code == 1)
    // The reader is gone before anything is written.
    let unread = try shell("{ sleep 0.2; \(check); echo $? >code; } | :")
    #expect(unread.errors.hasPrefix("error: the check of "))
    #expect(try String(contentsOfFile: scratch.path("code"), encoding: .utf8) == "1\n")
    #if os(Linux)
    let full = try shell("\(check) >/dev/full")
    #expect(full.code == 3)
    #expect(full.errors == "error: cannot write to standard output: No space left on device\n")
    #expect(try shell("\"$mbq\" data describe \"$texts\" >/dev/full").code == 3)
    #expect(try shell("\"$mbq\" --help >/dev/full").code == 3)
    #expect(try shell("\"$mbq\" data describe nosuch.csv 2>/dev/full").code == 3)
    #endif
    #expect(try shell("\(check) >&-").code == 3)
    #expect(try shell("\"$mbq\" data describe \"$texts\" | :").code == 0)
  }

  @Test("a closed standard error is no crash, and no file of the command's gets what it was to get")
  func closed() throws {
    #expect(try shell("\"$mbq\" data describe nosuch.csv 2>&-").code == 3)
    _ = try pack()
    let run = "\"$mbq\" evaluate tiny.mbq --data \"$texts\" -o kept --mistakes-file wrong.csv"
    #expect(try shell(run).code == 0)
    let before = try String(contentsOfFile: scratch.path("wrong.csv"), encoding: .utf8)
    // The second run has a note to write: the rows are answered already.
    #expect(try shell(run + " 2>&-").code == 0)
    #expect(try String(contentsOfFile: scratch.path("wrong.csv"), encoding: .utf8) == before)
  }

  @Test("a pipe is refused where it would be read twice, and never waited for")
  func pipes() throws {
    let model = try pack()
    #expect(mkfifo(scratch.path("pipe"), 0o600) == 0)
    let pipe = scratch.path("pipe")
    for (arguments, code, message) in [
      (
        ["evaluate", model, "--data", pipe], 2,
        "is a pipe, which can be read once, and this reads it several times; give --data a file, or - "
          + "and the pipe as standard input"
      ),
      (["report", model, "--data", pipe, "-o", scratch.path("r")], 2, "give --data a file"),
      (["evaluate", model, "--data", texts, "-o", pipe], 3, "is not a file of answers"),
      (["check", "--candidate", pipe, "--max-drop", "1%"], 2, "holds no kept answers"),
      (
        ["check", "--candidate", model, "--baseline", pipe, "--data", texts, "--max-drop", "1%"], 3,
        "name a regular file"
      ),
    ] {
      let result = try mbq.run(arguments)
      #expect(result.code == code, "\(result.errors)")
      #expect(result.errors.contains(message), "\(result.errors)")
    }
  }

  @Test("no result is written over what it was made from")
  func overInputs() throws {
    let model = try pack()
    let (data, kept) = (scratch.path("d.csv"), scratch.path("kept"))
    try FileManager.default.copyItem(atPath: texts, toPath: data)
    try FileManager.default.copyItem(atPath: answers, toPath: kept)
    let same = scratch.path("./d.csv")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path("report.md"), withDestinationPath: data)
    let run = ["evaluate", model, "--data", data]
    for (arguments, option) in [
      (run + ["--mistakes-file", same], "--mistakes-file"),
      (run + ["--mistakes-file", model], "--mistakes-file"),
      (run + ["-o", scratch.path("n"), "--mistakes-file", scratch.path("./n")], "--mistakes-file"),
      (run + ["--baseline", kept, "-o", kept], "-o"),
      (["evaluate", "--merge", kept, "-o", kept], "-o"),
      (["check", "--candidate", kept, "--max-drop", "1%", "--junit", kept], "--junit"),
      (["report", model, "--data", data, "-o", scratch.url.path], "a file of --output"),
    ] {
      let result = try mbq.run(arguments)
      #expect(result.code == 2, "\(arguments)")
      #expect(result.errors.hasPrefix("error: \(option) is '"), "\(result.errors)")
      #expect(result.errors.contains("which is another file of this command too"))
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: data)).starts(with: Data("title,".utf8)))
    #expect(try scratch.contents() == ["d.csv", "kept", "report.md", "tiny.mbq"])
  }

  @Test("of a report or a split that cannot be finished nothing is left")
  func allOrNothing() throws {
    let model = try pack()
    for (folder, arguments) in [
      ("r", ["report", model, "--data", texts, "--rounds", "1"]),
      ("s", ["data", "split", texts, "--test", "2"]),
    ] {
      // What comes last cannot be written.
      let last = folder == "r" ? "report.html" : "test.csv"
      try FileManager.default.createDirectory(
        atPath: scratch.path("\(folder)/\(last)"), withIntermediateDirectories: true)
      let result = try mbq.run(arguments + ["-o", scratch.path(folder)])
      #expect(result.code == 3)
      #expect(result.errors.contains("/\(last)': Is a directory; name a file, not a folder"))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: scratch.path(folder)) == [last])
    }
  }

  @Test("answers to fewer rows than their digest says are refused")
  func otherRows() throws {
    let model = try pack()
    let bad = Repository.path("Formats/answers/golden/bad/other-rows.answers")
    let run = try mbq.run(["evaluate", model, "--data", texts, "--baseline", bad])
    #expect(run.code == 3)
    #expect(run.errors.contains("(2 rows then, 7 now)"), "\(run.errors)")
    let check = try mbq.run(["check", "--candidate", bad, "--data", texts, "--max-drop", "1%"])
    #expect(check.code == 3)
    #expect(check.errors.contains("(2 rows then, 7 now)"), "\(check.errors)")
  }

  @Test("GitHub's runner obeys no word of a dataset or a file name")
  func runner() throws {
    let model = try pack()
    let data = scratch.path("d.csv")
    try Data("text,label\n##[add-mask]a,0\n##[add-mask]a,1\n".utf8).write(
      to: URL(fileURLWithPath: data))
    let run = ["evaluate", model, "--data", data]
    let watched = try mbq.run(run, environment: ["GITHUB_ACTIONS": "true"])
    let lines = watched.output.split(separator: "\n")
    let mark = try #require(lines.first).dropFirst("::stop-commands::".count)
    #expect(lines.first?.hasPrefix("::stop-commands::mbq-") == true)
    #expect(lines.last == "::\(mark)::")
    #expect(watched.output.contains("##[add-mask]a"))
    let other = try mbq.run(run, environment: ["GITHUB_ACTIONS": ""])
    #expect(!other.output.contains("::"))
    let failed = try mbq.run(
      ["data", "describe", "##[error]x"], environment: ["GITHUB_ACTIONS": "true"])
    #expect(failed.errors.hasPrefix("::stop-commands::"))
    // Nor does a terminal.
    let steering = try mbq.run(["data", "describe", "\u{1B}[2Jx\u{202E}"])
    #expect(
      steering.errors
        == "error: cannot open '\u{FFFD}[2Jx\u{FFFD}': No such file or directory; check the spelling "
        + "of the path\n")
  }
}
