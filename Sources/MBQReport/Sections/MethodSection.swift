import MBQEvaluation

/// The data and the methods of the measurements.
enum MethodSection: ReportSection {
  static let id = "method"
  static let title = "How this was measured"

  static func html(_ report: ReportDocument) -> Markup? {
    let rows = facts(report).map { fact in
      Markup.group([
        .element("dt", fact.name), .element("dd", [.element("bdi", [], [.text(fact.value)])]),
      ])
    }
    return .group([
      .element("dl", rows),
      .element("ul", (report.notes + Self.remarks).map { .element("li", DisplayText.clean($0)) }),
    ])
  }

  static func markdown(_ report: ReportDocument) -> String? {
    facts(report).map {
      "- \(MarkdownRenderer.escaped($0.name)): \(MarkdownRenderer.escaped($0.value))\n"
    }.joined()
      + report.notes.map { "- \(MarkdownRenderer.escaped(DisplayText.clean($0)))\n" }.joined()
  }

  private static let remarks = [
    "Accuracy intervals are Wilson's at 95 %. Variants answer the same texts, so a difference between "
      + "two of them can be real where their intervals overlap: the change of the accuracy has an "
      + "interval of its own, Tango's for paired answers. McNemar's test is exact. The detectable drop "
      + "is what a test of so many rows would find in 80 of 100 cases (Connor).",
    "Download size is the file deflated by zlib at level 9, or the file itself where its weights are "
      + "stored compressed.",
    "Peak memory and load time are those of a new process that opens the file, which is in the "
      + "system's cache, and answers one text.",
    "With fewer than 100 rounds the 99th percentile is nearly the slowest round.",
  ]

  private static func facts(_ report: ReportDocument) -> [(name: String, value: String)] {
    let (data, c) = (report.dataset, report.conditions)
    func shown(_ text: String) -> String { DisplayText.clean(text, limit: 400) }
    var facts = [
      (
        "data",
        "\(shown(data.path)): \(Human.count(data.rows)) rows of "
          + shown(data.textColumns.joined(separator: " + "))
      ),
      (
        "labels",
        data.labels.prefix(20).map {
          "\(DisplayText.shortened(shown($0.name), to: 40)) \(Human.count($0.rows))"
        }.joined(separator: ", ")
          + (data.labels.count > 20 ? " and \(data.labels.count - 20) more" : "")
      ),
    ]
    if let checkpoint = c.checkpoint { facts.append(("checkpoint", shown(checkpoint))) }
    if let text = c.calibrationText { facts.append(("calibrated on", shown(text))) }
    for variant in report.variants where !variant.file.recipe.isEmpty {
      facts.append((shown(variant.name), shown(variant.file.recipe)))
    }
    facts.append(
      (
        "run",
        "\(c.threads) thread\(c.threads == 1 ? "" : "s"), kernels \(c.kernels), \(c.rounds) rounds "
          + "of \(c.latencyTokens) tokens"
      ))
    facts.append(("written by", shown(report.tool)))
    return facts
  }
}
