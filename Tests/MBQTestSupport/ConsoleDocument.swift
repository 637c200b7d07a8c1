public import Foundation

/// A Markdown file whose `console` blocks show commands, after `$`, and what they print.
///
/// A line that is only `…` stands for any number of lines that are left out.
public struct ConsoleDocument {
  public struct Command {
    /// For a shell; may have several lines, all but the last ending with a backslash.
    public var text: String
    public var output: [String]
    /// The line of the file after the command's own, from 0.
    var place: Int
  }

  private var lines: [String]
  public private(set) var commands: [Command] = []
  private let url: URL

  public init(_ path: String) throws {
    url = Repository.root.appendingPathComponent(path)
    lines = try String(contentsOf: url, encoding: .utf8).components(separatedBy: "\n")
    var isInside = false
    var isCommand = false
    for (number, line) in lines.enumerated() {
      if line.hasPrefix("```") {
        isInside = !isInside && line == "```console"
        isCommand = false
      } else if isInside, line.hasPrefix("$ ") {
        commands.append(Command(text: String(line.dropFirst(2)), output: [], place: number + 1))
        isCommand = line.hasSuffix("\\")
      } else if isInside, isCommand {
        commands[commands.count - 1].text += "\n" + line
        commands[commands.count - 1].place = number + 1
        isCommand = line.hasSuffix("\\")
      } else if isInside, !commands.isEmpty {
        commands[commands.count - 1].output.append(line)
      }
    }
  }

  /// What is printed by each command in turn, with `tools` in front of the search path.
  public func run(in folder: URL, tools: URL) throws -> [String] {
    try commands.map { command in
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      process.arguments = ["-c", command.text]
      process.currentDirectoryURL = folder
      var environment = ProcessInfo.processInfo.environment
      environment["PATH"] = tools.path + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
      environment["COLUMNS"] = "80"
      environment["LC_ALL"] = "C"
      environment["GITHUB_ACTIONS"] = nil
      process.environment = environment
      let scratch = try Scratch()
      let file = scratch.url.appendingPathComponent("output")
      try Data().write(to: file)
      let handle = try FileHandle(forWritingTo: file)
      process.standardOutput = handle
      process.standardError = handle
      process.standardInput = FileHandle.nullDevice
      try process.run()
      process.waitUntilExit()
      return try String(contentsOf: file, encoding: .utf8)
    }
  }

  /// Where `output` is not what the document shows; `nil` if it is, but for what `masked` makes equal.
  public func difference(
    _ command: Command, from output: String, masked: (String) -> String
  ) -> String? {
    let found = Self.lines(output)
    let shown = command.output
    let (head, tail) = Self.parts(shown)
    let gap = found.count - head.count - (tail?.count ?? 0)
    guard tail == nil ? gap == 0 : gap >= 0 else {
      return "\(command.text): \(found.count) lines for \(shown.count) shown:\n\(output)"
    }
    let pairs =
      Array(zip(head, found)) + Array(zip(tail ?? [], found.suffix(tail?.count ?? 0)))
    for (old, new) in pairs where masked(old) != masked(new) {
      return "\(command.text)\nshown: \(old)\nnow:   \(new)"
    }
    return nil
  }

  /// Writes the document with these outputs; where lines are left out, as many are kept as were shown
  /// before and after.
  public func record(_ outputs: [String]) throws {
    var lines = lines
    for (command, output) in zip(commands, outputs).reversed() {
      let found = Self.lines(output)
      let (head, tail) = Self.parts(command.output)
      let kept: [String]
      if let tail, found.count > head.count + tail.count {
        kept = Array(found.prefix(head.count)) + ["…"] + Array(found.suffix(tail.count))
      } else {
        kept = found
      }
      lines.replaceSubrange(command.place..<command.place + command.output.count, with: kept)
    }
    try Data(lines.joined(separator: "\n").utf8).write(to: url)
  }

  private static func lines(_ output: String) -> [String] {
    var lines = output.components(separatedBy: "\n")
    while lines.last == "" { lines.removeLast() }
    return lines
  }

  private static func parts(_ shown: [String]) -> (head: [String], tail: [String]?) {
    guard let gap = shown.firstIndex(of: "…") else { return (shown, nil) }
    return (Array(shown[..<gap]), Array(shown[(gap + 1)...]))
  }
}
