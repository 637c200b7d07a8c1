import Foundation
import MBQCore
import MBQEvaluation
import MBQFormat
import MBQKernels
import MBQModel
import MBQQuantizer
import MBQReport
import MBQRuntime

/// Measures variants side by side.
struct ReportRun {
  let toolchain: Toolchain
  let options: ReportOptions
  let variants: [ReportVariant]
  /// What the variants were made of; `nil` if they were given.
  let checkpoint: String?
  let stages: Stages

  static let batches = [1, 8, 32]
  private static let latencyTokens = 128

  /// Sizes, processes, answers, latency, layers.
  static let stageCount = 5

  func document() throws -> ReportDocument {
    let models = try variants.map { try toolchain.model($0.path) }
    // They own the bytes that are looked into.
    defer { withExtendedLifetime(models) {} }
    try checkLabels(models)
    let first = try baselineIndex()
    let limit = try ToolchainError.tokenLimit(
      options.maximumTokens, most: models.map(\.maximumTokens).min() ?? 2, models: models.count)
    let files = try fileFigures(models)
    let tokens = min(Self.latencyTokens, models.map(\.maximumTokens).min() ?? 2)
    let probes = try probes(tokens: tokens)
    let answers = try VariantAnswers(
      variants: variants, models: models, first: first, limit: limit, options: options, toolchain,
      stage: stages.next("evaluate"))
    let survey = answers.survey
    let latencies = try latencies(models, tokens: tokens, first: first)
    let layers = try layerErrors(models, survey.samples, first: first)
    let summaries = try answers.results.map { try $0.summary() }
    let figures = try variants.indices.map { index in
      let result = answers.results[index]
      return VariantFigures(
        name: variants[index].name, file: files[index],
        cost: .init(
          peakMemoryBytes: probes[index].peakMemoryBytes,
          loadNanoseconds: probes[index].loadNanoseconds, latencies: latencies[index],
          textsPerSecond: result.timing.textsPerSecond,
          tokensPerSecond: result.timing.tokensPerSecond),
        quality: .init(result.predictions),
        comparison: try result.answers.comparison().flatMap(ComparisonFigures.init),
        layerErrors: layers[index])
    }
    return ReportDocument(
      tool: "mbq \(mbqVersion)",
      dataset: .init(
        path: options.data, textColumns: survey.textColumns, rows: survey.rows,
        blankRows: survey.blankRows,
        labels: zip(models[first].labels, survey.labelRows).map { .init(name: $0, rows: $1) }),
      conditions: .init(
        checkpoint: checkpoint, calibrationText: checkpoint == nil ? nil : options.text,
        threads: toolchain.threads, kernels: models[first].kernels.name, tokenLimit: limit,
        latencyTokens: tokens, rounds: options.rounds, layerTexts: survey.samples.count),
      lengths: .init(lengths: survey.lengths, limit: limit), baseline: variants[first].name,
      variants: figures, acceptedDrop: options.maximumDrop.value,
      acceptedFlips: options.maximumFlips.value, notes: summaries[first].notes)
  }

  // MARK: Checks

  private func checkLabels(_ models: [Model]) throws(AnswersPairError) {
    for (variant, model) in zip(variants, models).dropFirst() where model.labels != models[0].labels
    {
      throw .labels(
        candidate: variants[0].path, models[0].labels, baseline: variant.path, model.labels)
    }
  }

  private func baselineIndex() throws(ReportError) -> Int {
    guard let baseline = options.baseline else { return 0 }
    guard let index = variants.firstIndex(where: { $0.name == baseline || $0.path == baseline })
    else { throw .noSuchBaseline(name: baseline, models: variants.map(\.path)) }
    return index
  }

  // MARK: Measurements

  private func fileFigures(_ models: [Model]) throws -> [VariantFigures.File] {
    let progress = toolchain.stage(
      stages.next("download sizes"), total: 100 * variants.count, unit: "%")
    defer { progress.finish() }
    return try zip(variants, models).map { variant, model in
      let file = try MappedFile(path: variant.path)
      let packed = model.packed
      let isCompressed = packed.sections.contains { $0.kind == .weights && $0.isCompressed }
      var shown = 0
      func show(_ share: Double) {
        let percent = min(Int(share * 100), 100)
        progress.advance(by: percent - shown)
        shown = percent
      }
      let download =
        isCompressed ? file.bytes.count : deflatedByteCount(of: file.bytes, progress: show)
      show(1)
      return VariantFigures.File(
        path: variant.path, scheme: ModelDescription(model, path: variant.path).scheme,
        recipe: Self.recipe(packed.header.provenance), fileBytes: file.bytes.count,
        downloadBytes: min(download, file.bytes.count), isCompressed: isCompressed,
        parameters: packed.header.tensors.reduce(0) { $0 + $1.rows * $1.columns },
        zeroShare: packed.zeroShare)
    }
  }

  /// What the file says of how it was made: anybody's words.
  private static func recipe(_ provenance: String) -> String {
    struct Said: Decodable { var recipe: String? }
    guard let said = try? JSONDecoder().decode(Said.self, from: Data(provenance.utf8)) else {
      return ""
    }
    // Not characters: one may have any number of marks.
    return String(String.UnicodeScalarView((said.recipe ?? "").unicodeScalars.prefix(400)))
  }

  private func probes(
    tokens: Int
  ) throws -> [(peakMemoryBytes: Int?, loadNanoseconds: Double)] {
    let progress = toolchain.stage(
      stages.next("memory and load time"), total: variants.count * ProbeProcess.repetitions,
      unit: "processes")
    defer { progress.finish() }
    let probe = ProbeProcess(toolchain: toolchain, program: options.program, tokens: tokens)
    return try variants.map { try probe.measure($0.path) { progress.advance() } }
  }

  private func latencies(
    _ models: [Model], tokens: Int, first: Int
  ) throws -> [[VariantFigures.Latency]] {
    let warmUp = 2
    let progress = toolchain.stage(
      stages.next("latency"), total: Self.batches.count * (options.rounds + warmUp), unit: "rounds")
    defer { progress.finish() }
    let pool = try toolchain.pool()
    defer { withExtendedLifetime(pool) {} }
    let states = models.map { RunState(model: $0, parallel: pool.parallel) }
    let vocabulary = models.map(\.vocabularyCount).min() ?? 1
    var latencies = Array(repeating: [VariantFigures.Latency](), count: models.count)
    // The baseline goes first in a round, so that the others are set against it.
    let order = [first] + models.indices.filter { $0 != first }
    for batch in Self.batches {
      let texts = Toolchain.randomTexts(batch, of: tokens, vocabulary: vocabulary)
      let results = try InterleavedRounds(warmUpRounds: warmUp, rounds: options.rounds).run(
        order.map { index in
          InterleavedRounds.Variant<ModelError>("") { () throws(ModelError) in
            _ = try states[index].logits(texts)
          }
        }
      ) { _ in progress.advance() }
      for (index, result) in zip(order, results) {
        latencies[index].append(
          .init(batch: batch, sample: result.sample, ratioToBaseline: result.ratioToFirst))
      }
    }
    return latencies
  }

  /// Empty where a variant reads other tokens than the baseline, or has other layers.
  private func layerErrors(
    _ models: [Model], _ texts: [[UInt32]], first: Int
  ) throws(ToolchainError) -> [[VariantFigures.LayerError]] {
    let progress = toolchain.stage(
      stages.next("error after each layer"), total: models.count, unit: "models")
    defer { progress.finish() }
    let pool = try toolchain.pool()
    defer { withExtendedLifetime(pool) {} }
    guard !texts.isEmpty else { return models.map { _ in [] } }
    func states(_ index: Int) -> LayerStates? {
      defer { progress.advance() }
      return LayerStates(
        models[index].packed, texts: texts, parallel: pool.parallel, kernels: models[index].kernels)
    }
    guard let baseline = states(first) else { return models.map { _ in [] } }
    return models.indices.map { index in
      guard index != first, Self.sameVocabulary(models[index], models[first]),
        let states = states(index)
      else { return [] }
      return states.relativeErrors(against: baseline).map {
        .init(layer: $0.layer + 1, error: $0.error)
      }
    }
  }

  private static func sameVocabulary(_ one: Model, _ other: Model) -> Bool {
    one.vocabularyCount == other.vocabularyCount
      && one.packed.vocabulary.elementsEqual(other.packed.vocabulary)
  }
}
