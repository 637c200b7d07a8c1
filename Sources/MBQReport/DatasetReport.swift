import MBQEvaluation

extension DatasetSummary {
  /// The summary as `mbq data describe` shows it.
  ///
  /// Reads in 80 columns; `bar` is the character that bars are made of.
  public func report(bar: Character = "#") -> Report {
    var blocks: [Report.Block] = [.facts(facts)]
    if !classes.isEmpty { blocks.append(.table(classTable(bar))) }
    blocks.append(.table(Self.histogram("characters", characters, rows, bar)))
    if let tokens {
      blocks.append(.table(Self.histogram("tokens", tokens.lengths, rows, bar)))
      blocks.append(.facts(facts(tokens)))
    }
    if !duplicates.contradictions.isEmpty { blocks.append(.table(contradictionTable)) }
    blocks += notes.map { .note($0) }
    return Report(blocks)
  }

  /// The most classes shown; JSON has all of them.
  private static let classLimit = 20
  private static let barWidth = 30

  private var facts: [Report.Fact] {
    [
      .init("file", "\(dataset.path) (\(dataset.format))"),
      .init("columns", dataset.columns.joined(separator: ", ")),
      .init("text", dataset.textColumns.joined(separator: " + ")),
      .init("label", dataset.labelColumn ?? "not looked at"),
      .init("rows", .count(rows)),
      .init("blank texts", counted(blankTexts)),
      .init(
        "blank fields",
        zip(dataset.textColumns, blankFields).map { "\($0) \(Human.count($1))" }
          .joined(separator: ", ")),
      .init("repeated texts", counted(duplicates.rows)),
      .init("same text, other label", counted(duplicates.contradictoryRows)),
      .init("characters", .count(characters.total)),
      .init("longest", place(characters.longest, "characters")),
    ]
  }

  private func facts(_ tokens: Tokens) -> [Report.Fact] {
    [
      .init("tokenizer", tokens.tokenizer),
      .init("tokens", .count(tokens.lengths.total)),
      .init("longest", place(tokens.lengths.longest, "tokens")),
      .init("cut to \(Human.count(tokens.limit)) tokens", counted(tokens.truncatedTexts)),
      .init(
        "tokens lost by that",
        "\(Human.count(tokens.cutTokens)) (\(Human.percent(tokens.cutShare, digits: 1)))"),
      .init(
        "unknown tokens",
        "\(Human.count(tokens.unknownTokens)) (\(Human.percent(tokens.unknownShare, digits: 3))), "
          + "in \(Human.count(tokens.textsWithUnknown)) texts"),
    ]
  }

  private func counted(_ count: Int) -> String {
    let share = rows == 0 ? 0 : Double(count) / Double(rows)
    return count == 0
      ? "0" : "\(Human.count(count)) (\(Human.percent(share, digits: share < 0.001 ? 3 : 1)))"
  }

  private func place(_ longest: DatasetDescription.Longest, _ unit: String) -> String {
    longest.length == 0
      ? "-" : "\(Human.count(longest.length)) \(unit) (row \(Human.count(longest.row)))"
  }

  private func classTable(_ bar: Character) -> ReportTable {
    let hasModel = classes.contains { $0.modelLabel != nil }
    let most = classes.map(\.rows).max() ?? 0
    var table = ReportTable(
      title: classes.count > Self.classLimit
        ? "classes, the first \(Self.classLimit) of \(Human.count(classes.count))" : "classes",
      columns: [.text("label", overflow: .shorten)]
        + (hasModel ? [.text("model_label", "model's label", overflow: .shorten)] : [])
        + [.number("rows"), .number("share"), .text("bar", "", overflow: .keep)])
    for item in classes.prefix(Self.classLimit) {
      table.rows.append(
        [.text(item.label)] + (hasModel ? [item.modelLabel.map { .text($0) } ?? .missing] : [])
          + [
            .count(item.rows), .percent(item.share, digits: 1),
            .text(Self.bar(item.rows, of: most, bar)),
          ])
    }
    return table
  }

  private static func histogram(
    _ unit: String, _ lengths: Lengths, _ rows: Int, _ bar: Character
  ) -> ReportTable {
    func whole(_ value: Double) -> String { Human.count(Int(value.rounded())) }
    let most = lengths.histogram.map(\.texts).max() ?? 0
    var table = ReportTable(
      title: "\(unit): mean \(whole(lengths.mean)), median \(whole(lengths.median)), "
        + "90 % up to \(whole(lengths.p90)), 99 % up to \(whole(lengths.p99))",
      columns: [
        .number("low", unit), .text("", "", overflow: .keep), .number("high", ""),
        .number("texts"), .number("share"), .text("bar", "", overflow: .keep),
      ])
    for bin in lengths.histogram {
      table.rows.append([
        .count(bin.low), .text("to"), .count(bin.high), .count(bin.texts),
        .percent(rows == 0 ? 0 : Double(bin.texts) / Double(rows), digits: 1),
        .text(Self.bar(bin.texts, of: most, bar)),
      ])
    }
    return table
  }

  /// At least one character for a count above zero.
  private static func bar(_ count: Int, of most: Int, _ bar: Character) -> String {
    guard count > 0, most > 0 else { return "" }
    let length = Int((Double(count) / Double(most) * Double(barWidth)).rounded())
    return String(repeating: bar, count: max(length, 1))
  }

  private var contradictionTable: ReportTable {
    ReportTable(
      title: "the same text under different labels, \(duplicates.contradictions.count) of "
        + Human.count(duplicates.contradictoryTexts),
      columns: [
        .number("row"), .text("label", overflow: .shorten), .number("other_row", "row"),
        .text("other_label", "label", overflow: .shorten), .text("text", overflow: .shorten),
      ],
      rows: duplicates.contradictions.map {
        [
          .integer($0.row), .text($0.label), .integer($0.otherRow), .text($0.otherLabel),
          .excerpt($0.excerpt),
        ]
      })
  }
}
