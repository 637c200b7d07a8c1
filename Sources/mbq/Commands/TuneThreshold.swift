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
      applies what the file says. A temperature that brings no lower log loss, or a threshold that gains \
      nothing, on texts it was not fitted to stays 1, or 0.5. Use texts the model was neither trained nor is tested on: what is \
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
    var fit = CrossFit.Fit(goal: model.labels.count == 2 && !temperatureOnly ? goal.value : nil)
    let refusedLoss = try refusedLogLoss(outputs, truths)
    fit.fitsTemperature = refusedLoss == nil
    var decision = fit.decision(for: outputs, truths: truths)
    var held = try CrossFit(outputs, truths: truths, fit: fit, seed: seed)
    var refused: PairedGain?
    if let goal = fit.goal {
      let gain = PairedGain(
        truths: truths,
        before: try CrossFit(
          outputs, truths: truths, fit: fit.withoutThreshold, seed: seed
        ).predictions.outputs.predicted, after: held.predictions.outputs.predicted, goal: goal)
      if gain.difference <= 0 {
        refused = gain
        decision.threshold = 0.5
        held = try CrossFit(outputs, truths: truths, fit: fit.withoutThreshold, seed: seed)
      }
    }
    let path = output ?? Self.defaultOutput(self.model)
    try write(
      decision, to: path,
      tuned: TunedProvenance(
        data: URL(fileURLWithPath: data).lastPathComponent, rows: truths.count,
        temperature: decision.temperature, threshold: decision.threshold, goal: fit.goal?.rawValue))
    try show(model, before, held, fit, decision, .init(logLoss: refusedLoss, gain: refused), path)
  }

  /// What was fitted and is not stored: it gains nothing on other texts, so it is fitted to chance.
  struct Refused {
    /// With a temperature of 1 and with those fitted to the other folds.
    var logLoss: (before: Double, after: Double)?
    var gain: PairedGain?
  }

  private func refusedLogLoss(
    _ outputs: Outputs, _ truths: [Int32]
  ) throws -> (before: Double, after: Double)? {
    let losses = try [false, true].map {
      let fit = CrossFit.Fit(fitsTemperature: $0, goal: nil)
      return LogLoss.value(
        of: try CrossFit(outputs, truths: truths, fit: fit, seed: seed).predictions
      ).value
    }
    guard let before = losses[0], let after = losses[1], after >= before else { return nil }
    return (before, after)
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
