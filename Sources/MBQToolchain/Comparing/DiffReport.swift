import MBQCore
import MBQEvaluation
import MBQFormat
import MBQQuantizer
import MBQReport
import MBQRuntime

/// The difference of two models as facts and tables of at most 80 columns.
struct DiffReport {
  var names: (a: String, b: String)
  var models: (a: Model, b: Model)
  var difference: ModelDifference
  /// Every operation and tensor, not only the first and the worst.
  var all: Bool
  var agreement: Agreement?
  var times: Times?
  private static let rowCount = 12

  init(names: (String, String), models: (Model, Model), difference: ModelDifference, all: Bool) {
    self.names = names
    self.models = models
    self.difference = difference
    self.all = all
  }

  struct Times {
    var tokens: Int
    var threads: Int
    var a: InterleavedRounds.Result
    var b: InterleavedRounds.Result

    /// Quartiles over the rounds of the second one's time by the first one's.
    var ratios: (low: Double, median: Double, high: Double) {
      let sorted = zip(a.nanoseconds, b.nanoseconds)
        .map { Double($1) / Double(max($0, 1)) }.sorted()
      return (
        percentile(0.25, of: sorted), percentile(0.5, of: sorted), percentile(0.75, of: sorted)
      )
    }
  }

  var blocks: [Report.Block] {
    var blocks: [Report.Block] = [.facts(facts)]
    if !difference.settings.isEmpty { blocks.append(.table(settings)) }
    if !difference.operations.isEmpty { blocks.append(.table(operations)) }
    if !difference.tensors.isEmpty { blocks.append(.table(tensors)) }
    blocks.append(.table(sections))
    if let times { blocks.append(.table(table(times))) }
    if let agreement { blocks.append(.table(table(agreement))) }
    if difference.tensors.contains(where: { $0.difference != nil }) {
      blocks.append(.note("error: of B − A, by the size of A: ‖B − A‖ / ‖A‖"))
    }
    if difference.tensors.contains(where: { $0.difference?.rescaled != nil }) {
      blocks.append(
        .note(
          "rescaled: channels differ by powers of two, as equalization folds them into neighbouring"
            + " weights; errors are those with the powers undone"))
    }
    return blocks
  }

  private var facts: [Report.Fact] {
    func count(_ changes: [ModelDifference.Change], _ same: Int? = nil) -> String {
      let parts = [ModelDifference.Change.added, .removed, .changed].compactMap { kind in
        let count = changes.count { $0 == kind }
        return count > 0 ? "\(count) \(kind.rawValue)" : nil
      }
      let found = parts.isEmpty ? "the same" : parts.joined(separator: ", ")
      return found + (same.map { parts.isEmpty ? "" : ", \($0) the same" } ?? "")
    }
    return [
      .init("A", names.a), .init("B", names.b),
      .init("verdict", difference.isEmpty ? "the same" : "they differ"),
      .init("operations", count(difference.operations.map(\.change))),
      .init("tensors", count(difference.tensors.map(\.change), difference.sameTensors)),
    ]
  }

  private var settings: ReportTable {
    ReportTable(
      title: "settings", columns: [.text("setting"), .text("a", "A"), .text("b", "B")],
      rows: difference.settings.map { [.text($0.name), .text($0.a), .text($0.b)] })
  }

  private func title(_ what: String, _ count: Int, _ order: String) -> String {
    all || count <= Self.rowCount ? what : "\(what): \(order) \(Self.rowCount) of \(count)"
  }

  private var operations: ReportTable {
    let changes = difference.operations
    return ReportTable(
      title: title("operations", changes.count, "the first"),
      columns: [.text("operation"), .text("change", overflow: .keep), .text("what")],
      rows: (all ? changes : Array(changes.prefix(Self.rowCount))).map {
        [.text($0.name), .text($0.change.rawValue), .text($0.what)]
      })
  }

  private var tensors: ReportTable {
    // What one has alone first, then by error.
    func order(_ change: ModelDifference.TensorChange) -> Double {
      change.difference.map { $0.relativeError } ?? .infinity
    }
    let changes = difference.tensors.enumerated().sorted {
      (order($0.element), -$0.offset) > (order($1.element), -$1.offset)
    }.map(\.element)
    var table = ReportTable(
      title: title("tensors", changes.count, "the worst"),
      columns: [
        .text("tensor", overflow: .wrap), .text("bits", overflow: .keep),
        .text("shape", overflow: .keep), .number("bytes_a", "A bytes"), .number("bytes_b", "B"),
        .number("relative_error", "error"), .number("largest_difference", "max |Δ|"),
        .text("rescaled", overflow: .keep),
      ] + (all ? [.text("scheme", overflow: .wrap)] : []))
    for change in all ? changes : Array(changes.prefix(Self.rowCount)) {
      table.rows.append(
        [
          .text(change.name), .text(pair(change) { "\($0.bits)" }),
          .text(pair(change) { "\($0.rows)×\($0.columns)" }),
          change.a.map { .bytes($0.bytes) } ?? .missing,
          change.b.map { .bytes($0.bytes) } ?? .missing,
          change.difference.map { .percent($0.relativeError, digits: 2) } ?? .missing,
          change.difference.map { .number($0.largestDifference, digits: 4) } ?? .missing,
          change.difference?.rescaled.map { .text("2^\($0.lowerBound)…\($0.upperBound)") }
            ?? .missing,
        ] + (all ? [.text(pair(change) { $0.scheme })] : []))
    }
    return table
  }

  private func pair(
    _ change: ModelDifference.TensorChange,
    _ part: (ModelDifference.TensorChange.Form) -> String
  ) -> String {
    switch (change.a.map(part), change.b.map(part)) {
    case (let a?, let b?): a == b ? a : "\(a) → \(b)"
    case (let a?, nil): "\(a) → none"
    case (nil, let b?): "none → \(b)"
    case (nil, nil): ""
    }
  }

  private var sections: ReportTable {
    var table = ReportTable(
      title: "size by section",
      columns: [
        .text("section"), .number("a", "A"), .number("b", "B"), .number("difference"),
      ])
    func sizes(_ model: Model) -> [PackedSection.Kind: Int] {
      Dictionary(model.packed.sections.map { ($0.kind, $0.length) }, uniquingKeysWith: +)
    }
    let (a, b) = (sizes(models.a), sizes(models.b))
    for kind in PackedSection.Kind.allCases {
      let (first, second) = (a[kind] ?? 0, b[kind] ?? 0)
      table.rows.append([
        .text(kind.name.text), .bytes(first), .bytes(second), .bytes(second - first),
      ])
    }
    let whole = [models.a, models.b].map { ModelDescription($0, path: "").fileBytes }
    table.rows.append([
      .text("file"), .bytes(whole[0]), .bytes(whole[1]), .bytes(whole[1] - whole[0]),
    ])
    return table
  }

  private func table(_ times: Times) -> ReportTable {
    let ratios = times.ratios
    return ReportTable(
      title: "one text of \(times.tokens) tokens, \(times.threads) thread(s), in turns",
      columns: [
        .text("model"), .number("p25_ns", "p25"), .number("p50_ns", "median"),
        .number("p75_ns", "p75"), .number("ratio"), .number("ratio_p25", "p25"),
        .number("ratio_p75", "p75"),
      ],
      rows: [
        row("A", times.a) + [.number(1, digits: 3), .missing, .missing],
        row("B", times.b) + [
          .number(ratios.median, digits: 3), .number(ratios.low, digits: 3),
          .number(ratios.high, digits: 3),
        ],
      ])
  }

  private func row(_ name: String, _ result: InterleavedRounds.Result) -> [ReportCell] {
    [
      .text(name), .milliseconds(nanoseconds: result.sample.p25),
      .milliseconds(nanoseconds: result.sample.p50),
      .milliseconds(nanoseconds: result.sample.p75),
    ]
  }

  private func table(_ agreement: Agreement) -> ReportTable {
    ReportTable(
      title: "answers",
      columns: [
        .number("texts"), .number("flips"), .number("agreement", "same label"),
        .number("kl", "KL, nats"), .number("largest_logit_difference", "max Δ logit"),
        .number("mean_logit_difference", "mean"),
      ],
      rows: [
        [
          .count(agreement.rows), .count(agreement.flips.count),
          .percent(agreement.share, digits: 2), .number(agreement.meanKLDivergence, digits: 6),
          .number(agreement.largestLogitDifference, digits: 4),
          .number(agreement.meanLogitDifference, digits: 4),
        ]
      ])
  }
}
