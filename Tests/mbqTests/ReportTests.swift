import Foundation
import MBQTestSupport
import Testing

/// `mbq report`, from a checkpoint or packed models to its three files.
@Suite("mbq report")
struct ReportTests {
  private let mbq = Program("mbq")
  private static let checkpoint = "Formats/mobilebert/golden/standard"

  /// Labelled texts for the small checkpoints, some of them hostile.
  private func dataset(_ scratch: Scratch, rows: Int = 60) throws -> String {
    let words = ["the news said", "river town", "real news!", "x y z", "fake river", ""]
    var text = "text,label\n"
    for row in 0..<rows {
      text += "\"\(words[row % words.count]) \(row % 7)\",\(row % 2)\n"
    }
    text += "\"<script>alert(1)</script> the news\",0\n\"]]> \u{202E}river\",1\n"
    text += "\"\(String(repeating: "town ", count: 26_000))\",1\n"
    let path = scratch.path("data.csv")
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func report(_ arguments: [String]) throws -> Program.Result {
    try mbq.run(["report", "--rounds", "1"] + arguments)
  }

  private func contents(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
  }

  /// A copy of a checkpoint whose labels have other names.
  private func relabelled(_ scratch: Scratch, _ labels: [String]) throws -> String {
    let folder = scratch.url.appendingPathComponent("model")
    try FileManager.default.copyItem(
      at: Repository.root.appendingPathComponent(Self.checkpoint), to: folder)
    let file = folder.appendingPathComponent("config.json")
    let value = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
    var object = try #require(value as? [String: Any])
    object["id2label"] = Dictionary(
      uniqueKeysWithValues: labels.enumerated().map { ("\($0)", $1) })
    object["label2id"] = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    try JSONSerialization.data(withJSONObject: object).write(to: file)
    return folder.path
  }

  @Test("a checkpoint: four variants, three files as their formats say, and used again")
  func checkpoint() throws {
    let scratch = try Scratch()
    let (data, folder) = (try dataset(scratch), scratch.path("out"))
    let arguments = [Self.checkpoint, "--data", data, "-o", folder]
    let result = try report(arguments + ["--json"])
    try #require(result.code == 0, "\(result.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    #expect(
      names == [
        "fp32.mbq", "int4-pruned.mbq", "int4.mbq", "int8.mbq", "report.html", "report.json",
        "report.md", "variants.json",
      ])
    #expect(try contents("\(folder)/report.json") == result.output)
    let schema = try JSONSchema(
      Data(contentsOf: URL(fileURLWithPath: Repository.path("Formats/report/report.schema.json"))))
    let document = try AnyJSON.parse(Data(result.output.utf8))
    #expect(schema.problems(document) == [])
    let variants = try #require(document["variants"]?.elements)
    #expect(variants.compactMap { $0["name"]?.text } == ["fp32", "int8", "int4", "int4-pruned"])
    #expect(document["dataset"]?["rows"]?.number == 63)
    #expect(document["lengths"]?["truncatedRows"]?.number ?? 0 >= 1)
    for variant in variants {
      let path = try #require(variant["file"]?["path"]?.text)
      let size = try Data(contentsOf: URL(fileURLWithPath: path)).count
      #expect(variant["file"]?["fileBytes"]?.number == Double(size))
      // What another command says of the same file and data.
      let other = try mbq.run(["evaluate", path, "--data", data, "--json"])
      let evaluation = try AnyJSON.parse(Data(other.output.utf8))
      #expect(variant["quality"]?["accuracy"] == evaluation["accuracy"])
      #expect(variant["quality"]?["confusion"] == evaluation["confusion"])
      #if os(Linux)
      #expect(variant["cost"]?["peakMemoryBytes"]?.number ?? 0 > 1e6)
      #endif
    }
    #expect(variants[3]["file"]?["zeroShare"]?.number ?? 0 > 0.45)
    #expect(variants[0]["layerErrors"]?.elements == [])
    #expect(variants[1]["layerErrors"]?.elements?.count == 2)
    // Made again only if something is different.
    let again = try report(arguments)
    #expect(again.code == 0)
    #expect(again.errors.components(separatedBy: "made before of the same").count == 5)
    let damaged = URL(fileURLWithPath: "\(folder)/int8.mbq")
    let before = try Data(contentsOf: damaged)
    try Data("x".utf8).write(to: damaged)
    let third = try report(arguments)
    #expect(third.errors.components(separatedBy: "made before of the same").count == 4)
    #expect(try Data(contentsOf: damaged) == before)
  }

  @Test("packed models: the baseline asked for, by name or path, and the terminal's table")
  func packed() throws {
    let scratch = try Scratch()
    let data = try dataset(scratch)
    let (one, two) = (scratch.path("one.mbq"), scratch.path("two.mbq"))
    for (path, bits) in [(one, "32"), (two, "4")] {
      #expect(try mbq.run(["quantize", Self.checkpoint, "--bits", bits, "-o", path]).code == 0)
    }
    let folder = scratch.path("deep/er")
    for baseline in ["two", two] {
      let result = try report([one, two, "--baseline", baseline, "--data", data, "-o", folder])
      try #require(result.code == 0, "\(result.errors)")
      #expect(result.output.contains("page          \(folder)/report.html"))
      let document = try AnyJSON.parse(
        Data(contentsOf: URL(fileURLWithPath: "\(folder)/report.json")))
      #expect(document["baseline"]?.text == "two")
      let variants = try #require(document["variants"]?.elements)
      #expect(variants[0]["comparison"]?["agreement"] != nil)
      #expect(variants[1]["comparison"] == .null)
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    #expect(names == ["report.html", "report.json", "report.md"])
  }

  @Test("labels of other names, with calibration text and changed answers")
  func labelMap() throws {
    let scratch = try Scratch()
    let data = scratch.path("words.csv")
    let rows = (0..<80).map { "river \($0 % 13) said,\($0 % 2 == 0 ? "yes" : "no")" }
    try Data(("tweet,verdict\n" + rows.joined(separator: "\n") + "\n").utf8).write(
      to: URL(fileURLWithPath: data))
    let text = scratch.path("calibration.csv")
    try Data(
      ("tweet\n" + (0..<40).map { "the news said \($0) town" }.joined(separator: "\n")).utf8
    ).write(to: URL(fileURLWithPath: text))
    let folder = scratch.path("out")
    let result = try report([
      Self.checkpoint, "--data", data, "--text", text, "--text-column", "tweet",
      "--label-column", "verdict", "--label-map", "yes=1,no=0", "-o", folder, "--json",
    ])
    try #require(result.code == 0, "\(result.errors)")
    let document = try AnyJSON.parse(Data(result.output.utf8))
    let labels = document["dataset"]?["labels"]?.elements?.compactMap { $0["rows"]?.number }
    #expect(labels == [40, 40])
    for variant in document["variants"]?.elements ?? [] {
      for flip in variant["comparison"]?["shownFlips"]?.elements ?? [] {
        #expect(flip["excerpt"]?.text?.hasPrefix("river ") == true)
      }
    }
  }

  @Test("what cannot be reported is said, and no report is left")
  func refusals() throws {
    let scratch = try Scratch()
    let data = try dataset(scratch)
    let (model, folder) = (scratch.path("m.mbq"), scratch.path("out"))
    #expect(try mbq.run(["quantize", Self.checkpoint, "-o", model]).code == 0)
    let other = scratch.path("other.mbq")
    #expect(
      try mbq.run(["quantize", "Formats/mobilebert/golden/five-labels", "-o", other]).code == 0)
    func refuse(
      _ arguments: [String], _ code: Int32, _ message: String,
      _ location: SourceLocation = #_sourceLocation
    ) throws {
      let result = try report(arguments)
      #expect(result.code == code, "\(result.errors)", sourceLocation: location)
      #expect(result.errors.contains(message), "\(result.errors)", sourceLocation: location)
      #expect(result.output == "", sourceLocation: location)
      let left = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      #expect(left.filter { $0.hasPrefix("report") } == [], sourceLocation: location)
    }
    let end = ["--data", data, "-o", folder]
    try refuse([model, other] + end, 3, "'\(other)' has the labels ")
    try refuse(
      [model, other] + end, 3, "'\(model)' has real, fake; compare models of the same task")
    try refuse(
      [model, "--data", data, "-o", data], 3,
      "--output is '\(data)', which is a file; name a folder")
    try refuse(
      [model, Self.checkpoint] + end, 2,
      "'\(Self.checkpoint)' is a checkpoint, and 2 models are named; give one checkpoint, or packed"
    )
    try refuse([model, "--text", data] + end, 2, "--text is '\(data)', but the models are packed")
    try refuse([model, "--baseline", "x"] + end, 2, "--baseline is 'x'; allowed: \(model)")
    try refuse(
      [model, "--max-tokens", "99"] + end, 2, "--max-tokens is 99; these models take 2 to 24")
    try refuse([scratch.path("none.mbq")] + end, 3, "cannot open '\(scratch.path("none.mbq"))'")
    try refuse([model, "--data", "-", "-o", folder], 2, "reads the data several times")
    try refuse([model, "--max-drop", "101"] + end, 2, "--max-drop is 101")
    let empty = scratch.path("empty.csv")
    try Data("text,label\n".utf8).write(to: URL(fileURLWithPath: empty))
    for models in [[model], [Self.checkpoint]] {
      try refuse(models + ["--data", empty, "-o", folder], 3, "has no rows; add at least one")
    }
    let wrong = scratch.path("wrong.csv")
    try Data("text,label\nriver,7\n".utf8).write(to: URL(fileURLWithPath: wrong))
    try refuse([Self.checkpoint, "--data", wrong, "-o", folder], 3, "the model has no label '7'")
    try refuse([model, "--data", scratch.path("no.csv"), "-o", folder], 3, "cannot open")
    // Calibrating on what one is judged by.
    try refuse([Self.checkpoint, "--text", data] + end, 3, "calibrate on other texts")
    try refuse(
      ["Formats/bert/golden/multi-label"] + end, 3, "gives a text any number of labels")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try Data("[]".utf8).write(to: URL(fileURLWithPath: "\(folder)/variants.json"))
    try refuse(
      [Self.checkpoint] + end, 3, "'\(folder)/variants.json' does not hold what 'mbq report' keeps")
  }

  @Test(
    "in Chromium: no console message, no page wider than its window, hostile labels and all",
    .enabled(if: Browser.path != nil, "needs Chromium"))
  func browser() throws {
    let scratch = try Scratch()
    let data = try dataset(scratch)
    let labels = [
      "</style><script>console.error('ran')</script>", String(repeating: "wide", count: 50),
    ]
    let model = try relabelled(scratch, labels)
    let folder = scratch.path("out")
    let result = try report([model, "--data", data, "-o", folder])
    try #require(result.code == 0, "\(result.errors)")
    let page = URL(fileURLWithPath: "\(folder)/report.html")
    for options in [[], ["--force-dark-mode"]] {
      let found = try Browser.open(page, width: 1280, options: options)
      #expect(found.console == [])
      #expect(found.document.contains("How this was measured"))
    }
    // A window has a smallest width, a frame has none. The page itself forbids scripts, so the frame's
    // owner asks it; every details is opened first.
    for width in [320, 390, 768, 1280] {
      let frame = scratch.url.appendingPathComponent("frame-\(width).html")
      let html = """
        <!doctype html><body style="margin:0"><iframe id="f" src="out/report.html" \
        style="border:0;width:\(width)px;height:900px"></iframe><script>
        onload = () => {
          const d = document.getElementById('f').contentDocument
          d.querySelectorAll('details').forEach(x => x.open = true)
          let least = 99
          d.querySelectorAll('svg').forEach(s => {
            const w = s.getBoundingClientRect().width
            if (w > 0) least = Math.min(least, 13 * w / s.viewBox.baseVal.width)
          })
          d.querySelectorAll('p,td,th,li,a,dd,dt,summary,caption,figcaption').forEach(e => {
            if (e.getClientRects().length)
              least = Math.min(least, parseFloat(d.defaultView.getComputedStyle(e).fontSize))
          })
          const p = document.createElement('p')
          p.textContent = 'width=' + d.documentElement.scrollWidth + ' least=' + least.toFixed(2) + ' end'
          document.body.append(p)
        }
        </script></body>
        """
      try Data(html.utf8).write(to: frame)
      let found = try Browser.open(frame, width: 1400)
      #expect(found.console == [])
      let said = found.document.components(separatedBy: "<p>width=").dropFirst().first ?? ""
      let words = said.components(separatedBy: " ")
      #expect(words.first == "\(width)", "\(said.prefix(60))")
      let least = words.dropFirst().first.flatMap { Double($0.dropFirst("least=".count)) }
      #expect(least ?? 0 >= 11, "the smallest text at \(width) pixels has \(least ?? 0)")
    }
  }
}
