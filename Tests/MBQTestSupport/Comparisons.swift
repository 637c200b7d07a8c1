import MBQCore
public import MBQEvaluation

/// Answers of two models made from a seed.
public enum Comparisons {
  public static func key(
    rows: Int, labels: [String] = ["real", "fake"], isLabelled: Bool = true,
    hasBaseline: Bool = true, shard: AnswersKey.Shard = .whole, limit: Int = 5
  ) -> AnswersKey {
    let model = AnswersKey.Model(
      summary: .init(path: "models/int8.mbq", scheme: "int8", fileBytes: 25_100_000), digest: "c",
      labels: labels, tokenLimit: 512)
    var baseline = model
    baseline.summary = .init(path: "models/fp32.mbq", scheme: "fp32", fileBytes: 98_400_000)
    baseline.digest = "b"
    return AnswersKey(
      model: model, baseline: hasBaseline ? baseline : nil,
      dataset: .init(
        path: "test.csv", textColumns: ["title", "text"], labelColumn: isLabelled ? "label" : nil,
        rows: rows, blankRows: 0),
      datasetDigest: "d", shard: shard, mistakeLimit: limit, flipLimit: limit)
  }

  /// The answers to the rows of the key's part; a row has the same ones in whatever part it is.
  public static func answers(_ key: AnswersKey, upTo count: Int? = nil) throws -> Answers {
    var answers = try Answers(key: key)
    for place in 0..<(count ?? key.rowCount) {
      let row = key.shard.row(place)
      var generator = SeededGenerator(seed: UInt64(row))
      func noise(_ size: Float) -> Float { Float.random(in: -size...size, using: &generator) }
      let truth = Int(generator.next() % UInt64(key.model.labels.count))
      var logits = key.model.labels.map { _ in noise(2) }
      logits[truth] += 1.5
      let others = logits.map { $0 + noise(0.5) }
      try answers.append(
        text: "text \(row) with ] and & and \u{1F600}",
        truth: key.dataset.labelColumn == nil ? nil : truth,
        logits: others, baselineLogits: key.baseline == nil ? nil : logits,
        tokens: 3 + row % 200, isTruncated: row % 7 == 0)
    }
    return answers
  }

  public static func small() throws -> ComparisonSummary {
    guard let comparison = try answers(key(rows: 60)).comparison() else {
      preconditionFailure("it has a baseline")
    }
    return comparison
  }
}
