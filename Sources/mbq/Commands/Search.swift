import ArgumentParser
import Foundation
import MBQCheckpoints
import MBQCore
import MBQQuantizer
import MBQReport

struct Search: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Finds the best compression within a size: layers, bits, zeros, vocabulary.",
    discussion: """
      Tries combinations, the most promising first, and measures each on texts held back from \
      calibration: never on a test set. Every point is kept in the output folder; an interrupted search \
      goes on, and one with another limit uses what is there.

      Examples:
        mbq search ./my-model --text news.csv --max-size 6MB
        mbq search ./my-model --text news.csv --max-size 10MB --max-drop 0.5 --max-p95 30
        mbq search ./my-model --text news.csv --max-size 4MB --points 60 -o small/
      """)

  @OptionGroup var source: CheckpointOptions

  @Option(help: ArgumentHelp("Texts to calibrate on and choose by; no labels.", valueName: "file"))
  var text: String

  @Option(help: ArgumentHelp("The largest file allowed, such as 6MB.", valueName: "size"))
  var maxSize: ByteSize

  @Option(
    help: ArgumentHelp(
      "The most held-back texts, in percent, that may change their label.", valueName: "percent"))
  var maxDrop: Double?

  @Option(
    help: ArgumentHelp(
      "The slowest a text of 128 tokens may be on one thread, 95th percentile.",
      valueName: "ms"))
  var maxP95: Double?

  @Option(help: ArgumentHelp("Points to have tried in all.", valueName: "n"))
  var points = 24

  @Option(help: ArgumentHelp("What every point starts from.", valueName: "name"))
  var recipe: String?

  @Option(
    help: ArgumentHelp("Texts to calibrate on; a quarter as many are held back.", valueName: "n"))
  var texts = 256

  @Option(help: ArgumentHelp("Cut texts to this many tokens.", valueName: "n"))
  var textTokens = CalibrationOptions().maximumTokens

  @OptionGroup var overlap: OverlapOptions

  @Flag(inversion: .prefixedNo, help: "Also try dropping the word pieces --text never uses.")
  var vocabulary = true

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The folder of search.json, front.svg and best.mbq (default: the checkpoint's name and -search).",
      valueName: "folder"))
  var output: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var columns: DataOptions
  @OptionGroup var runtime: RuntimeOptions

  func validate() throws {
    guard points >= 1 else { throw ValidationError("--points is \(points); allowed: 1 or more.") }
    if let maxDrop, !(0...100).contains(maxDrop) {
      throw ValidationError("--max-drop is \(maxDrop); allowed: 0 to 100 (percent).")
    }
  }

  func run() throws {
    let checkpoint = try source.open()
    let base = try recipe.map { try RecipeReader.read(path: RecipeFiles.find($0)) } ?? Recipe()
    let data = CalibrationData(
      columns: columns, options: .init(texts: texts, maximumTokens: textTokens),
      evaluation: overlap.evaluation,
      allowsOverlap: overlap.allowOverlap)
    let drawn = try data.texts(text, checkpoint)
    guard !drawn.heldBack.isEmpty else {
      throw CommandError.badInput(
        "'\(text)' has \(drawn.texts.count) usable texts: too few to hold any back to choose by;"
          + " give 5 or more")
    }
    let counts = vocabulary ? try data.pieceCounts(text, checkpoint) : nil
    let folder = output ?? "\(source.name)-search"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    let model = try WorkingModel(checkpoint).folded()
    let kept = counts.map { VocabularyDiet.apply(to: model, counts: $0).report.piecesKept }
    var heldBack = drawn
    heldBack.texts = drawn.heldBack
    var file = try SearchFile.read(
      path: "\(folder)/search.json",
      key: [
        "mbq \(mbqVersion)", hexadecimal(checkpoint.digest), hexadecimal(drawn.digest),
        hexadecimal(heldBack.digest), "pieces \(kept ?? 0)", base.key,
      ])
    if !file.results.isEmpty {
      Output.remark("going on after \(file.results.count) points in \(folder)/search.json")
    }
    var planner = SearchPlanner(
      SearchSpace(model, keptPieces: kept), maximumBytes: maxSize.bytes, results: file.results)
    let run = try SearchRun(
      checkpoint, base: base, drawn: drawn, pieceCounts: counts, runtime: runtime)
    let progress = ProgressBar("search", total: points)
    defer { progress.finish() }
    progress.advance(by: min(planner.results.count, points))
    var written: SearchPoint?
    while planner.results.count < points, let point = planner.next() {
      let (result, bytes) = try run.measure(point)
      planner.add(result)
      file.results = planner.results
      // The model first: a result without its model would be believed.
      if best(planner.results)?.point == point {
        try bytes.withUnsafeBytes { try AtomicFile.write([$0], to: "\(folder)/best.mbq") }
        written = point
      }
      try file.write(to: "\(folder)/search.json")
      progress.advance()
    }
    progress.finish()
    guard !planner.results.isEmpty else {
      throw CommandError.usage(
        "--max-size is \(maxSize.bytes) bytes; the smallest of \(planner.space.points.count)"
          + " combinations is expected to take \(planner.smallestBytes)")
    }
    try finish(planner, run, folder, written: written)
  }

  private func best(_ results: [SearchResult]) -> SearchResult? {
    SearchPlanner.best(results, maximumBytes: maxSize.bytes, maximumP95: maxP95)
  }

  private func finish(
    _ planner: SearchPlanner, _ run: SearchRun, _ folder: String, written: SearchPoint?
  ) throws {
    let front = SearchPlanner.front(planner.results)
    var plot = FrontPlot(
      title: "Size and change of the answers", maximumBytes: maxSize.bytes,
      points: planner.results.map {
        .init(bytes: $0.byteCount, agreement: $0.divergence, name: $0.point.name)
      })
    // Held-back texts are few: most points give all of them the same label.
    plot.quality = .divergence
    plot.shareName = "KL divergence from fp32, nats"
    try Array(plot.svg.utf8).withUnsafeBytes {
      try AtomicFile.write([$0], to: "\(folder)/front.svg")
    }
    guard let best = best(planner.results) else {
      throw CommandError.checkFailed(
        "no point tried is within \(maxSize.bytes) bytes"
          + (maxP95.map { " and \($0) ms" } ?? "")
          + "; the smallest of \(planner.results.count) has "
          + "\(planner.results.map(\.byteCount).min() ?? 0) bytes: try more --points or a larger"
          + " --max-size")
    }
    if best.point != written {
      // The one that is there may be of a search with another limit.
      let (_, bytes) = try run.measure(best.point)
      try bytes.withUnsafeBytes { try AtomicFile.write([$0], to: "\(folder)/best.mbq") }
    }
    show(planner.results, front, best, folder)
    if let maxDrop, 1 - best.agreement > maxDrop / 100 {
      throw CommandError.checkFailed(
        "the best point changes the label of \(Human.percent(1 - best.agreement)) of the held-back"
          + " texts; allowed: \(Human.percent(maxDrop / 100))")
    }
  }

  private func show(
    _ results: [SearchResult], _ front: [SearchResult], _ best: SearchResult, _ folder: String
  ) {
    func table(_ title: String, _ results: [SearchResult]) -> ReportTable {
      var table = ReportTable(
        title: title,
        columns: [
          .text("point", overflow: .wrap), .number("bytes", "size"),
          .number("agreement", "same labels"), .number("divergence", "KL"),
          .number("p95", "p95 ms"),
        ])
      for result in results {
        table.rows.append([
          .text(result.point.name), .bytes(result.byteCount),
          .percent(result.agreement, digits: 2), .number(result.divergence, digits: 5),
          .number(result.p95Milliseconds, digits: 1),
        ])
      }
      return table
    }
    var blocks: [Report.Block] = [
      .facts([
        .init("tried", .count(results.count)), .init("best", best.point.name),
        .init("size", .bytes(best.byteCount)),
        .init("same labels as fp32", .percent(best.agreement, digits: 2)),
        .init("written", "\(folder)/best.mbq"), .init("plot", "\(folder)/front.svg"),
      ]),
      .table(table("front", front)),
    ]
    if json { blocks.append(.table(table("all", results))) }
    Output.show(Report(blocks), json: json)
    guard !json else { return }
    Output.show("\nNext: mbq evaluate \(folder)/best.mbq --data test.csv")
  }
}
