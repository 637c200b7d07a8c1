import Foundation
public import MBQCheckpoints
import MBQCore
import MBQModel
public import MBQRuntime

/// What compressing did, part by part.
public struct CompressionReport: Sendable {
  public var vocabulary: VocabularyReport?
  /// Layers of the checkpoint that were kept; nil if all.
  public var layers: [Int]?
  public var recovered: [Recovery.StepReport] = []
  public var equalized: [Equalizer.Site] = []
  public var rounded: [RoundedSite] = []
  /// Inputs with a static step.
  public var staticSites = 0
  /// Linears whose input has 16 bits.
  public var int16Sites = 0
}

/// Follows a plan from a checkpoint to a model that is ready to pack.
///
/// In this order: vocabulary, structure, recovery of the structure, equalization, pruning and rounding,
/// recovery of the rounding, activation grids. What is left out is left out before anything is fitted to
/// it, and scales are chosen for the weights that are really there.
public struct Compressor {
  public var plan: Plan
  /// Token ids of calibration text, by the checkpoint's tokenizer; may be none if the plan has none.
  public var texts: [[UInt32]] = []
  /// How often each word piece occurs in the text the vocabulary is cut to; nil keeps all pieces.
  public var pieceCounts: [Int]?
  public var parallel: Parallel
  /// Of this machine.
  var memoryBytes = Int(clamping: ProcessInfo.processInfo.physicalMemory)
  /// Told what is being done and the share of that done.
  public var progress: (String, Double) -> Void = { _, _ in }

  public init(_ plan: Plan, parallel: Parallel = .serial) {
    self.plan = plan
    self.parallel = parallel
  }

  /// Refuses, with `QuantizerError.recipe`, what the plan asks of a model that has not got it or of text
  /// that was not given, and what `WorkingModel` and `ModelRounding` refuse.
  public func compress(
    _ checkpoint: Checkpoint
  ) throws(QuantizerError) -> (model: WorkingModel, report: CompressionReport) {
    try finish(try prepare(checkpoint))
  }

  func compress(
    _ model: WorkingModel
  ) throws(QuantizerError) -> (model: WorkingModel, report: CompressionReport) {
    try finish(try prepare(model))
  }

  /// A model whose structure is final and whose weights are still floats.
  public struct Prepared: Sendable {
    /// What it was made by: plans of the same structure may share it.
    public var structure: Plan.Structure
    public var model: WorkingModel
    /// The calibration text in its vocabulary.
    public var texts: [[UInt32]]
    public var report: CompressionReport
  }

  /// The first half: vocabulary, structure, its recovery, equalization.
  ///
  /// Reads nothing of the plan but its structure.
  public func prepare(_ checkpoint: Checkpoint) throws(QuantizerError) -> Prepared {
    try prepare(try WorkingModel(checkpoint))
  }

  func prepare(_ model: WorkingModel) throws(QuantizerError) -> Prepared {
    guard !plan.hasText || !texts.isEmpty else {
      throw .recipe(
        problem: "it is made for calibration text, and there is none",
        advice: "give some\(by: .text), or plan without")
    }
    let structure = plan.structure
    var report = CompressionReport()
    var model = model
    var texts = texts
    if let pieceCounts {
      let (cut, vocabulary) = VocabularyDiet.apply(to: model, counts: pieceCounts)
      model = cut
      report.vocabulary = vocabulary
      texts = vocabulary.retokenized(texts, limit: model.configuration.maximumPositions)
    }
    let original = model.folded()
    try checkSites(original.graph)
    try checkMemory(original.graph, texts)
    let structured = try cut(model, structure, texts)
    let isCut = structured.graph != model.graph
    model = structured.folded()
    if isCut {
      let kept = structured.graph.layers
      report.layers = kept.count == original.graph.layers.count ? nil : kept
      let weights: Recovery.Options.Weights? =
        switch structure.recovery {
        case .nothing: nil
        case .affine: Recovery.Options.Weights.none
        case .linears: .all
        }
      if let weights { model = try recover(model, original, texts, &report, weights) }
    }
    if structure.equalization != .none {
      let (equalized, sites) = Equalizer.equalize(
        model, texts: texts, isStatic: structure.equalization == .staticGrids, parallel: parallel
      ) { progress("equalize", $0) }
      model = equalized
      report.equalized = sites
    }
    return Prepared(structure: structure, model: model, texts: texts, report: report)
  }

  /// The second half: pruning and rounding, their recovery, activation grids.
  public func finish(
    _ prepared: Prepared
  ) throws(QuantizerError) -> (model: WorkingModel, report: CompressionReport) {
    var report = prepared.report
    var model = prepared.model
    let texts = prepared.texts
    if let rounding = RoundingPlan(plan, model.graph) {
      let (rounded, sites) = try ModelRounding.round(
        model, rounding, texts: texts, parallel: parallel
      ) { progress("round", $0) }
      model = rounded
      report.rounded = sites
      if plan.recoversRounding {
        model = try recover(model, prepared.model, texts, &report, .none)
      }
    }
    try setGrids(&model, prepared.model, texts, &report)
    return (model, report)
  }

  // MARK: Parts

  private func cut(
    _ model: WorkingModel, _ structure: Plan.Structure, _ texts: [[UInt32]]
  ) throws(QuantizerError) -> WorkingModel {
    var model = model
    do throws(StructureError) {
      switch structure.layers {
      case .all: break
      case .first(let count):
        let whole = model.graph.layers.count
        guard (1...whole).contains(count) else {
          throw .firstLayers(count, count: whole)
        }
        model = try model.keepingLayers(Array(model.graph.layers.prefix(count)))
      case .listed(let layers): model = try model.keepingLayers(layers)
      }
      let (heads, stacks) = (structure.droppedHeads, structure.droppedStacks)
      if heads + stacks > 0 {
        progress("measure", 0)
        let contributions = Contributions(of: model, texts: texts, parallel: parallel)
        if stacks > 0 {
          model = try model.droppingStacks(
            contributions.weakestStacks(stacks * model.graph.layers.count))
        }
        if heads > 0 {
          model = try model.droppingHeads(
            contributions.weakestHeads(
              heads * model.graph.layers.count, headWidth: model.headWidth))
        }
      }
    } catch {
      throw .structure(error)
    }
    return model
  }

  private func recover(
    _ model: WorkingModel, _ target: WorkingModel, _ texts: [[UInt32]],
    _ report: inout CompressionReport, _ weights: Recovery.Options.Weights
  ) throws(QuantizerError) -> WorkingModel {
    guard !texts.isEmpty else { return model }
    var options = Recovery.Options()
    options.weights = weights
    var steps: [Recovery.StepReport] = []
    do throws(NotPositiveDefinite) {
      let result = try Recovery.recover(
        compressed: model, original: target, texts: texts, options: options, parallel: parallel
      ) { share, step in
        progress("recover", share)
        if let step { steps.append(step) }
      }
      report.recovered += steps
      return result
    } catch {
      throw .calibration(
        site: "recover", problem: "hidden states are not all finite on the calibration text",
        advice: "leave recover out, or calibrate with other text")
    }
  }

  /// Puts inputs on static or 16-bit grids.
  ///
  /// Ranges are those of the model before its rounding, which clipping by noise should not widen.
  private func setGrids(
    _ model: inout WorkingModel, _ unrounded: WorkingModel, _ texts: [[UInt32]],
    _ report: inout CompressionReport
  ) throws(QuantizerError) {
    guard plan.precision == .int8 else { return }
    let activations = plan.activations
    if activations.scheme == .isStatic {
      // `Plan.init` has seen the name.
      let observer = Observers.named(activations.observer) ?? MSEObserver.self
      // Of no file, so nothing to tell them from others by.
      let none = [UInt8](repeating: 0, count: 32)
      let key = CalibrationStatistics.Key(
        checkpoint: none, texts: none, options: CalibrationOptions(), textCount: texts.count,
        secondMoments: false)
      let calibrator = Calibrator(unrounded, texts, key: key, parallel: parallel)
      do throws(CalibrationError) {
        while !calibrator.isFinished {
          _ = try calibrator.advance()
          progress("observe", Double(calibrator.statistics.textsDone) / Double(texts.count))
        }
      } catch {
        throw .calibration(
          site: "activations", problem: error.explanation, advice: "use per-token activations")
      }
      let steps = calibrator.statistics.staticSteps(
        for: unrounded.graph.calibrationSites, observer)
      report.staticSites = model.graph.setStaticSteps(steps)
    }
    let patterns = activations.int16.map(SitePattern.init)
    for (index, step) in model.graph.steps.enumerated() {
      guard case .linear(var linear) = step.operation,
        model.graph.tensors[linear.weight].role == .weight,
        patterns.contains(where: { $0.matches(step.site.name) })
      else { continue }
      linear.inputGrid = .int16PerToken
      model.graph.steps[index].operation = .linear(linear)
      report.int16Sites += 1
    }
  }
}
