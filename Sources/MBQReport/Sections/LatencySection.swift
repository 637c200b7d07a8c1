import MBQEvaluation

/// How long one text takes, alone and in batches.
enum LatencySection: ReportSection {
  static let id = "latency"
  static let title = "Latency"

  static func html(_ report: ReportDocument) -> Markup? {
    guard report.variants.contains(where: { !$0.cost.latencies.isEmpty }) else { return nil }
    let c = report.conditions
    return .figure(
      caption: "Time a text of \(c.latencyTokens) tokens in batches of different sizes, "
        + "\(c.threads) thread\(c.threads == 1 ? "" : "s"), \(c.kernels): the bar ends at the median "
        + "of \(c.rounds) rounds in which the variants took turns, the line at the 90th percentile."
    ) { LatencyPlot(variants: report.variants).markup($0) }
  }

  static func markdown(_ report: ReportDocument) -> String? {
    var table = ReportTable(columns: [
      .text("variant"), .number("batch"), .number("p50"), .number("p90"), .number("p99"),
      .number("ratio", "of the baseline's"),
    ])
    for variant in report.variants {
      for latency in variant.cost.latencies {
        table.rows.append([
          .text(DisplayText.shortened(variant.name, to: 40)), .integer(latency.batch),
          .milliseconds(nanoseconds: latency.p50), .milliseconds(nanoseconds: latency.p90),
          .milliseconds(nanoseconds: latency.p99), .number(latency.ratioToBaseline, digits: 2),
        ])
      }
    }
    return table.rows.isEmpty ? nil : "Milliseconds a text.\n\n" + MarkdownTable.render(table)
  }
}
