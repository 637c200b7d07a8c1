import Synchronization

/// What a call says while it works.
public enum ToolchainEvent: Sendable, Equatable {
  case progress(ToolchainProgress)
  case advice(Advice)
}

/// How far one stage of a call has come.
public struct ToolchainProgress: Sendable, Equatable {
  /// Tells stages apart: no two stages of a process have the same number.
  public var stage: Int
  /// What is done, such as `evaluate`.
  public var name: String
  /// Units done.
  public var done: Int
  /// Units there are; `nil` where that is not known beforehand.
  public var total: Int?
  /// What is counted, such as `texts`.
  public var unit: String
  /// Whether this is the stage's last event.
  public var isFinished: Bool
}

/// A stage of a call, which reports how far it is.
///
/// May be advanced from any thread.
package final class Stage: Sendable {
  private struct State {
    var done = 0
    var isFinished = false
  }

  private static let count = Atomic(0)

  private let number: Int
  private let name: String
  private let total: Int?
  private let unit: String
  private let onEvent: @Sendable (ToolchainEvent) -> Void
  private let state = Mutex(State())

  init(
    _ name: String, total: Int?, unit: String, onEvent: @escaping @Sendable (ToolchainEvent) -> Void
  ) {
    number = Self.count.add(1, ordering: .relaxed).newValue
    self.name = name
    self.total = total
    self.unit = unit
    self.onEvent = onEvent
  }

  package func advance(by count: Int = 1) {
    let done = state.withLock { state in
      state.done += count
      return state.done
    }
    report(done, isFinished: false)
  }

  /// Ends the stage; later calls do nothing.
  package func finish() {
    let done: Int? = state.withLock { state in
      guard !state.isFinished else { return nil }
      state.isFinished = true
      return state.done
    }
    if let done { report(done, isFinished: true) }
  }

  deinit { finish() }

  private func report(_ done: Int, isFinished: Bool) {
    onEvent(
      .progress(
        ToolchainProgress(
          stage: number, name: name, done: done, total: total, unit: unit, isFinished: isFinished)))
  }
}

/// One stage after the other, each told as a share of it done.
package final class StagedProgress {
  private let toolchain: Toolchain
  private let label: String
  private var name = ""
  private var stage: Stage?
  private var shown = 0

  /// `label` stands before each stage's name.
  package init(_ toolchain: Toolchain, label: String = "") {
    self.toolchain = toolchain
    self.label = label
  }

  package func show(_ name: String, _ share: Double) {
    if name != self.name {
      stage?.finish()
      stage = toolchain.stage(label.isEmpty ? name : "\(label): \(name)", total: 100, unit: "%")
      self.name = name
      shown = 0
    }
    let percent = min(max(Int(share * 100), shown), 100)
    if percent > shown { stage?.advance(by: percent - shown) }
    shown = percent
  }

  package func finish() {
    stage?.finish()
    stage = nil
    name = ""
  }
}
