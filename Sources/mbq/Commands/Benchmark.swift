import ArgumentParser
import MBQCore
import MBQEvaluation
import MBQFormat
import MBQKernels
import MBQReport
import MBQRuntime

struct Benchmark: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Times models: latency by batch and length, load time, peak memory.",
    discussion: """
      Rows are full, of seeded random tokens; several models take turns in every round (A B A B), so \
      that their ratio can be trusted on a busy machine.

      Examples:
        mbq benchmark model-int8.mbq
        mbq benchmark model-int8.mbq model-fp32.mbq --batch 1,8 --tokens 128,512
        mbq benchmark model-int8.mbq --profile      # where the time goes
      """)

  @Argument(help: "The packed models.")
  var models: [String]

  @Option(
    help: ArgumentHelp(
      "Texts a batch (default: 1,8,32; with --profile 1).", valueName: "list"))
  var batch: String?

  @Option(
    help: ArgumentHelp("Tokens a text (default: 128, or what the model takes).", valueName: "list"))
  var tokens: String?

  @Option(help: "Rounds that are counted.")
  var rounds = 11

  @Flag(
    help: "Show the time by kind of operation, by operation and by layer; with --json by step.")
  var profile = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var runtime: RuntimeOptions

  func validate() throws {
    guard !models.isEmpty else { throw ValidationError("Name at least one model.") }
    guard (1...10_000).contains(rounds) else {
      throw ValidationError("--rounds is \(rounds); allowed: 1 to 10000.")
    }
  }

  func run() throws {
    var loaded: [(path: String, model: Model)] = []
    var loads = ReportTable(
      title: "models",
      columns: [
        .text("model", overflow: .shorten), .number("bytes", "file"), .number("load_ns", "load ms"),
        .number("resident", "run memory"),
      ])
    let pool = runtime.pool()
    var states: [RunState] = []
    for path in models {
      // The first opening may read from disk; the median is that of a cached file.
      var times: [UInt64] = []
      var model = try runtime.model(path)
      for _ in 0..<5 {
        let start = MonotonicClock.nanoseconds
        model = try runtime.model(path)
        times.append(MonotonicClock.nanoseconds - start)
      }
      let state = RunState(model: model, parallel: pool.parallel, tokens: model.maximumTokens)
      loaded.append((path, model))
      states.append(state)
      loads.rows.append([
        .text(path), .bytes(ModelDescription(model, path: path).fileBytes),
        .milliseconds(nanoseconds: LatencySample(nanoseconds: times)?.p50 ?? 0),
        .bytes(state.byteCount + model.extraByteCount),
      ])
    }
    let most = loaded.map { $0.model.maximumTokens }.min() ?? 2
    let lengths = try list(tokens ?? "\(min(128, most))", "--tokens", 1...most)
    let batches = try list(batch ?? (profile ? "1" : "1,8,32"), "--batch", 1...4096)
    if profile { return try showProfiles(loaded, lengths, batches, pool.parallel) }
    var table = ReportTable(
      title: "milliseconds a batch, \(threadCount), \(try runtime.kernelSet().name)",
      columns: [
        .text("shape"), .text("model", overflow: .shorten), .number("p50_ns", "p50"),
        .number("p90_ns", "p90"), .number("p99_ns", "p99"), .number("text_ns", "a text"),
        .number("tokens_per_second", "tokens/s"), .number("ratio", "ratio"),
      ])
    let progress = ProgressBar(
      "benchmark", total: batches.count * lengths.count * (rounds + 2), unit: "rounds")
    for length in lengths {
      for batch in batches {
        let results = try time(loaded, states, batch: batch, length: length, progress)
        for result in results {
          table.rows.append([
            .text("\(batch)×\(length)"), .text(result.name),
            .milliseconds(nanoseconds: result.sample.p50),
            .milliseconds(nanoseconds: result.sample.p90),
            .milliseconds(nanoseconds: result.sample.p99),
            .milliseconds(nanoseconds: result.sample.p50 / Double(batch)),
            .count(Int(Double(batch * length) / result.sample.p50 * 1e9)),
            .number(result.ratioToFirst, digits: 2),
          ])
        }
      }
    }
    progress.finish()
    var facts: [Report.Fact] = []
    if let peak = PeakMemory.bytes {
      facts.append(.init("peak memory of this process", .bytes(peak)))
    }
    Output.show(Report([.table(loads), .table(table), .facts(facts)]), json: json)
    _ = pool
  }

  private func showProfiles(
    _ models: [(path: String, model: Model)], _ lengths: [Int], _ batches: [Int],
    _ parallel: Parallel
  ) throws {
    let progress = ProgressBar(
      "profile", total: models.count * batches.count * lengths.count * (rounds + 2), unit: "rounds")
    var summary = ReportTable(
      title: "milliseconds a batch, \(threadCount), \(try runtime.kernelSet().name)",
      columns: ProfileTables.summaryColumns)
    var blocks: [Report.Block] = []
    for (path, model) in models {
      for length in lengths {
        for batch in batches {
          let texts = Self.texts(model, batch: batch, length: length)
          let profile = try StepProfile(model, parallel, texts, rounds: rounds) {
            progress.advance()
          }
          let tables = ProfileTables(profile, model.packed.header)
          summary.rows.append(tables.summary(model: path, shape: "\(batch)×\(length)"))
          blocks += tables.tables(prefix: "\(path) \(batch)×\(length), ", steps: json)
        }
      }
    }
    progress.finish()
    if runtime.threads > 1 {
      blocks.append(.note("times are those of all threads added up, GMAC/s those of one thread"))
    }
    Output.show(Report([.table(summary)] + blocks), json: json)
  }

  private var threadCount: String { "\(runtime.threads) thread\(runtime.threads == 1 ? "" : "s")" }

  /// The same for every model of a vocabulary.
  private static func texts(_ model: Model, batch: Int, length: Int) -> [[UInt32]] {
    var generator = SeededGenerator(seed: 42)
    return (0..<batch).map { _ in
      (0..<length).map { _ in
        UInt32.random(in: 0..<UInt32(model.vocabularyCount), using: &generator)
      }
    }
  }

  private func time(
    _ models: [(path: String, model: Model)], _ states: [RunState], batch: Int, length: Int,
    _ progress: ProgressBar
  ) throws(ModelError) -> [InterleavedRounds.Result] {
    let variants = zip(models, states).map { model, state in
      let texts = Self.texts(model.model, batch: batch, length: length)
      return InterleavedRounds.Variant<ModelError>(model.path) { () throws(ModelError) in
        _ = try state.logits(texts)
      }
    }
    return try InterleavedRounds(warmUpRounds: 2, rounds: rounds).run(variants) { _ in
      progress.advance()
    }
  }

  private func list(
    _ text: String, _ option: String, _ range: ClosedRange<Int>
  ) throws(CommandError) -> [Int] {
    var values: [Int] = []
    for part in text.split(separator: ",") {
      guard let value = Int(part), range.contains(value) else {
        throw .usage(
          "\(option) has '\(part)'; allowed: whole numbers from \(range.lowerBound) to "
            + "\(range.upperBound), separated by commas")
      }
      values.append(value)
    }
    guard !values.isEmpty else { throw .usage("\(option) is empty; give at least one number") }
    return values
  }
}
