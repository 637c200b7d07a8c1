import MBQEvaluation
import MBQFormat
import MBQRuntime

/// What every step of a model took in a run: the mean of the faster half of the rounds.
///
/// A mean, so that parts add up to the whole; of the faster half, so that a round somebody disturbed
/// does not count.
struct StepProfile: Sendable {
  /// Rounds that went into the means.
  let rounds: Int
  let workers: Int
  /// From token ids to logits, with the clock read at every step.
  let nanoseconds: Double
  /// The same of runs without the clock, taken in turn with the others.
  let plainNanoseconds: Double
  /// One a step, `rounds` runs added up.
  let steps: [RunProfile.Entry]

  init(
    _ model: Model, _ parallel: Parallel, _ texts: [[UInt32]], rounds: Int,
    progress: () -> Void = {}
  ) throws(ModelError) {
    let tokens = texts.reduce(0) { $0 + $1.count }
    let state = RunState(model: model, parallel: parallel, tokens: tokens)
    let profile = RunProfile(for: state, now: { MonotonicClock.nanoseconds })
    func time(_ profile: RunProfile?) throws(ModelError) -> UInt64 {
      state.profile = profile
      let start = MonotonicClock.nanoseconds
      _ = try state.logits(texts)
      return MonotonicClock.nanoseconds - start
    }
    var plain: [UInt64] = []
    var timed: [(nanoseconds: UInt64, steps: [RunProfile.Entry])] = []
    let warmUp = 2
    for round in 0..<(warmUp + rounds) {
      let withoutClock = try time(nil)
      profile.reset()
      let withClock = try time(profile)
      progress()
      guard round >= warmUp else { continue }
      plain.append(withoutClock)
      timed.append((withClock, model.packed.header.steps.indices.map { profile[$0] }))
    }
    timed.sort { $0.nanoseconds < $1.nanoseconds }
    timed.removeLast(rounds / 2)
    plain.sort()
    plain.removeLast(rounds / 2)
    var steps = timed[0].steps
    for round in timed.dropFirst() {
      for step in steps.indices { steps[step] += round.steps[step] }
    }
    self.rounds = timed.count
    self.steps = steps
    workers = parallel.workerCount
    nanoseconds = timed.reduce(0) { $0 + Double($1.nanoseconds) } / Double(timed.count)
    plainNanoseconds = plain.reduce(0) { $0 + Double($1) } / Double(plain.count)
  }
}
