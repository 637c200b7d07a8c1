import Foundation
import MBQCore
import MBQEvaluation
import MBQFormat
import MBQModel
import MBQPacking
import MBQRuntime

/// What `Toolchain.tuneThreshold` fits.
public struct TuneOptions: Sendable, Equatable {
  /// What a threshold is chosen for.
  public enum Goal: String, Sendable, CaseIterable {
    case accuracy
    /// Of the second label.
    case f1
    case balancedAccuracy = "balanced-accuracy"
  }

  /// A packed model that gives a text one label.
  public var model: String
  /// Labelled texts the model was neither trained on nor is tested on.
  public var data: String
  public var dataset = DatasetOptions()
  public var goal = Goal.accuracy
  /// Leaves the threshold at 0.5.
  public var temperatureOnly = false
  /// The file to write; `nil`: the model's name and `-tuned.mbq`.
  public var output: String?
  /// Texts are cut to this many tokens; `nil`: what the model reads.
  public var maximumTokens: Int?
  /// Starts the draw of the folds: another number draws other folds.
  public var seed: UInt64 = 1

  public init(model: String, data: String) {
    self.model = model
    self.data = data
  }

  package var path: String {
    output ?? (model.hasSuffix(".mbq") ? String(model.dropLast(4)) : model) + "-tuned.mbq"
  }
}

/// What was fitted, and what it gains on texts that took no part in the fit.
public struct TuneResult: Sendable {
  public var file: String
  /// Logits are divided by it before they become probabilities.
  public var temperature: Float
  /// The probability of the second label from which on it is given.
  public var threshold: Float
  public var rows: Int
  package var options: TuneOptions
  package var labels: [String]
  /// The decision the file had before.
  package var oldDecision: Decision
  package var before: Predictions
  package var held: CrossFit
  package var fit: CrossFit.Fit
  package var decision: Decision
  package var refused: Refused

  /// What was fitted and is not stored: it gains nothing on other texts, so it is fitted to chance.
  package struct Refused: Sendable {
    /// With a temperature of 1 and with those fitted to the other folds.
    package var logLoss: (before: Double, after: Double)?
    package var gain: PairedGain?
  }
}

/// Why a threshold cannot be fitted.
public enum TuneError: ExplainedError, Equatable {
  /// A label with too few rows to be in every fold; `found` counts the rows of each.
  case fewRows(data: String, found: [String], least: Int)

  public var explanation: String {
    switch self {
    case .fewRows(let data, let found, let least):
      "'\(data)' has too few rows of a label (\(found.joined(separator: ", "))); give at least"
        + " \(least) of each"
    }
  }
}

extension Toolchain {
  /// Fewer rows of a label, and a fold could have none of it.
  private static let fewestRows = 10

  /// Fits one temperature, and for two labels a threshold, to labelled texts, and writes the model with
  /// them; logits keep their bits.
  ///
  /// What gains nothing on texts it was not fitted to (five folds) is not stored.
  public func tuneThreshold(_ options: TuneOptions) throws -> TuneResult {
    try OutputPlace.refuse(options.path, .output, ifOneOf: [options.data])
    let model = try model(options.model)
    guard !model.isMultiLabel else {
      throw ToolchainError.multiLabel(
        path: options.model,
        advice: "one temperature and one threshold are for models that give one")
    }
    let before = try predictions(model, options)
    let (outputs, truths) = (before.outputs, before.truths)
    try check(truths, model.labels, options.data)
    var fit = CrossFit.Fit(
      goal: model.labels.count == 2 && !options.temperatureOnly ? ThresholdGoal(options.goal) : nil)
    var refused = TuneResult.Refused()
    refused.logLoss = try refusedLogLoss(outputs, truths, seed: options.seed)
    fit.fitsTemperature = refused.logLoss == nil
    var decision = fit.decision(for: outputs, truths: truths)
    var held = try CrossFit(outputs, truths: truths, fit: fit, seed: options.seed)
    if let goal = fit.goal {
      let without = try CrossFit(
        outputs, truths: truths, fit: fit.withoutThreshold, seed: options.seed)
      let gain = PairedGain(
        truths: truths, before: without.predictions.outputs.predicted,
        after: held.predictions.outputs.predicted, goal: goal)
      if gain.difference <= 0 {
        refused.gain = gain
        decision.threshold = 0.5
        held = without
      }
    }
    try write(
      decision, options,
      TunedProvenance(
        data: URL(fileURLWithPath: options.data).lastPathComponent, rows: truths.count,
        temperature: decision.temperature, threshold: decision.threshold, goal: fit.goal?.rawValue))
    return TuneResult(
      file: options.path, temperature: decision.temperature, threshold: decision.threshold,
      rows: before.rowCount, options: options, labels: model.labels, oldDecision: model.decision,
      before: before, held: held, fit: fit, decision: decision, refused: refused)
  }

  private func refusedLogLoss(
    _ outputs: Outputs, _ truths: [Int32], seed: UInt64
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

  /// The model's logits, and the labels it gives with the decision it has now.
  private func predictions(_ model: Model, _ options: TuneOptions) throws -> Predictions {
    let pool = try pool()
    defer { withExtendedLifetime(pool) {} }
    let state = RunState(model: model, parallel: pool.parallel)
    var stream = try TextStream<LabelledText>(model, state, limit: options.maximumTokens)
    var rows = try options.dataset.texts(options.data, labels: model.labels)
    var predictions = try Predictions(labelCount: model.labels.count)
    let stage = stage("tune", total: nil)
    defer { stage.finish() }
    func add(_ answers: [TextStream<LabelledText>.Answer]) throws {
      for answer in answers {
        try predictions.append(
          truth: answer.row.label ?? 0, logits: answer.classification.logits,
          predicted: answer.classification.label)
      }
      stage.advance(by: answers.count)
    }
    while let row = try rows.next() { try add(try stream.add(row.text, row)) }
    try add(try stream.finish())
    return predictions
  }

  private func check(_ truths: [Int32], _ labels: [String], _ data: String) throws(TuneError) {
    let counts = labels.indices.map { label in truths.count { $0 == label } }
    let present = counts.count { $0 > 0 }
    guard present >= 2,
      zip(counts, labels).allSatisfy({ $0.0 >= Self.fewestRows || $0.0 == 0 && labels.count > 2 })
    else {
      throw .fewRows(
        data: data, found: zip(labels, counts).map { "\($0) \($1)" }, least: Self.fewestRows)
    }
  }

  private func write(
    _ decision: Decision, _ options: TuneOptions, _ tuned: TunedProvenance
  ) throws {
    let file: MappedFile
    do throws(FileError) { file = try MappedFile(path: options.model) } catch {
      throw ModelError.file(error)
    }
    let bytes: [UInt8]
    do throws(FormatError) {
      let said = try PackedModel(bytes: file.bytes).header.provenance
      bytes = try PackedWriter.file(
        Array(file.bytes), deciding: decision, provenance: tuned.added(to: said))
    } catch {
      throw ModelError.format(path: options.model, error)
    }
    try bytes.withUnsafeBytes { try AtomicFile.write([$0], to: options.path) }
  }
}

extension ThresholdGoal {
  fileprivate init(_ goal: TuneOptions.Goal) {
    self =
      switch goal {
      case .accuracy: .accuracy
      case .f1: .f1
      case .balancedAccuracy: .balancedAccuracy
      }
  }
}
