import MBQQuantizer
import MBQReport

/// What a calibration found, as tables of at most 80 columns.
package struct CalibrationReport {
  let texts: CalibrationTexts
  let statistics: CalibrationStatistics
  let observer: any RangeObserver.Type
  static let siteCount = 12

  // MARK: Texts

  func audit(file: String, evaluation: String?) -> [Report.Block] {
    let audit = texts.audit
    func share(_ part: Int, _ whole: Int) -> Double {
      whole == 0 ? 0 : Double(part) / Double(whole)
    }
    var facts: [Report.Fact] = [
      .init("file", file),
      .init("texts read", .count(audit.read)),
      .init("blank", .count(audit.blank)),
      .init("repeated", .count(audit.duplicates)),
      .init("usable", .count(audit.usable)),
      .init("longest", "\(Human.count(audit.longest)) tokens"),
      .init(
        "cut to \(audit.limit) tokens", .percent(share(audit.truncated, audit.usable), digits: 1)),
      .init(
        "tokens lost by that",
        .percent(
          share(audit.untruncatedTokens - audit.tokens, audit.untruncatedTokens), digits: 1)),
      .init("unknown tokens", .percent(share(audit.unknownTokens, audit.tokens), digits: 2)),
    ]
    if let evaluation, let overlap = audit.overlap {
      facts.append(.init("also in \(evaluation)", .count(overlap)))
    }
    facts += [
      .init("calibrated on", "\(Human.count(audit.calibrating)) texts"),
      .init("held back", "\(Human.count(audit.heldBack)) texts"),
      .init("tokens", .count(audit.calibratingTokens)),
      .init("padding, if padded", .percent(audit.paddingShare, digits: 1)),
    ]
    return [.heading("Texts"), .facts(facts), .table(lengths)]
  }

  private var lengths: ReportTable {
    var table = ReportTable(
      title: "lengths of the usable texts, uncut",
      columns: [.text("tokens"), .number("texts"), .number("share"), .text("bar", "")])
    let audit = texts.audit
    let most = max(audit.lengths.map(\.texts).max() ?? 1, 1)
    var low = 3
    for bin in audit.lengths {
      table.rows.append([
        .text(bin.most.map { "\(low) to \($0)" } ?? "\(low) and more"), .count(bin.texts),
        .percent(Double(bin.texts) / Double(max(audit.usable, 1)), digits: 1),
        .text(String(repeating: "#", count: (bin.texts * 40 + most - 1) / most)),
      ])
      low = (bin.most ?? 0) + 1
    }
    return table
  }

  // MARK: Sites

  /// One row an operand: under the name of the first site that reads it.
  private struct Row {
    var name: String
    var record: OperandStatistics
    var range: Float
    var halves: Double?
  }

  func sites() -> [Report.Block] {
    var rows: [Row] = []
    for (name, record) in statistics.names where record == rows.count {
      let content = statistics.records[record]
      rows.append(
        Row(
          name: name, record: content, range: observer.range(of: content.histogram),
          halves: content.halvesRatio(observer)))
    }
    let ratios = rows.compactMap(\.halves).sorted()
    var facts: [Report.Fact] = [
      .init("operands", .count(rows.count)), .init("observer", observer.name),
    ]
    if let worst = ratios.last {
      facts += [
        .init("halves' scales, median", .number(ratios[ratios.count / 2], digits: 3)),
        .init("halves' scales, worst", .number(worst, digits: 3)),
      ]
    }
    return [
      .heading("Hidden states"), .facts(facts),
      .table(table("the most outlying, by peak/rms", rows) { $0.record.peakRatio }),
      .table(table("the widest", rows) { Double($0.record.largest) }),
    ] + disagreement(ratios)
  }

  private func table(_ title: String, _ rows: [Row], by key: (Row) -> Double) -> ReportTable {
    var table = ReportTable(
      title: title,
      columns: [
        .text("site", overflow: .shorten), .number("minimum", "min"), .number("maximum", "max"),
        .number("range"), .number("peak_ratio", "peak/rms"), .number("channel_ratio", "channels"),
        .number("halves_ratio", "halves"),
      ])
    // By name among equals, so that the order does not hang on the sort.
    for row in rows.sorted(by: { (key($0), $1.name) > (key($1), $0.name) }).prefix(Self.siteCount) {
      table.rows.append([
        .text(row.name), number(Double(row.record.minimum)), number(Double(row.record.maximum)),
        number(Double(row.range)), number(row.record.peakRatio), number(row.record.channelRatio),
        row.halves.map { .number($0, digits: 2) } ?? .missing,
      ])
    }
    return table
  }

  private func number(_ value: Double) -> ReportCell {
    .number(value, digits: abs(value) >= 99.95 ? 0 : abs(value) >= 9.995 ? 1 : 2)
  }

  /// A warning when the two halves of the texts would give other scales.
  private func disagreement(_ ratios: [Double]) -> [Report.Block] {
    guard let worst = ratios.last, worst > 1.5 else { return [] }
    let count = ratios.count { $0 > 1.5 }
    return [
      .note(
        "\(count) of \(ratios.count) scales differ by more than half between the two halves of "
          + "the texts: a static step hangs on which texts were drawn; take more of them (--texts)"
          + (observer == MinMaxObserver.self
            ? ", or an observer that clips (--observer percentile)" : ""))
    ]
  }

  package static let legend =
    "range: the magnitude that becomes 127, as the observer chooses it\n"
    + "peak/rms: the largest magnitude over the root mean square\n"
    + "channels: the largest channel's peak over the median channel's\n"
    + "halves: the ranges of the two halves of the texts, the greater over the smaller"
}
