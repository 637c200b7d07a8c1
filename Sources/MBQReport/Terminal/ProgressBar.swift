import MBQCore
import MBQEvaluation
import Synchronization

/// The progress of long work, in one line of standard error that is redrawn and finally cleared.
///
/// It writes only to a terminal, not in the first half second, and at most ten times a second. Any thread
/// may advance it.
public final class ProgressBar: Sendable {
  private struct State {
    var done = 0
    var isDrawn = false
    var isFinished = false
    var lastDrawn: UInt64?
  }

  /// The place where it draws; tests use their own.
  struct Screen: Sendable {
    var isActive: Bool
    /// Asked each time: people resize windows.
    var width: @Sendable () -> Int
    var now: @Sendable () -> UInt64
    var write: @Sendable (String) -> Void

    static var standardError: Screen {
      Screen(
        isActive: Terminal.standardError.allowsMotion,
        width: { Terminal.standardError.width },
        now: { MonotonicClock.nanoseconds },
        write: { Standard.writeError($0) })
    }
  }

  private let label: String
  private let unit: String
  private let total: Int?
  private let screen: Screen
  private let start: UInt64
  private let state = Mutex(State())

  /// Work of `total` units, or of unknown length; `unit` is the plural name, such as `texts`.
  public convenience init(_ label: String, total: Int?, unit: String = "texts") {
    self.init(label, total: total, unit: unit, screen: .standardError)
  }

  init(_ label: String, total: Int?, unit: String, screen: Screen) {
    self.label = DisplayText.clean(label)
    self.unit = unit
    self.total = total.map { max($0, 0) }
    self.screen = screen
    start = screen.now()
  }

  public func advance(by count: Int = 1) {
    guard screen.isActive else { return }
    state.withLock { state in
      state.done += count
      let now = screen.now()
      guard !state.isFinished, now - (state.lastDrawn ?? start) >= Self.pause(state.isDrawn)
      else { return }
      state.lastDrawn = now
      state.isDrawn = true
      let line = Self.line(
        label: label, unit: unit, done: state.done, total: total,
        seconds: Double(now - start) / 1e9, width: screen.width() - 1)
      screen.write("\r\(line)\u{1B}[K")
    }
  }

  /// Clears the line.
  ///
  /// Later calls do nothing.
  public func finish() {
    state.withLock { state in
      if state.isDrawn && !state.isFinished { screen.write("\r\u{1B}[K") }
      state.isFinished = true
    }
  }

  deinit { finish() }

  private static func pause(_ isDrawn: Bool) -> UInt64 { isDrawn ? 100_000_000 : 500_000_000 }

  /// The line, at most `width` columns.
  ///
  /// Without enough room, it leaves out the bar, then the rate.
  static func line(
    label: String, unit: String, done: Int, total: Int?, seconds: Double, width: Int
  ) -> String {
    let rate = seconds > 0 ? Double(done) / seconds : 0
    let rateText = "\(Human.rate(rate)) \(unit)/s"
    guard let total, total > 0 else {
      return DisplayText.shortened("\(label)  \(Human.count(done)) \(unit)  \(rateText)", to: width)
    }
    let share = min(1, Double(done) / Double(total))
    let percent = DisplayText.padded(
      "\(Int(share * 100)) %", to: 5, trailing: true)
    let counts = "\(Human.count(done))/\(Human.count(total))"
    let left = rate > 0 ? Double(max(total - done, 0)) / rate : .infinity
    let wait = "ETA \(left.isFinite ? Human.duration(nanoseconds: (left.rounded(.up)) * 1e9) : "-")"
    let tail = [counts, rateText, wait].joined(separator: "  ")
    let room = width - DisplayText.width(label) - DisplayText.width(tail) - 13
    if room >= 8 {
      let cells = min(room, 30)
      let filled = Int(share * Double(cells))
      let bar =
        String(repeating: "#", count: filled) + String(repeating: "-", count: cells - filled)
      return "\(label)  [\(bar)] \(percent)  \(tail)"
    }
    for text in ["\(label) \(percent)  \(tail)", "\(label) \(percent)  \(wait)"]
    where DisplayText.width(text) <= width {
      return text
    }
    return DisplayText.shortened("\(percent.drop { $0 == " " }) \(label)", to: width)
  }
}
