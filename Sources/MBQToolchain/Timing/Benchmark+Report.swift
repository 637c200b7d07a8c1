import MBQReport

extension BenchmarkResult {
  /// `steps` adds a table of every step to a profile.
  package func report(steps: Bool) -> Report {
    let title = "milliseconds a batch, \(threads) thread\(threads == 1 ? "" : "s"), \(kernels)"
    guard profiles.isEmpty else { return profileReport(title, steps: steps) }
    var loads = ReportTable(
      title: "models",
      columns: [
        .text("model", overflow: .shorten), .number("bytes", "file"), .number("load_ns", "load ms"),
        .number("resident", "run memory"),
      ])
    for model in models {
      loads.rows.append([
        .text(model.path), .bytes(model.fileBytes),
        .milliseconds(nanoseconds: model.loadNanoseconds), .bytes(model.runBytes),
      ])
    }
    var table = ReportTable(
      title: title,
      columns: [
        .text("shape"), .text("model", overflow: .shorten), .number("p50_ns", "p50"),
        .number("p90_ns", "p90"), .number("p99_ns", "p99"), .number("text_ns", "a text"),
        .number("tokens_per_second", "tokens/s"), .number("ratio", "ratio"),
      ])
    for found in latencies {
      table.rows.append([
        .text("\(found.batch)×\(found.tokens)"), .text(found.path),
        .milliseconds(nanoseconds: found.p50), .milliseconds(nanoseconds: found.p90),
        .milliseconds(nanoseconds: found.p99),
        .milliseconds(nanoseconds: found.p50 / Double(found.batch)),
        .count(Int(Double(found.batch * found.tokens) / found.p50 * 1e9)),
        .number(found.ratioToFirst, digits: 2),
      ])
    }
    let facts = peakMemoryBytes.map {
      [Report.Fact("peak memory of this process", .bytes($0))]
    }
    return Report([.table(loads), .table(table), .facts(facts ?? [])])
  }

  private func profileReport(_ title: String, steps: Bool) -> Report {
    var summary = ReportTable(title: title, columns: ProfileTables.summaryColumns)
    var blocks: [Report.Block] = []
    for found in profiles {
      let shape = "\(found.batch)×\(found.tokens)"
      summary.rows.append(found.tables.summary(model: found.path, shape: shape))
      blocks += found.tables.tables(prefix: "\(found.path) \(shape), ", steps: steps)
    }
    if threads > 1 {
      blocks.append(.note("times are those of all threads added up, GMAC/s those of one thread"))
    }
    return Report([.table(summary)] + blocks)
  }
}
