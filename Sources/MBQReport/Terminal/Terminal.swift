import Foundation

/// The terminal, file or pipe behind standard output or standard error.
public struct Terminal: Sendable, Equatable {
  /// Whether it is a terminal.
  public let isTerminal: Bool
  /// Whether colour and emphasis are allowed (https://no-color.org).
  public let allowsColor: Bool
  /// Whether a line may be redrawn.
  public let allowsMotion: Bool
  /// In columns; 80 if unknown.
  public let width: Int

  public static var standardOutput: Terminal { Terminal(descriptor: STDOUT_FILENO) }
  public static var standardError: Terminal { Terminal(descriptor: STDERR_FILENO) }

  /// Asks the system about `descriptor`.
  public init(
    descriptor: Int32, environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    var size = winsize()
    let isKnown = ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0
    self.init(
      isTerminal: isatty(descriptor) == 1, columns: isKnown ? Int(size.ws_col) : nil,
      environment: environment)
  }

  /// From known facts; `columns` is the system's answer.
  init(isTerminal: Bool, columns: Int?, environment: [String: String]) {
    self.isTerminal = isTerminal
    let isDumb = environment["TERM"] == "dumb"
    allowsColor = isTerminal && !isDumb && (environment["NO_COLOR"] ?? "").isEmpty
    allowsMotion = isTerminal && !isDumb
    let stated = columns ?? environment["COLUMNS"].flatMap { Int($0) }
    // A terminal of unknown width reports 0; below 20 columns no layout is possible.
    width = stated.map { $0 <= 0 ? 80 : min(max($0, 20), 1000) } ?? 80
  }
}
