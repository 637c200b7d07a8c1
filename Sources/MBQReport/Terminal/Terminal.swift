import Foundation

/// What is at the other end of standard output or standard error.
public struct Terminal: Sendable, Equatable {
  /// A person may be watching: it is a terminal.
  public let isTerminal: Bool
  /// Colour and emphasis are welcome (https://no-color.org).
  public let allowsColor: Bool
  /// A line may be drawn over.
  public let allowsMotion: Bool
  /// In columns; 80 where nothing says otherwise.
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

  /// From what is known about it; `columns` is what the system says.
  init(isTerminal: Bool, columns: Int?, environment: [String: String]) {
    self.isTerminal = isTerminal
    let isDumb = environment["TERM"] == "dumb"
    allowsColor = isTerminal && !isDumb && (environment["NO_COLOR"] ?? "").isEmpty
    allowsMotion = isTerminal && !isDumb
    let stated = columns ?? environment["COLUMNS"].flatMap { Int($0) }
    // A width of 0 is what a terminal says that does not know; below 20 nothing can be laid out.
    width = stated.map { $0 <= 0 ? 80 : min(max($0, 20), 1000) } ?? 80
  }
}
