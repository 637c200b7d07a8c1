import MBQQuantizer
import MBQReport

/// What compressing did, as parts of a report.
enum CompressionTables {
  static func blocks(_ result: QuantizeResult) -> [Report.Block] {
    let done = result.compression
    var facts: [Report.Fact] = []
    if let texts = result.texts {
      facts.append(
        .init(
          "calibrated on",
          "\(texts.texts.count) texts, \(texts.audit.calibratingTokens) tokens"))
    }
    if let layers = done.layers {
      facts.append(.init("layers kept", layers.map { "\($0)" }.joined(separator: " ")))
    }
    if let vocabulary = done.vocabulary {
      facts.append(
        .init(
          "word pieces kept", "\(vocabulary.piecesKept) of \(vocabulary.piecesBefore)"))
    }
    if let change = result.tokenization {
      facts.append(
        .init(
          "texts with other pieces", "\(change.changedTexts) of \(change.texts)"))
    }
    let scaled = done.equalized.filter { $0.alpha != nil }
    if !done.equalized.isEmpty {
      facts.append(.init("equalized", "\(scaled.count) of \(done.equalized.count) hidden states"))
    }
    if !done.recovered.isEmpty {
      let changed = done.recovered.count { $0.penalty != nil }
      facts.append(.init("fitted again", "\(changed) of \(done.recovered.count) steps"))
    }
    if done.staticSites > 0 {
      facts.append(.init("static steps", .count(done.staticSites)))
    }
    if done.int16Sites > 0 { facts.append(.init("16-bit inputs", .count(done.int16Sites))) }
    var blocks: [Report.Block] = facts.isEmpty ? [] : [.facts(facts)]
    let worst = done.rounded.filter { $0.relativeError != nil }
      .sorted { ($0.relativeError ?? 0) > ($1.relativeError ?? 0) }
    if !worst.isEmpty {
      var table = ReportTable(
        title: "matrices that changed most",
        columns: [
          .text("site"), .number("bits"), .number("zeros"), .number("error"),
        ])
      for site in worst.prefix(5) {
        table.rows.append([
          .text(site.name), .integer(site.bits), .percent(site.sparsity, digits: 1),
          .percent(site.relativeError ?? 0, digits: 2),
        ])
      }
      blocks.append(.table(table))
    }
    return blocks
  }
}
