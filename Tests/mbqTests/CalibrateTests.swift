import Foundation
import MBQTestSupport
import Testing

@Suite("mbq calibrate")
struct CalibrateTests {
  private let mbq = Program("mbq")
  private static let base = [
    "calibrate", "Examples/tiny-news/model", "--text", "Calibration/corpus/corpus.csv", "--texts",
    "24", "--max-tokens", "48",
  ]

  private func bytes(_ path: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path))
  }

  @Test("writes the same statistics with any number of threads, and shows them in 80 columns")
  func writes() throws {
    let folder = try ScratchFolder()
    let (first, second) = ("\(folder.path)/1.stats", "\(folder.path)/2.stats")
    let result = try mbq.run(Self.base + ["-o", first, "--observer", "mse"])
    #expect(result.code == 0 && result.errors == "")
    // The paths of a temporary folder are as long as they are.
    let lines = result.output.split(separator: "\n").filter { !$0.contains(folder.path) }
    for line in lines { #expect(line.count <= 80, "\(line)") }
    for text in [
      "texts read           360", "calibrated on        24 texts", "halves", "Next: mbq",
    ] {
      #expect(result.output.contains(text), "\(text)")
    }
    #expect(try mbq.run(Self.base + ["-o", second, "--threads", "2"]).code == 0)
    #expect(try bytes(first) == bytes(second))
    #expect(folder.names == ["1.stats", "2.stats"])
  }

  @Test("goes on from an interrupted run, and from nothing else")
  func resumes() throws {
    let folder = try ScratchFolder()
    let (whole, path) = ("\(folder.path)/whole.stats", "\(folder.path)/x.stats")
    #expect(try mbq.run(Self.base + ["-o", whole]).code == 0)
    try FileManager.default.copyItem(atPath: whole, toPath: path + ".partial")
    let resumed = try mbq.run(Self.base + ["-o", path])
    #expect(resumed.code == 0 && resumed.output.contains("continued after  24 texts"))
    #expect(try bytes(path) == bytes(whole))
    #expect(folder.names == ["whole.stats", "x.stats"])
    // Of other texts.
    try FileManager.default.copyItem(atPath: whole, toPath: path + ".partial")
    let other = try mbq.run(Self.base + ["-o", path, "--seed", "2"])
    #expect(other.code == 0 && !other.output.contains("continued"))
    #expect(try bytes(path) != bytes(whole))
    // Damaged.
    try Data("MBQ".utf8).write(to: URL(fileURLWithPath: path + ".partial"))
    let damaged = try mbq.run(Self.base + ["-o", path])
    #expect(damaged.code == 0 && damaged.errors.contains("warning: starting anew: "))
    #expect(try bytes(path) == bytes(whole))
  }

  @Test("quantize makes the same bytes of the file as of the texts it was made of")
  func compresses() throws {
    let folder = try ScratchFolder()
    let (stats, direct, kept) = (
      "\(folder.path)/a.stats", "\(folder.path)/1.mbq", "\(folder.path)/2.mbq"
    )
    #expect(try mbq.run(Self.base + ["-o", stats]).code == 0)
    let checkpoint = "Examples/tiny-news/model"
    let quantize = ["quantize", checkpoint, "--bits", "4"]
    let text = ["--text", "Calibration/corpus/corpus.csv", "--texts", "24", "--text-tokens", "48"]
    #expect(try mbq.run(quantize + text + ["-o", direct]).code == 0)
    let result = try mbq.run(quantize + ["--calibration", stats, "-o", kept])
    #expect(result.code == 0 && result.output.contains("gptq"), "\(result.errors)")
    #expect(try bytes(direct) == bytes(kept))

    let other = try mbq.run([
      "quantize", "Formats/mobilebert/golden/standard", "--calibration", stats, "--dry-run",
    ])
    #expect(other.code == 3 && other.errors.contains("was made of another checkpoint than"))
    let both = try mbq.run(quantize + text + ["--calibration", stats, "--dry-run"])
    #expect(
      both.code == 2
        && both.errors.contains(
          "--text and --calibration are both given; the file of --calibration has its texts")
    )
    let judged = try mbq.run(
      quantize + ["--calibration", stats, "--evaluation", "Calibration/corpus/corpus.csv"]
        + ["--dry-run"])
    #expect(judged.code == 3 && judged.errors.contains("are among those of"), "\(judged.errors)")
  }

  @Test("gives the same as JSON: numbers as numbers, one object a row")
  func json() throws {
    let folder = try ScratchFolder()
    let arguments = Self.base + ["-o", "\(folder.path)/a.stats", "--observer", "percentile"]
    let shown = try mbq.run(arguments)
    let result = try mbq.run(arguments + ["--json"])
    #expect(result.code == 0 && result.errors == "")
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    #expect(Set(object.keys) == ["facts", "tables", "notes"])

    let facts = try #require(object["facts"] as? [String: Any])
    #expect(facts["texts read"] as? Int == 360)
    #expect(facts["calibrated on"] as? String == "24 texts")
    #expect(facts["observer"] as? String == "percentile")
    #expect(facts["written"] as? String == "\(folder.path)/a.stats")
    // The same figure in percent for a person, as a share for a program.
    let cut = try #require(facts["cut to 48 tokens"] as? Double)
    let percent = String(format: "%.1f", cut * 100)
    #expect(cut > 0.3 && cut < 0.7 && shown.output.contains("cut to 48 tokens     \(percent) %\n"))

    let tables = try #require(object["tables"] as? [[String: Any]])
    #expect(
      tables.map { $0["title"] as? String } == [
        "lengths of the usable texts, uncut", "the most outlying, by peak/rms", "the widest",
      ])
    let rows = try tables.map { try #require($0["rows"] as? [[String: Any]]) }
    #expect(rows[0].compactMap { $0["texts"] as? Int }.reduce(0, +) == 360)
    for (sites, key) in zip(rows.dropFirst(), ["peak_ratio", "maximum"]) {
      #expect(sites.count == 12)
      for site in sites {
        let name = try #require(site["site"] as? String)
        // Long names are shortened in the table of a person.
        #expect(shown.output.contains(name.prefix(26)), "\(name)")
        let (low, high) = (site["minimum"] as? Double, site["maximum"] as? Double)
        #expect(try #require(low) < #require(high), "\(name)")
      }
      let values = try sites.map { site in
        let value = try #require(site[key] as? Double)
        return key == "maximum" ? max(value, -(site["minimum"] as? Double ?? 0)) : value
      }
      #expect(values == values.sorted(by: >), "\(key)")
    }
    let notes = try #require(object["notes"] as? [String])
    #expect(notes.allSatisfy { $0.contains("differ by more than half") })
  }

  @Test("refuses texts it will be judged by, unless told that this is meant")
  func overlap() throws {
    let folder = try ScratchFolder()
    let judged = "\(folder.path)/test.csv"
    // Two rows of the corpus, with other white space; three of its own.
    let corpus = String(
      decoding: try Repository.bytes("Calibration/corpus/corpus.csv"), as: UTF8.self
    ).split(separator: "\n")
    let tweets = corpus.filter { $0.hasPrefix(",") && !$0.contains("\"") }
    try Data(
      "text\n  \(tweets[0].dropFirst()) \none\n\(tweets[1].dropFirst().replacing(" ", with: "  "))\ntwo\n"
        .utf8
    ).write(to: URL(fileURLWithPath: judged))
    let arguments = Self.base + ["-o", "\(folder.path)/a.stats", "--evaluation", judged]
    let result = try mbq.run(arguments)
    #expect(result.code == 3 && result.output == "")
    #expect(
      result.errors.hasPrefix(
        "error: 2 of the 360 texts of 'Calibration/corpus/corpus.csv' are also in '\(judged)', the "
          + "first in row "))
    let allowed = try mbq.run(arguments + ["--allow-overlap"])
    #expect(allowed.code == 0 && folder.names == ["a.stats", "test.csv"])
  }

  @Test(
    "says what is wrong with a request",
    arguments: [
      (["--texts", "0"], 2, "error: --texts is 0; allowed: 1 to 1000000\n"),
      (["--text-tokens", "1"], 2, "error: --text-tokens is 1; allowed: 3 to 65535\n"),
      (
        ["--observer", "max"], 2,
        "Error: --observer is 'max'; allowed: min-max, percentile, mse, entropy.\n"
      ),
      (["--text-column", "body"], 3, "has no column 'body'; it has 'title', 'text'"),
    ])
  func wrong(_ arguments: [String], _ code: Int32, _ message: String) throws {
    let folder = try ScratchFolder()
    let result = try mbq.run(
      [
        "calibrate", "Examples/tiny-news/model", "--text", "Calibration/corpus/corpus.csv", "-o",
        "\(folder.path)/a.stats",
      ] + arguments)
    #expect(result.code == code && result.errors.contains(message), "\(result.errors)")
    #expect(folder.names == [])
  }
}
