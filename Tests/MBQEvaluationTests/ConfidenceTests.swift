import MBQCore
import MBQEvaluation
import MBQModel
import MBQRuntime
import MBQTestSupport
import Testing

@Suite("Confidence")
struct ConfidenceTests {
  /// What scipy and scikit-learn find (Tests/Oracles/evaluation/make_confidence.py).
  struct Golden: Decodable {
    struct Temperature: Decodable {
      var labels: Int
      var logits: [Float]
      var truths: [Int32]
      var minimized, root, loss, lossBefore: Double
    }

    struct Threshold: Decodable {
      struct Best: Decodable {
        var goal: String
        var value: Double
        var threshold: Float
      }

      var probabilities: [Float]
      var truths: [Int]
      var best: [Best]
    }

    var temperatures: [Temperature]
    var thresholds: [Threshold]
  }

  @Test("temperatures and losses are scipy's")
  func temperatures() throws {
    let goldens = try Goldens.decode(Golden.self, from: "confidence.json").temperatures
    #expect(goldens.count == 6)
    for golden in goldens {
      let found = try #require(
        TemperatureScaling.fit(
          logits: golden.logits, labelCount: golden.labels, truths: golden.truths))
      // The root of the derivative to the last digits; what is minimised is flat there, so that
      // minimize_scalar itself knows half of them, but its minimum to all.
      #expect(abs(found / golden.root - 1) < 1e-9)
      #expect(abs(found / golden.minimized - 1) < 1e-6)
      func loss(_ temperature: Double) -> Double {
        TemperatureScaling.loss(
          logits: golden.logits, labelCount: golden.labels, truths: golden.truths,
          temperature: temperature)
      }
      #expect(abs(loss(found) - golden.loss) < 1e-9)
      #expect(abs(loss(1) - golden.lossBefore) < 1e-9)
      #expect(loss(found) <= loss(found * 1.001) && loss(found) <= loss(found / 1.001))
      // Logits ten times as large want ten times the temperature.
      let larger = try #require(
        TemperatureScaling.fit(
          logits: golden.logits.map { $0 * 8 }, labelCount: golden.labels, truths: golden.truths))
      #expect(abs(larger / found - 8) < 1e-8)
    }
  }

  @Test("there is no temperature where every answer is right, or none is")
  func noTemperature() {
    let logits: [Float] = [2, -1, 1, 0.5, -3, 4]
    #expect(TemperatureScaling.fit(logits: logits, labelCount: 2, truths: [0, 0, 1]) == nil)
    #expect(TemperatureScaling.fit(logits: logits, labelCount: 2, truths: [1, 1, 0]) == nil)
    #expect(TemperatureScaling.fit(logits: [0, 0], labelCount: 2, truths: [1]) == nil)
    #expect(TemperatureScaling.fit(logits: [], labelCount: 2, truths: []) == nil)
  }

  @Test("thresholds are the best of all there are, the nearest to 0.5")
  func thresholds() throws {
    let goldens = try Goldens.decode(Golden.self, from: "confidence.json").thresholds
    #expect(goldens.count == 5)
    for golden in goldens {
      for best in golden.best {
        let goal = try #require(ThresholdGoal(rawValue: best.goal))
        let found = DecisionThreshold.best(
          probabilities: golden.probabilities, truths: golden.truths.map { $0 == 1 }, for: goal)
        #expect(abs(found.value - best.value) < 1e-12, "\(best.goal)")
        #expect(found.threshold == best.threshold, "\(best.goal)")
      }
    }
    // 0.5 itself, where it is as good as any.
    let plain = DecisionThreshold.best(
      probabilities: [0.1, 0.4, 0.6, 0.9], truths: [false, false, true, true], for: .f1)
    #expect(plain.threshold == 0.5 && plain.value == 1)
    // Neighbouring floats, and a probability of 1.
    let low: Float = 0.75
    let found = DecisionThreshold.best(
      probabilities: [low, low.nextUp, 1], truths: [false, true, true], for: .accuracy)
    #expect(found.threshold == low.nextUp && found.value == 1)
  }

  /// (rows, 2) logits of a model that is `sharpness` times too sure, and its threshold `shift` off.
  private func outputs(
    _ rows: Int, sharpness: Float, shift: Float, seed: UInt64
  ) throws -> (outputs: Outputs, truths: [Int32]) {
    var generator = SeededGenerator(seed: seed)
    var outputs = try Outputs(labelCount: 2)
    var truths: [Int32] = []
    for _ in 0..<rows {
      let margin = Float.random(in: -4...4, using: &generator)
      let probability = Classification(
        logits: [0, margin], tokenCount: 0, isTruncated: false, isMultiLabel: false
      ).probabilities[1]
      truths.append(Float.random(in: 0..<1, using: &generator) < probability ? 1 : 0)
      try outputs.append(logits: [0, (margin + shift) * sharpness])
    }
    return (outputs, truths)
  }

  @Test("a model that is too sure and biased is mended on rows that took no part in the fit")
  func crossFit() throws {
    let (outputs, truths) = try outputs(4000, sharpness: 4, shift: 1, seed: 5)
    let fit = CrossFit.Fit(goal: .accuracy)
    let held = try CrossFit(outputs, truths: truths, fit: fit)
    #expect(held.decisions.count == CrossFit.foldCount)
    var before = try Predictions(labelCount: 2)
    for row in truths.indices {
      try before.append(truth: Int(truths[row]), logits: outputs.logits(row: row))
    }
    for metric in [LogLoss.self, CalibrationError.self] as [any Metric.Type] {
      let (old, new) = (metric.value(of: before).value, metric.value(of: held.predictions).value)
      #expect((new ?? 1) < (old ?? 0) * 0.8, "\(metric.name)")
    }
    let gain = PairedGain(
      truths: truths, before: before.outputs.predicted, after: held.predictions.outputs.predicted,
      goal: .accuracy)
    #expect(gain.difference > 0.02 && gain.differenceInterval.lower > 0)
    #expect(gain.after == Accuracy.value(of: held.predictions).value)
    #expect(gain.before == Accuracy.value(of: before).value)
    #expect(gain.afterInterval.lower < gain.after && gain.after < gain.afterInterval.upper)
    // The bias is 1 in the logit's own unit, times the sharpness, over the temperature.
    let decision = fit.decision(for: outputs, truths: truths)
    let expected = Classification(
      logits: [0, 4 / decision.temperature], tokenCount: 0, isTruncated: false, isMultiLabel: false
    ).probabilities[1]
    #expect(abs(decision.threshold - expected) < 0.1)
  }

  @Test("folds are even, by label, and the seed's")
  func folds() throws {
    let (outputs, truths) = try outputs(203, sharpness: 1, shift: 0, seed: 9)
    let fit = CrossFit.Fit(goal: nil)
    let first = try CrossFit(outputs, truths: truths, fit: fit, seed: 1)
    let again = try CrossFit(outputs, truths: truths, fit: fit, seed: 1)
    let other = try CrossFit(outputs, truths: truths, fit: fit, seed: 2)
    #expect(first.decisions == again.decisions)
    #expect(first.decisions != other.decisions)
    #expect(first.decisions.allSatisfy { $0.threshold == 0.5 })
    // Without a threshold, labels are those of the logits.
    #expect(first.predictions.outputs.predicted == outputs.predicted)
  }
}
