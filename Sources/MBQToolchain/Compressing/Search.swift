import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQQuantizer
import MBQReport

/// What `Toolchain.search` looks for.
public struct SearchOptions: Sendable, Equatable {
  public var checkpoint: CheckpointSource
  /// Texts to calibrate on and to choose by: a dataset that needs no labels.
  public var text: String
  /// The largest file allowed, in bytes.
  public var maximumBytes: Int
  public var dataset = DatasetOptions()
  /// The slowest a text of 128 tokens may be on one thread, 95th percentile, in milliseconds.
  public var maximumP95: Double?
  /// Points to have tried in all.
  public var points = 24
  /// What every point starts from.
  public var recipe = Recipe()
  /// Texts to calibrate on; a quarter as many are held back.
  public var texts = CalibrationOptions().texts
  /// Texts are cut to this many tokens.
  public var textTokens = CalibrationOptions().maximumTokens
  /// Texts the model will be judged by; none may be calibrated on.
  public var evaluation: String?
  public var allowsOverlap = false
  /// Also tries to drop the word pieces that the text never uses.
  public var dropsWordPieces = true
  /// The folder of search.json, front.svg and best.mbq; `nil`: the checkpoint's name and `-search`.
  public var folder: String?

  public init(checkpoint: CheckpointSource, text: String, maximumBytes: Int) {
    self.checkpoint = checkpoint
    self.text = text
    self.maximumBytes = maximumBytes
  }
}

/// What `Toolchain.search` found.
public struct SearchOutcome: Sendable {
  /// The best point within the limits, whose model is `best.mbq` in the folder.
  public var best: SearchResult
  /// Points that no other beats in both size and change of the answers, the smallest first.
  public var front: [SearchResult]
  /// Every point tried.
  public var results: [SearchResult]
  public var folder: String
}

/// Why a search finds nothing.
public enum SearchError: SettingError, Equatable {
  /// No combination is expected to be small enough.
  case tooSmall(bytes: Int, combinations: Int, smallest: Int)
  /// Nothing that was tried keeps the limits.
  case noneWithin(bytes: Int, maximumP95: Double?, tried: Int, smallest: Int)

  public var kind: FailureKind {
    switch self {
    case .tooSmall: .usage
    case .noneWithin: .checkFailed
    }
  }

  public func explanation(naming name: (Setting) -> String) -> String {
    switch self {
    case .tooSmall(let bytes, let combinations, let smallest):
      "\(name(.maximumSize)) is \(bytes) bytes; the smallest of \(combinations)"
        + " combinations is expected to take \(smallest)"
    case .noneWithin(let bytes, let maximumP95, let tried, let smallest):
      "no point tried is within \(bytes) bytes" + (maximumP95.map { " and \($0) ms" } ?? "")
        + "; the smallest of \(tried) has \(smallest) bytes: try more \(name(.points)) or a larger"
        + " \(name(.maximumSize))"
    }
  }
}

extension Toolchain {
  /// Tries combinations of layers, bits, zeros and word pieces, the most promising first, and measures each
  /// on texts held back from calibration.
  ///
  /// Every point is kept in the folder: an interrupted search goes on, and one with another limit uses what
  /// is there. Refuses limits that nothing keeps (`SearchError`).
  public func search(_ options: SearchOptions) throws -> SearchOutcome {
    let checkpoint = try options.checkpoint.open()
    let data = CalibrationData(
      toolchain: self, columns: options.dataset,
      options: .init(texts: options.texts, maximumTokens: options.textTokens),
      evaluation: options.evaluation, allowsOverlap: options.allowsOverlap)
    let drawn = try data.texts(options.text, checkpoint)
    guard !drawn.heldBack.isEmpty else {
      throw CalibrationDataError.noneHeldBack(path: options.text, usable: drawn.texts.count)
    }
    let counts = options.dropsWordPieces ? try data.pieceCounts(options.text, checkpoint) : nil
    let folder = options.folder ?? "\(options.checkpoint.name)-search"
    try Paths.makeFolder(folder)
    let model = try WorkingModel(checkpoint).folded()
    let kept = counts.map { VocabularyDiet.apply(to: model, counts: $0).report.piecesKept }
    var heldBack = drawn
    heldBack.texts = drawn.heldBack
    var file = try SearchFile.read(
      path: "\(folder)/search.json",
      key: [
        "mbq \(mbqVersion)", hexadecimal(checkpoint.digest), hexadecimal(drawn.digest),
        hexadecimal(heldBack.digest), "pieces \(kept ?? 0)", options.recipe.key,
      ])
    if !file.results.isEmpty {
      advise(.searchContinues(points: file.results.count, file: "\(folder)/search.json"))
    }
    var planner = SearchPlanner(
      SearchSpace(model, keptPieces: kept), maximumBytes: options.maximumBytes,
      results: file.results)
    let run = try SearchRun(
      checkpoint, base: options.recipe, drawn: drawn, pieceCounts: counts, self)
    let stage = stage("search", total: options.points, unit: "points")
    defer { stage.finish() }
    stage.advance(by: min(planner.results.count, options.points))
    func best() -> SearchResult? {
      SearchPlanner.best(
        planner.results, maximumBytes: options.maximumBytes, maximumP95: options.maximumP95)
    }
    var written: SearchPoint?
    while planner.results.count < options.points, let point = planner.next() {
      let (result, bytes) = try run.measure(point)
      planner.add(result)
      file.results = planner.results
      // The model first: a result without its model would be believed.
      if best()?.point == point {
        try bytes.withUnsafeBytes { try AtomicFile.write([$0], to: "\(folder)/best.mbq") }
        written = point
      }
      try file.write(to: "\(folder)/search.json")
      stage.advance()
    }
    stage.finish()
    guard !planner.results.isEmpty else {
      throw SearchError.tooSmall(
        bytes: options.maximumBytes, combinations: planner.space.points.count,
        smallest: planner.smallestBytes)
    }
    let plot = Self.plot(planner.results, maximumBytes: options.maximumBytes)
    try AtomicFile.write(plot, to: "\(folder)/front.svg")
    guard let best = best() else {
      throw SearchError.noneWithin(
        bytes: options.maximumBytes, maximumP95: options.maximumP95,
        tried: planner.results.count, smallest: planner.results.map(\.byteCount).min() ?? 0)
    }
    if best.point != written {
      // The one that is there may be of a search with another limit.
      let (_, bytes) = try run.measure(best.point)
      try bytes.withUnsafeBytes { try AtomicFile.write([$0], to: "\(folder)/best.mbq") }
    }
    return SearchOutcome(
      best: best, front: SearchPlanner.front(planner.results), results: planner.results,
      folder: folder)
  }

  private static func plot(_ results: [SearchResult], maximumBytes: Int) -> String {
    var plot = FrontPlot(
      title: "Size and change of the answers", maximumBytes: maximumBytes,
      points: results.map {
        .init(bytes: $0.byteCount, agreement: $0.divergence, name: $0.point.name)
      })
    // Held-back texts are few: most points give all of them the same label.
    plot.quality = .divergence
    plot.shareName = "KL divergence from fp32, nats"
    return plot.svg
  }
}
