import MBQEvaluation

extension GateLimit {
  /// `accuracy drop at most 0.5 points`.
  public var title: String { "\(name) at most \(text(limit))\(unit)" }

  /// The reason for the verdict, in one or two sentences.
  public func reason(confidence: Double) -> String {
    let sureness = "\(Human.plain(confidence * 100)) % confidence"
    guard let bounds else { return found }
    switch verdict {
    case .notWorse:
      return "\(found): at most \(text(bounds.upper))\(unit), with \(sureness)"
    case .worse:
      return "\(found): more than that, at least \(text(bounds.lower))\(unit), with \(sureness)"
    case .cannotTell:
      let range =
        "\(found): this data cannot tell, with \(sureness) it may be anything from "
        + "\(text(bounds.lower)) to \(text(bounds.upper))\(unit)"
      if kind == .latencyRatio { return "\(range); more --rounds narrow it" }
      guard let rowsNeeded else {
        return "\(range); more rows of the same kind hardly help, so near is it to what is allowed"
      }
      return
        "\(range); about \(Human.count(rowsNeeded)) rows would tell, if shares stay as they are"
    }
  }

  /// The figure and the limit: `the accuracy fell by 0.3 points, 0.5 are allowed`.
  private var found: String {
    let allowed = "\(text(limit))\(unit) allowed"
    switch kind {
    case .drop:
      return value < 0
        ? "the accuracy rose by \(text(-value)) points, a fall by \(allowed)"
        : "the accuracy fell by \(text(value)) points, \(allowed)"
    case .flips: return "\(text(value)) % of the answers changed, \(allowed)"
    case .size: return "the file has \(text(value)), \(allowed)"
    case .latencyRatio:
      return "the p95 latency is \(text(value)) times the baseline's, \(allowed)"
    }
  }

  var name: String {
    switch kind {
    case .drop: "accuracy drop"
    case .flips: "changed answers"
    case .size: "file size"
    case .latencyRatio: "p95 latency by the baseline's"
    }
  }

  private var unit: String {
    switch kind {
    case .drop: " points"
    case .flips: " %"
    case .size, .latencyRatio: ""
    }
  }

  private func text(_ value: Double) -> String {
    switch kind {
    case .drop, .flips: Human.plain((value * 100_000).rounded() / 1000)
    case .size: Human.bytes(Int(value))
    case .latencyRatio: fixedPoint(value, digits: 3)
    }
  }

  /// The cells of a row: name, found, bounds, allowed, verdict.
  fileprivate var cells: [ReportCell] {
    [
      .text(name), .text(text(value) + unit),
      .text(bounds.map { "\(text($0.lower)) to \(text($0.upper))" } ?? "exact"),
      .text(text(limit) + unit), .text(verdict.rawValue),
    ]
  }
}

extension GateSummary {
  /// The check as `mbq check` shows it: the verdicts, their reasons, and what was compared.
  public func report() -> Report {
    let bounds = "\(Human.plain(confidence * 100)) % bounds"
    var blocks: [Report.Block] = [
      .facts([
        .init("candidate", comparison.candidate.report),
        .init(
          "data", "\(comparison.dataset.path): \(Human.count(comparison.rows)) rows"),
      ]),
      .table(
        ReportTable(
          columns: [
            .text("limit"), .number("found"), .text("bounds", bounds, overflow: .keep),
            .number("allowed"), .text("verdict", overflow: .keep),
          ], rows: limits.map(\.cells))),
    ]
    blocks += limits.map { .note($0.reason(confidence: confidence)) }
    return Report(blocks + comparison.report().blocks)
  }

  /// The reasons for a failure: a line for each failed limit; empty if the check passes.
  public var failures: [String] {
    limits.filter { outcome(of: $0) == .failed }.map { $0.reason(confidence: confidence) }
  }
}
