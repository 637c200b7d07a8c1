import ArgumentParser
import Foundation
import MBQCore
import MBQEvaluation
import MBQFormat
import MBQModel
import MBQPacking
import MBQReport
import MBQRuntime

struct TuneThreshold: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Refits a model's confidence on labelled texts, and stores it in the file.",
    discussion: """
      One temperature, so that the probabilities say how often the model is right, and for two labels \
      the probability from which on the second one is given. Logits keep their bits; every runtime \
      applies what the file says. A threshold that gains nothing on texts it was not fitted to stays \
      at 0.5. Use texts the model was neither trained nor is tested on: what is \
      printed is measured on texts that took no part in the fit (5 folds).

      Examples:
        mbq tune-threshold model-int8.mbq --data held-out.csv
        mbq tune-threshold model-int8.mbq --data held-out.csv --for f1 -o release.mbq
        mbq tune-threshold model-int8.mbq --data held-out.csv --temperature-only
      """)

  @Argument(help: "The packed model.")
  var model: String

  @Option(help: ArgumentHelp("Labelled texts held out; - is standard input.", valueName: "file"))
  var data: String

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "What the threshold is chosen for: accuracy, f1 (of the second label) or balanced-accuracy.",
      valueName: "goal"))
  var goal = Goal.accuracy

  @Flag(help: "Leave the threshold at 0.5.")
  var temperatureOnly = false

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The file to write (default: the model's name and -tuned.mbq).", valueName: "file"))
  var output: String?

  @Option(help: ArgumentHelp("Cut texts to this many tokens.", valueName: "n"))
  var maxTokens: Int?

  @Option(help: ArgumentHelp("Another number deals other folds.", valueName: "n"))
  var seed: UInt64 = 1

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var columns: DataOptions
  @OptionGroup var runtime: RuntimeOptions

  enum Goal: String, CaseIterable, ExpressibleByArgument {
    case accuracy
    case f1
    case balancedAccuracy = "balanced-accuracy"

    var value: ThresholdGoal {
      switch self {
      case .accuracy: .accuracy
      case .f1: .f1
      case .balancedAccuracy: .balancedAccuracy
      }
    }
  }

  /// Fewer rows of a label, and a fold could have none of it.
  private static let fewestRows = 10

  func run() throws {
    let model = try runtime.model(model)
    guard !model.isMultiLabel else {
      throw CommandError.badInput(
        "'\(self.model)' gives a text any number of labels (multi_label_classification); one"
          + " temperature and one threshold are for models that give one")
    }
    let before = try answers(model)
    let (outputs, truths) = (before.outputs, before.truths)
    try check(truths, model.labels)
    let fit = CrossFit.Fit(goal: model.labels.count == 2 && !temperatureOnly ? goal.value : nil)
    var decision = fit.decision(for: outputs, truths: truths)
    var held = try CrossFit(outputs, truths: truths, fit: fit, seed: seed)
    var refused: PairedGain?
    if let goal = fit.goal {
      let gain = PairedGain(
        truths: truths,
        before: try CrossFit(
          outputs, truths: truths, fit: CrossFit.Fit(goal: nil), seed: seed
        ).predictions.outputs.predicted, after: held.predictions.outputs.predicted, goal: goal)
      // What gains nothing on other texts is fitted to chance.
      if gain.difference <= 0 {
        refused = gain
        decision.threshold = 0.5
        held = try CrossFit(outputs, truths: truths, fit: CrossFit.Fit(goal: nil), seed: seed)
      }
    }
    let path = output ?? Self.defaultOutput(self.model)
    try write(
      decision, to: path,
      tuned: TunedProvenance(
        data: URL(fileURLWithPath: data).lastPathComponent, rows: truths.count,
        temperature: decision.temperature, threshold: decision.threshold, goal: fit.goal?.rawValue))
    try show(model, before, held, fit, decision, refused, path)
  }

  static func defaultOutput(_ model: String) -> String {
    (model.hasSuffix(".mbq") ? String(model.dropLast(4)) : model) + "-tuned.mbq"
  }

  /// The model's logits, and the labels it gives with the decision it has now.
  private func answers(_ model: Model) throws -> Predictions {
    let pool = runtime.pool()
    defer { withExtendedLifetime(pool) {} }
    let state = RunState(model: model, parallel: pool.parallel)
    var stream = try TextStream<LabelledText>(model, state, limit: maxTokens)
    var rows = try columns.texts(data, labels: model.labels)
    var predictions = try Predictions(labelCount: model.labels.count)
    let progress = ProgressBar("tune", total: try columns.rowCount(data))
    defer { progress.finish() }
    func add(_ answers: [TextStream<LabelledText>.Answer]) throws {
      for answer in answers {
        try predictions.append(
          truth: answer.row.label ?? 0, logits: answer.classification.logits,
          predicted: answer.classification.label)
      }
      progress.advance(by: answers.count)
    }
    while let row = try rows.next() { try add(try stream.add(row.text, row)) }
    try add(try stream.finish())
    return predictions
  }

  private func check(_ truths: [Int32], _ labels: [String]) throws(CommandError) {
    let counts = labels.indices.map { label in truths.count { $0 == label } }
    let present = counts.count { $0 > 0 }
    guard present >= 2,
      zip(counts, labels).allSatisfy({ $0.0 >= Self.fewestRows || $0.0 == 0 && labels.count > 2 })
    else {
      let found = zip(labels, counts).map { "\($0) \($1)" }.joined(separator: ", ")
      throw .badInput(
        "'\(data)' has too few rows of a label (\(found)); give at least \(Self.fewestRows) of each"
      )
    }
  }

  private func write(_ decision: Decision, to path: String, tuned: TunedProvenance) throws {
    let file: MappedFile
    do throws(FileError) { file = try MappedFile(path: model) } catch {
      throw ModelError.file(error)
    }
    let bytes: [UInt8]
    do throws(FormatError) {
      let said = try PackedModel(bytes: file.bytes).header.provenance
      bytes = try PackedWriter.file(
        Array(file.bytes), deciding: decision, provenance: tuned.added(to: said))
    } catch {
      throw ModelError.format(path: model, error)
    }
    try bytes.withUnsafeBytes { try AtomicFile.write([$0], to: path) }
  }
}

extension TuneThreshold {
  private func show(
    _ model: Model, _ before: Predictions, _ held: CrossFit, _ fit: CrossFit.Fit,
    _ decision: Decision, _ refused: PairedGain?, _ path: String
  ) throws {
    // As the file judged itself so far, so that a model can be tuned twice.
    let old = model.decision
    var scaled = try Predictions(labelCount: before.labelCount)
    for (row, truth) in before.truths.enumerated() {
      try scaled.append(
        truth: Int(truth), logits: before.outputs.logits(row: row).map { $0 / old.temperature },
        predicted: Int(before.outputs.predicted[row]))
    }
    var table = ReportTable(
      title: "on texts that took no part in the fit (\(CrossFit.foldCount) folds)",
      columns: [
        .text("figure", overflow: .keep), .number("before"), .number("after"),
      ] + intervalColumns("after") + [.number("difference")] + intervalColumns("difference"))
    var goalGain: PairedGain?
    if model.labels.count == 2 {
      for goal in ThresholdGoal.allCases {
        let gain = PairedGain(
          truths: before.truths, before: before.outputs.predicted,
          after: held.predictions.outputs.predicted, goal: goal)
        if goal == fit.goal { goalGain = gain }
        table.rows.append(
          [
            .text(goal.rawValue), .percent(gain.before, digits: 2),
            .percent(gain.after, digits: 2),
          ] + interval(gain.afterInterval) + [.percent(gain.difference, digits: 2)]
            + interval(gain.differenceInterval))
      }
    }
    for metric in [LogLoss.self, CalibrationError.self] as [any Metric.Type] {
      let values = [scaled, held.predictions].map { metric.value(of: $0).value }
      guard let first = values[0], let second = values[1] else { continue }
      let isShare = metric.style == .shareOfError
      table.rows.append(
        [.text(metric.title), cell(first, isShare), cell(second, isShare)] + interval(nil)
          + [cell(second - first, isShare)] + interval(nil))
    }
    var facts: [Report.Fact] = [
      .init("model", self.model), .init("data", "\(data): \(Human.count(before.rowCount)) rows"),
      .init("written", path),
      .init("temperature", .number(Double(decision.temperature), digits: 4)),
    ]
    if let goal = fit.goal {
      facts += [
        .init("threshold", .number(Double(decision.threshold), digits: 4)),
        .init("chosen for", goal.rawValue),
        .init("gives", "'\(model.labels[1])' from that probability on"),
      ]
    }
    let blocks: [Report.Block] =
      [.facts(facts), .table(table)]
      + notes(decision, goalGain, refused, scaled, held, fit).map { .note($0) }
    Output.show(Report(blocks), json: json)
    guard !json else { return }
    Output.show("\nNext: mbq evaluate \(path) --data test.csv")
  }

  private func notes(
    _ decision: Decision, _ gain: PairedGain?, _ refused: PairedGain?, _ before: Predictions,
    _ held: CrossFit, _ fit: CrossFit.Fit
  ) -> [String] {
    var notes: [String] = []
    if let refused, let goal = fit.goal {
      notes.append(
        "the threshold stays at 0.5: another changes \(goal.rawValue) on texts that took no part in its"
          + " fit by \(fixedPoint(refused.difference * 100, digits: 2)) %"
          + " (\(fixedPoint(refused.differenceInterval.lower * 100, digits: 2)) to"
          + " \(fixedPoint(refused.differenceInterval.upper * 100, digits: 2)))")
    }
    if decision.temperature == 1 {
      notes.append(
        "no temperature fits: every text is answered rightly, or the logits say nothing of the labels;"
          + " it stays 1")
    } else if let before = LogLoss.value(of: before).value,
      let after = LogLoss.value(of: held.predictions).value, after >= before
    {
      notes.append(
        "this data cannot tell that the temperature gains anything: on texts that took no part in its fit"
          + " the log loss goes from \(fixedPoint(before, digits: 4)) to"
          + " \(fixedPoint(after, digits: 4))")
    }
    if let gain, let goal = fit.goal, decision.threshold != 0.5, gain.differenceInterval.lower <= 0
    {
      notes.append(
        "this data cannot tell that the threshold gains anything in \(goal.rawValue):"
          + " --temperature-only leaves it at 0.5")
    }
    let thresholds = held.decisions.map(\.threshold)
    if let low = thresholds.min(), let high = thresholds.max(), high - low > 0.2 {
      notes.append(
        "the folds' thresholds go from \(fixedPoint(Double(low), digits: 3)) to"
          + " \(fixedPoint(Double(high), digits: 3)): more rows would pin it down")
    }
    return notes
  }

  /// Two numbers for programs, one column for people.
  private func intervalColumns(_ key: String) -> [ReportTable.Column] {
    json
      ? [.number("\(key)_lower"), .number("\(key)_upper")]
      : [.text("\(key)_interval", "95 % interval", overflow: .keep)]
  }

  private func interval(_ interval: Interval?) -> [ReportCell] {
    guard let interval else { return json ? [.missing, .missing] : [.missing] }
    let (low, high) = (interval.lower, interval.upper)
    return json
      ? [.percent(low, digits: 2), .percent(high, digits: 2)]
      : [.text("\(fixedPoint(low * 100, digits: 2)) to \(fixedPoint(high * 100, digits: 2))")]
  }

  private func cell(_ value: Double, _ isShare: Bool) -> ReportCell {
    isShare ? .percent(value, digits: 2) : .number(value, digits: 4)
  }
}
