import MBQCore
import MBQEvaluation
import MBQQuantizer
import MBQReport

extension QuantizeResult {
  package var report: Report {
    let packed = self.packed.report
    var table = ReportTable(
      title: "stored as",
      columns: [.text("scheme"), .number("tensors"), .number("bytes", "size")])
    for scheme in packed.schemes {
      table.rows.append([.text(scheme.name), .count(scheme.tensors), .bytes(scheme.byteCount)])
    }
    let share = Double(packed.byteCount) / Double(max(packed.sourceByteCount, 1))
    return Report(
      [
        .facts([
          .init("checkpoint", options.checkpoint.path),
          .init("parameters", .count(packed.parameterCount)), .init("bits", bits),
          .init("recipe", plan.summary),
          .init(options.output == .nowhere ? "would write" : "written", path),
          .init("size", .bytes(packed.byteCount)),
          .init(
            "of the weights' \(Human.bytes(packed.sourceByteCount))", .percent(share, digits: 1)),
          .init("golden vectors", .integer(packed.goldenCount)),
          .init("took", .milliseconds(nanoseconds: nanoseconds)),
        ])
      ] + CompressionTables.blocks(self) + [.table(table)])
  }

  /// Of the linears' weights.
  private var bits: ReportCell {
    let found = compression.rounded.filter { !$0.isTable }.map(\.bits)
    guard let least = found.min(), let most = found.max() else {
      return .integer(packed.report.precision.bits)
    }
    return least == most ? .integer(least) : .text("\(least) to \(most)")
  }
}

extension SearchOutcome {
  /// `all` adds a table of every point tried.
  package func report(all: Bool) -> Report {
    func table(_ title: String, _ results: [SearchResult]) -> ReportTable {
      var table = ReportTable(
        title: title,
        columns: [
          .text("point", overflow: .wrap), .number("bytes", "size"),
          .number("agreement", "same labels"), .number("divergence", "KL"),
          .number("p95", "p95 ms"),
        ])
      for result in results {
        table.rows.append([
          .text(result.point.name), .bytes(result.byteCount),
          .percent(result.agreement, digits: 2), .number(result.divergence, digits: 5),
          .number(result.p95Milliseconds, digits: 1),
        ])
      }
      return table
    }
    return Report(
      [
        .facts([
          .init("tried", .count(results.count)), .init("best", best.point.name),
          .init("size", .bytes(best.byteCount)),
          .init("same labels as fp32", .percent(best.agreement, digits: 2)),
          .init("written", "\(folder)/best.mbq"), .init("plot", "\(folder)/front.svg"),
        ]),
        .table(table("front", front)),
      ] + (all ? [.table(table("all", results))] : []))
  }
}

extension SensitivityResult {
  /// The `top` most sensitive linears; `details` adds ranges and kurtosis, and shows all of them.
  package func report(top: Int, details: Bool) -> Report {
    let ordered = sites.sorted { $0.logitChange > $1.logitChange }
    // People get what fits 80 columns beside names such as layer.10.bottleneck.output.
    let columns: [ReportTable.Column] = [.number("weights"), .number("range"), .number("kurtosis")]
    var table = ReportTable(
      title: "most sensitive",
      columns: [.text("site", overflow: .wrap)] + (details ? columns : [])
        + [
          .number("peak", "peak/rms"), .number("sqnr8", "dB at 8"), .number("sqnr4", "at 4"),
          .number("change", "Δ logit"), .number("flips"),
        ])
    for site in details ? ordered : Array(ordered.prefix(top)) {
      func decibels(_ bits: Int) -> ReportCell {
        site.sqnr(bits: bits).map { .number($0, digits: 1) } ?? .missing
      }
      let cells: [ReportCell] = [
        .count(site.weights), .number(Double(site.range), digits: 1),
        .number(site.channelKurtosis, digits: 1),
      ]
      table.rows.append(
        [.text(site.site)] + (details ? cells : [])
          + [
            .number(site.peakRatio, digits: 1), decibels(8), decibels(4),
            .number(site.logitChange.squareRoot(), digits: 4), .integer(site.flips),
          ])
    }
    return Report([
      .facts([
        .init("checkpoint", options.checkpoint.path), .init("texts", .count(texts)),
        .init("linears", .count(sites.count)), .init("measured now", .count(measured)),
        .init("kept in", file),
      ]), .table(table),
    ])
  }
}
