import MBQCheckpoints
import MBQModel
import MBQRuntime
import MBQTestSupport
import Testing

@testable import MBQQuantizer

/// A calibration of a small checkpoint over a few texts.
enum SmallCalibration {
  static func model(_ path: String) throws -> WorkingModel {
    try WorkingModel(Checkpoint.open(path: path)).folded()
  }

  static func calibrator(
    _ model: WorkingModel, _ texts: [[UInt32]], secondMoments: Bool = false,
    parallel: Parallel = .serial
  ) -> Calibrator {
    let key = CalibrationStatistics.Key(
      checkpoint: [UInt8](repeating: 1, count: 32), texts: CalibrationTexts.digest(of: texts),
      options: CalibrationOptions(texts: 1000, maximumTokens: 256), textCount: texts.count,
      secondMoments: secondMoments)
    return Calibrator(model, texts, key: key, parallel: parallel)
  }

  static func finish(_ calibrator: Calibrator) throws -> CalibrationStatistics {
    while !calibrator.isFinished { _ = try calibrator.advance() }
    return calibrator.statistics
  }

  /// Texts for the model mbq carries, in several portions.
  static func texts(_ count: Int) -> [[UInt32]] {
    (0..<count).map { (text: Int) -> [UInt32] in
      let length: Int = 5 + text * 37 % 180
      return (0..<length).map { (place: Int) -> UInt32 in
        UInt32((place * 131 + text * 977) % 2400)
      }
    }
  }
}

@Suite("Calibration statistics")
struct StatisticsTests {
  /// transformers' hidden states that are inputs of ours.
  private static let taps = [
    "layer.0.ffn.0.down.input": "layer.0.ffn.0.intermediate",
    "layer.0.ffn.1.down.input": "layer.0.intermediate",
    "layer.0.attention.query": "layer.0.attention.self.query",
    "layer.0.attention.key": "layer.0.attention.self.key",
    "layer.0.attention.value": "layer.0.attention.self.value",
    "layer.0.attention.output.input": "layer.0.attention.self",
  ]

  @Test("are those of transformers' hidden states", arguments: taps.keys.sorted())
  func tapped(_ site: String) throws {
    let golden = GoldenCheckpoint("mobilebert", "standard")
    let tapped = try golden.texts().filter { $0.taps != nil }
    #expect(tapped.count == 2)
    let statistics = try SmallCalibration.finish(
      SmallCalibration.calibrator(
        SmallCalibration.model(golden.path), tapped.map(\.inputIds), secondMoments: true))
    let rows = try tapped.flatMap { try #require($0.taps?[Self.taps[site] ?? ""]) }
    let found = try #require(statistics[site], "\(statistics.names.map(\.name))")
    #expect(found.width == rows[0].count && found.rows == rows.count)
    #expect(found.histogram.total == UInt64(rows.count * found.width))
    let all = rows.flatMap { $0 }
    let largest = try #require(all.map(abs).max())
    func agree(_ a: Double, _ b: Double, _ what: String, scale: Double) {
      #expect(abs(a - b) <= 2e-6 * scale, "\(what): \(a), not \(b)")
    }
    agree(Double(found.minimum), try #require(all.min()), "minimum", scale: largest)
    agree(Double(found.maximum), try #require(all.max()), "maximum", scale: largest)
    agree(Double(found.largest), largest, "largest", scale: largest)
    let moments = try #require(found.moments)
    #expect(moments.count == rows.count)
    for column in 0..<found.width {
      let values = rows.map { $0[column] }
      let count = Double(values.count)
      agree(
        Double(found.channelMaximum[column]), values.map(abs).max() ?? 0, "channel", scale: largest)
      agree(found.channelMean[column], values.reduce(0, +) / count, "mean", scale: largest)
      agree(
        found.channelMeanSquare[column], values.reduce(0) { $0 + $1 * $1 } / count, "square",
        scale: largest * largest)
      for other in 0..<found.width {
        agree(
          Double(moments.values[column * found.width + other]),
          rows.reduce(0) { $0 + $1[column] * $1[other] }, "moment",
          scale: count * largest * largest)
      }
    }
  }

  private static let carried = Result {
    try SmallCalibration.model(Repository.path("Examples/tiny-news/model"))
  }

  @Test("are the same bytes after any interruption, with any number of threads")
  func resumed() throws {
    let model = try Self.carried.get()
    let texts = SmallCalibration.texts(60)
    let whole = SmallCalibration.calibrator(model, texts, secondMoments: true)
    var portions = 0
    var states: [[UInt8]] = []
    while !whole.isFinished {
      _ = try whole.advance()
      portions += 1
      states.append(StatisticsFile.bytes(whole.statistics))
    }
    #expect(portions >= 3)
    let pool = ThreadPool(workerCount: 2)
    for stop in [0, 1, portions - 2] {
      let rest = SmallCalibration.calibrator(
        model, texts, secondMoments: true, parallel: pool.parallel)
      let state = try states[stop].withUnsafeBytes { try StatisticsFile.read($0, name: "state") }
      #expect(!state.isComplete)
      #expect(rest.resume(from: state))
      #expect(StatisticsFile.bytes(try SmallCalibration.finish(rest)) == states[portions - 1])
    }
    // Its threads are there as long as it is.
    withExtendedLifetime(pool) {}
  }

  @Test("do not go on from others'")
  func foreign() throws {
    let model = try Self.carried.get()
    let texts = SmallCalibration.texts(30)
    let first = SmallCalibration.calibrator(model, texts)
    _ = try first.advance()
    var other = first.statistics
    other.key.texts[5] ^= 1
    #expect(!SmallCalibration.calibrator(model, texts).resume(from: other))
    other = first.statistics
    other.key.options.seed += 1
    #expect(!SmallCalibration.calibrator(model, texts).resume(from: other))
    other = first.statistics
    other.textsDone -= 1
    #expect(!SmallCalibration.calibrator(model, texts).resume(from: other))
    #expect(
      !SmallCalibration.calibrator(model, texts, secondMoments: true).resume(from: first.statistics)
    )
    #expect(SmallCalibration.calibrator(model, texts).resume(from: first.statistics))
  }

  @Test("taken one text after the other are those of all at once")
  func streaming() throws {
    let model = try Self.carried.get()
    let texts = SmallCalibration.texts(24)
    let statistics = try SmallCalibration.finish(SmallCalibration.calibrator(model, texts))
    // Each text alone, put together by hand.
    var record = try #require(statistics["layer.2.attention.value"])
    let place = try #require(statistics.names.first { $0.name == "layer.2.attention.value" }).record
    var histogram = MagnitudeHistogram()
    var maxima = [Float](repeating: 0, count: record.width)
    var rows = 0
    for text in texts {
      let one = try SmallCalibration.finish(SmallCalibration.calibrator(model, [text]))
      record = one.records[place]
      histogram.merge(record.histogram)
      maxima = zip(maxima, record.channelMaximum).map { max($0, $1) }
      rows += record.rows
      #expect(record.halvesRatio(MinMaxObserver.self) == nil)
    }
    let whole = statistics.records[place]
    #expect(histogram == whole.histogram)
    #expect(maxima == whole.channelMaximum)
    #expect(rows == whole.rows && rows == texts.reduce(0) { $0 + $1.count })
    #expect(statistics.tokens == rows)
  }

  @Test("give a step for every linear's input and every attention's operands")
  func steps() throws {
    let model = try Self.carried.get()
    let statistics = try SmallCalibration.finish(
      SmallCalibration.calibrator(model, SmallCalibration.texts(8)))
    let sites = model.graph.calibrationSites
    let steps = statistics.staticSteps(for: sites, MinMaxObserver.self)
    let linears = model.graph.steps.count { if case .linear = $0.operation { true } else { false } }
    #expect(steps.count == linears + 3 * 6)
    for step in steps {
      #expect(step.range == statistics[step.site.name]?.largest)
      #expect(step.step == step.range / 127)
    }
    // Of another graph only what is there by name.
    let some = Array(sites.prefix(3))
    #expect(statistics.staticSteps(for: some, MinMaxObserver.self).map(\.site) == some)
    var unknown = some[0]
    unknown.site = "nowhere"
    #expect(statistics.staticSteps(for: [unknown], MinMaxObserver.self).isEmpty)
  }

  @Test("refuse hidden states that are not finite")
  func notFinite() throws {
    var model = try Self.carried.get()
    let tensor = try #require(
      model.graph.steps.compactMap { step -> Int? in
        if case .linear(let o) = step.operation, step.site.name.hasPrefix("layer.1.ffn.0.up") {
          return o.weight
        }
        return nil
      }.first)
    model.values[tensor] = model.values[tensor].map { $0 * 1e38 }
    let calibrator = SmallCalibration.calibrator(model, SmallCalibration.texts(2))
    #expect(
      explanation { try SmallCalibration.finish(calibrator) }
        .contains("is infinite or not a number for a calibration text"))
  }
}
