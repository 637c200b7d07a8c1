import Synchronization
import Testing

@testable import MBQReport

@Suite("Progress and terminals")
struct ProgressTests {
  private final class Recorder: Sendable {
    let lines = Mutex<[String]>([])
    let time = Mutex<UInt64>(0)

    func screen(isActive: Bool = true, width: Int = 80) -> ProgressBar.Screen {
      ProgressBar.Screen(
        isActive: isActive, width: { width }, now: { self.time.withLock { $0 } },
        write: { text in self.lines.withLock { $0.append(text) } })
    }
    func wait(milliseconds: UInt64) { time.withLock { $0 += milliseconds * 1_000_000 } }
    var written: [String] { lines.withLock { $0 } }
  }

  @Test("it waits, is drawn at most ten times a second, and clears itself once")
  func rate() {
    let recorder = Recorder()
    let bar = ProgressBar("evaluating", total: 1000, unit: "texts", screen: recorder.screen())
    bar.advance()
    #expect(recorder.written.isEmpty)
    recorder.wait(milliseconds: 499)
    bar.advance()
    #expect(recorder.written.isEmpty)
    for _ in 0..<200 {
      recorder.wait(milliseconds: 10)
      bar.advance()
    }
    #expect((19...21).contains(recorder.written.count), "\(recorder.written.count)")
    #expect(recorder.written.allSatisfy { $0.hasPrefix("\r") && $0.hasSuffix("\u{1B}[K") })
    bar.finish()
    bar.finish()
    recorder.wait(milliseconds: 1000)
    bar.advance()
    #expect(recorder.written.last == "\r\u{1B}[K")
    #expect(recorder.written.filter { $0 == "\r\u{1B}[K" }.count == 1)
  }

  @Test("nothing is written where nobody watches, nor for short work")
  func silence() {
    let recorder = Recorder()
    let bar = ProgressBar("x", total: 10, unit: "u", screen: recorder.screen(isActive: false))
    recorder.wait(milliseconds: 1000)
    bar.advance(by: 10)
    bar.finish()
    let short = ProgressBar("x", total: 10, unit: "u", screen: recorder.screen())
    short.advance(by: 10)
    short.finish()
    #expect(recorder.written.isEmpty)
  }

  @Test("threads may share it")
  func threads() async {
    let recorder = Recorder()
    let bar = ProgressBar("x", total: 8000, unit: "u", screen: recorder.screen())
    await withTaskGroup { group in
      for _ in 0..<8 { group.addTask { for _ in 0..<1000 { bar.advance() } } }
    }
    recorder.wait(milliseconds: 1000)
    bar.advance(by: 0)
    #expect(recorder.written.count == 1)
    #expect(recorder.written[0].contains("8,000/8,000"))
  }

  @Test(
    "the line fits the terminal and drops the least needed first",
    arguments: [
      (79, "evaluating  [#########------------]  44 %  950/2,122  34.2 texts/s  ETA 35.0 s"),
      (70, "evaluating  [#####-------]  44 %  950/2,122  34.2 texts/s  ETA 35.0 s"),
      (60, "evaluating  44 %  950/2,122  34.2 texts/s  ETA 35.0 s"),
      (30, "evaluating  44 %  ETA 35.0 s"),
      (12, "44 % eval..."),
    ])
  func line(width: Int, expected: String) {
    let line = ProgressBar.line(
      label: "evaluating", unit: "texts", done: 950, total: 2122, seconds: 27.8, width: width)
    #expect(DisplayText.width(line) <= width)
    #expect(line == expected)
  }

  @Test("no total, too much done, nothing done: still a line that fits")
  func edges() {
    for (done, total) in [(5, nil), (5, 0), (50, 10), (0, 10), (Int.max, 1), (1, Int.max)]
      as [(Int, Int?)]
    {
      for width in [0, 1, 10, 20, 79] {
        for seconds in [0, 1e-9, 5, 1e12] {
          let line = ProgressBar.line(
            label: "reading 漢字", unit: "rows", done: done, total: total, seconds: seconds,
            width: width)
          #expect(DisplayText.width(line) <= width)
        }
      }
    }
    #expect(
      ProgressBar.line(
        label: "reading", unit: "rows", done: 1500, total: nil, seconds: 2, width: 79)
        == "reading  1,500 rows  750 rows/s")
  }

  @Test("colour, motion and width follow the environment")
  func terminal() {
    func terminal(_ isTerminal: Bool, _ columns: Int?, _ environment: [String: String]) -> Terminal
    {
      Terminal(isTerminal: isTerminal, columns: columns, environment: environment)
    }
    let plain = terminal(true, 120, [:])
    #expect(plain.allowsColor && plain.allowsMotion && plain.width == 120)
    #expect(!terminal(true, 120, ["NO_COLOR": "1"]).allowsColor)
    #expect(terminal(true, 120, ["NO_COLOR": ""]).allowsColor)
    #expect(terminal(true, 120, ["NO_COLOR": "1"]).allowsMotion)
    let dumb = terminal(true, nil, ["TERM": "dumb"])
    #expect(!dumb.allowsColor && !dumb.allowsMotion && dumb.width == 80)
    let file = terminal(false, nil, ["COLUMNS": "100"])
    #expect(!file.allowsColor && !file.allowsMotion && file.width == 100)
    #expect(terminal(true, 0, [:]).width == 80 && terminal(true, 3, [:]).width == 20)
    #expect(terminal(false, nil, ["COLUMNS": "x"]).width == 80)
    #expect(Terminal(descriptor: -1).isTerminal == false)
  }
}
