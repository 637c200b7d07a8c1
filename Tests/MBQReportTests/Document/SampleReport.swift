import MBQCore
import MBQEvaluation
import MBQReport

/// Reports of made-up variants.
enum SampleReport {
  /// Words that a page must not take for its own.
  static let hostile = [
    "<script>alert(1)</script>", "]]><!--", "\"'><img src=x onerror=alert(1)>", "a\u{202E}txt.exe",
    "&amp;lt;b&gt;", "| a | `b` |\n\n# c @someone", "\u{0}\u{1B}[31m", "{{7*7}} ${7*7}",
    "\u{FFFE}\u{FFFF}\u{85}", "</style></svg></details>", String(repeating: "x", count: 130_000),
    String(repeating: "e\u{301}\u{302}", count: 500), "漢字 עברית 👩‍👩‍👧", "",
  ]

  /// Answers of a model that is right in `correct` of `rows`, the first of them.
  static func predictions(labels: Int, rows: Int, wrong: Set<Int>) throws -> Predictions {
    var generator = SeededGenerator(seed: 7)
    var predictions = try Predictions(labelCount: labels)
    for row in 1...rows {
      let truth = row % labels
      var logits = (0..<labels).map { _ in Float(generator.next() % 100) / 100 }
      logits[wrong.contains(row) ? (truth + 1) % labels : truth] += 1.5
      try predictions.append(truth: truth, logits: logits)
    }
    return predictions
  }

  /// Each variant: its name, its bytes, and the rows it gets wrong.
  static func make(
    _ variants: [(name: String, bytes: Int, wrong: Set<Int>)], labels: [String] = ["real", "fake"],
    rows: Int = 200, excerpt: String = "a text", acceptedDrop: Double = 0.005,
    acceptedFlips: Double = 0.5
  ) throws -> ReportDocument {
    let baseline = try predictions(labels: labels.count, rows: rows, wrong: variants[0].wrong)
    let figures = try variants.enumerated().map { index, variant in
      let answers = try predictions(labels: labels.count, rows: rows, wrong: variant.wrong)
      let excerpts = Dictionary(uniqueKeysWithValues: (1...rows).map { ($0, excerpt) })
      return VariantFigures(
        name: variant.name,
        file: .init(
          path: "\(variant.name).mbq", scheme: "int8", recipe: variant.name,
          fileBytes: variant.bytes + 7, downloadBytes: variant.bytes, isCompressed: false,
          parameters: 24_582_914, zeroShare: 0.011),
        cost: .init(
          peakMemoryBytes: index == 1 ? nil : 31_000_000, loadNanoseconds: 8.1e6,
          latencies: [1, 8, 32].map { batch in
            VariantFigures.Latency(
              batch: batch,
              sample: LatencySample(nanoseconds: [5_000_000, 6_000_000, 7_500_000])!,
              ratioToBaseline: index == 0 ? 1 : 0.5)
          }, textsPerSecond: 41.7, tokensPerSecond: 5338),
        quality: .init(answers),
        comparison: index == 0 ? nil : try compare(baseline, answers, labels, excerpts),
        layerErrors: index == 0
          ? [] : (1...4).map { .init(layer: $0, error: Double($0 * index) * 0.003) })
    }
    return ReportDocument(
      tool: "mbq 0",
      dataset: .init(
        path: "data/\(excerpt.prefix(40)).csv", textColumns: ["text"], rows: rows, blankRows: 0,
        labels: labels.map { .init(name: $0, rows: rows / labels.count) }),
      conditions: .init(
        checkpoint: nil, calibrationText: "train.csv", threads: 1, kernels: "avx2",
        tokenLimit: 128, latencyTokens: 128, rounds: 11, layerTexts: 8),
      lengths: .init(lengths: (1...rows).map { $0 }, limit: 128), baseline: variants[0].name,
      variants: figures, acceptedDrop: acceptedDrop, acceptedFlips: acceptedFlips,
      notes: ["no row is labelled 'x'"])
  }

  private static func compare(
    _ baseline: Predictions, _ variant: Predictions, _ labels: [String], _ excerpts: [Int: String]
  ) throws -> ComparisonFigures? {
    let answers = try PairedAnswers(
      baseline: baseline.outputs, candidate: variant.outputs, truths: variant.truths,
      lengths: Array(repeating: 5, count: variant.rowCount))
    let model = EvaluationSummary.Model(path: "m", scheme: "int8", fileBytes: 1)
    return ComparisonFigures(
      ComparisonSummary(
        baseline: model, candidate: model,
        dataset: .init(
          path: "d", textColumns: ["text"], labelColumn: "label", rows: variant.rowCount,
          blankRows: 0),
        answers: answers, labelNames: labels,
        flips: answers.flips(limit: ComparisonFigures.shownLimit)))
  }

  static func usual() throws -> ReportDocument {
    try make([
      ("fp32", 98_000_000, [1, 2, 3]), ("int8", 25_000_000, [1, 2, 4]),
      ("int4", 13_000_000, [1, 2, 4, 5, 6, 7]),
    ])
  }
}
