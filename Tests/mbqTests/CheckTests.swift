import Foundation
import MBQTestSupport
import Testing

/// `mbq check` on pairs with a known answer.
@Suite("check")
struct CheckTests {
  private let mbq = Program("mbq")
  private let data = "Examples/tiny-news/test.csv"

  private func packed(
    _ bits: Int, _ checkpoint: String = "Examples/tiny-news/model", named name: String? = nil,
    in scratch: Scratch
  ) throws -> String {
    let path = scratch.path("\(name ?? "tiny-\(bits)").mbq")
    let result = try mbq.run(["quantize", checkpoint, "--bits", "\(bits)", "-o", path])
    try #require(result.code == 0, "\(result.errors)")
    return path
  }

  /// The carried model with the last third of its word embeddings set to 0.
  private func damaged(in scratch: Scratch) throws -> String {
    let folder = scratch.path("damaged")
    try FileManager.default.copyItem(
      atPath: Repository.path("Examples/tiny-news/model"), toPath: folder)
    let url = URL(fileURLWithPath: folder + "/model.safetensors")
    var bytes = try Data(contentsOf: url)
    let length = bytes[0..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let header = try #require(
      try JSONSerialization.jsonObject(with: bytes[8..<8 + length]) as? [String: Any])
    let entry = try #require(
      header["mobilebert.embeddings.word_embeddings.weight"] as? [String: Any])
    let place = try #require(entry["data_offsets"] as? [Int]).map { $0 + 8 + length }
    for index in (place[0] + (place[1] - place[0]) * 2 / 3 / 2 * 2)..<place[1] { bytes[index] = 0 }
    try bytes.write(to: url)
    return try packed(8, folder, named: "damaged", in: scratch)
  }

  @Test("the same model and int8 pass, a damaged one fails, 100 rows cannot tell")
  func knownAnswers() throws {
    let scratch = try Scratch()
    let (fp32, int8) = (try packed(32, in: scratch), try packed(8, in: scratch))
    let common = ["check", "--baseline", fp32, "--data", data, "--max-drop", "0.5%"]
    for model in [fp32, int8] {
      let result = try mbq.run(common + ["--candidate", model])
      #expect(result.code == 0, "\(result.errors)")
      #expect(result.output.contains("  not worse\n"))
    }
    let broken = try damaged(in: scratch)
    let junit = scratch.path("check.xml")
    let failed = try mbq.run(
      common + ["--candidate", broken, "--max-flips", "0.01", "--github", "--junit", junit])
    #expect(failed.code == 1)
    #expect(
      failed.errors.hasPrefix("error: the check of '\(broken)' fails:\n  the accuracy fell by "))
    #expect(
      failed.output.contains("\n::error title=mbq check%3A accuracy drop at most 0.5 points::"))
    #expect(try String(contentsOfFile: junit, encoding: .utf8).contains("failures=\"2\""))
    let few = scratch.path("few.csv")
    let lines = try String(contentsOfFile: Repository.path(data), encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false)
    try Data(lines.prefix(101).joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: few))
    let small = ["check", "--baseline", fp32, "--candidate", int8, "--data", few]
    let unsure = try mbq.run(small + ["--max-drop", "0.005", "--json"])
    #expect(unsure.code == 1)
    #expect(unsure.errors.contains("this data cannot tell"))
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(unsure.output.utf8)) as? [String: Any])
    #expect(object["passes"] as? Bool == false)
    let limits = try #require(object["limits"] as? [[String: Any]])
    #expect(limits[0]["verdict"] as? String == "cannot tell")
    #expect((limits[0]["rowsNeeded"] as? Int ?? 0) > 500)
    let allowed = try mbq.run(small + ["--max-drop", "0.5%", "--allow-inconclusive", "--github"])
    #expect(allowed.code == 0)
    #expect(allowed.output.contains("\n::warning title="))
    let sure = try mbq.run(small + ["--max-drop", "8%"])
    #expect(sure.code == 0, "\(sure.errors)")
  }

  @Test("a stored baseline takes the model's place, for the same rows only")
  func stored() throws {
    let scratch = try Scratch()
    let (fp32, int8) = (try packed(32, in: scratch), try packed(8, in: scratch))
    let kept = scratch.path("baseline.answers")
    #expect(try mbq.run(["evaluate", fp32, "--data", data, "-o", kept]).code == 0)
    func check(_ baseline: String, _ more: [String] = ["--max-drop", "0.5%"]) throws
      -> Program.Result
    {
      try mbq.run(
        ["check", "--baseline", baseline, "--candidate", int8, "--data", data, "--json"] + more)
    }
    let (live, stored) = (try check(fp32), try check(kept))
    #expect(live.code == 0 && stored.code == 0, "\(stored.errors)")
    #expect(live.output == stored.output)
    let cut = try check(kept, ["--max-flips", "90%", "--max-tokens", "9"])
    #expect(
      cut.errors
        == "warning: the baseline's answers are to texts cut to 256 tokens, these to 9 (--max-tokens): "
        + "what differs is not the models' doing alone\n")
    let size = try check(kept, ["--max-size", "1kB"])
    #expect(size.code == 1)
    #expect(size.errors.contains("the file has 848.1 kB, 1.0 kB allowed"))
    let ratio = try check(kept, ["--max-p95-ratio", "1.1"])
    #expect(ratio.code == 2)
    #expect(ratio.errors.contains("holds only answers"))
    let other = try mbq.run([
      "check", "--baseline", kept, "--candidate", int8, "--data",
      "Examples/tiny-news/validation.csv", "--max-drop", "1%",
    ])
    #expect(other.code == 3)
    #expect(
      other.errors
        == "error: '\(kept)' holds answers to other rows than 'Examples/tiny-news/validation.csv' has "
        + "(1000 rows then, 300 now); make it again with mbq evaluate -o on this data\n")
    let part = scratch.path("part.answers")
    _ = try mbq.run(["evaluate", fp32, "--data", data, "--shard", "1/2", "-o", part])
    let half = try check(part)
    #expect(half.code == 3)
    #expect(half.errors.contains("holds the answers to part 1 of 2 only"))
  }

  @Test("answers that were kept are judged as the models that gave them, and nothing is run")
  func kept() throws {
    let scratch = try Scratch()
    let (fp32, int8) = (try packed(32, in: scratch), try packed(8, in: scratch))
    func answers(_ name: String, _ arguments: [String]) throws -> String {
      let path = scratch.path(name + ".answers")
      let result = try mbq.run(["evaluate"] + arguments + ["--data", data, "-o", path])
      try #require(result.code == 0, "\(result.errors)")
      return path
    }
    let parts = try (1...2).map {
      try answers("part\($0)", [int8, "--baseline", fp32, "--shard", "\($0)/2"])
    }
    let both = scratch.path("both.answers")
    let merge = try mbq.run(["evaluate", "--merge"] + parts + ["-o", both])
    try #require(merge.code == 0, "\(merge.errors)")
    let limits = ["--max-drop", "0.5%", "--max-flips", "2%", "--max-size", "1MB", "--json"]
    let live = try mbq.run(
      ["check", "--baseline", fp32, "--candidate", int8, "--data", data] + limits)
    try FileManager.default.removeItem(atPath: int8)
    let merged = try mbq.run(["check", "--candidate", both] + limits)
    #expect(merged.code == 0, "\(merged.errors)")
    #expect(merged.output == live.output)
    let other = scratch.path("other.mbq")
    let two = ["quantize", "Examples/tiny-news/model", "--bits", "2", "-o", other]
    #expect(try mbq.run(two).code == 0)
    let (first, second) = (try answers("fp32", [fp32]), try answers("int2", [other]))
    let pair = ["check", "--baseline", first, "--candidate", second, "--max-drop", "5%", "--json"]
    let alone = try mbq.run(pair + ["--data", data])
    let beside = try mbq.run([
      "check", "--baseline", fp32, "--candidate", other, "--data", data, "--max-drop", "5%",
      "--json",
    ])
    #expect(alone.code == 0, "\(alone.errors)")
    func figures(_ text: String) throws -> NSDictionary {
      var object = try #require(
        try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
      var comparison = try #require(object["comparison"] as? [String: Any])
      // The texts of the flips were not kept.
      comparison["listedFlips"] = nil
      object["comparison"] = comparison
      return object as NSDictionary
    }
    #expect(try figures(alone.output) == figures(beside.output))
    // No more flips are listed than asked for, whoever kept the answers.
    let together = try answers("together", [other, "--baseline", fp32])
    for files in [["--candidate", together], ["--candidate", second, "--baseline", first]] {
      for limit in 0...1 {
        let result = try mbq.run(
          ["check"] + files + ["--max-drop", "5%", "--flips", "\(limit)", "--json"])
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        let comparison = (object as? [String: Any])?["comparison"] as? [String: Any]
        #expect((comparison?["listedFlips"] as? [Any])?.count == limit)
      }
    }
    let refused: [([String], Int32, String)] = [
      (["--candidate", first, "--max-drop", "1%"], 2, "holds the answers of one model"),
      (["--candidate", both, "--max-p95-ratio", "2"], 2, "holds only answers"),
      (
        ["--candidate", both, "--max-drop", "1%", "--max-tokens", "9"], 2, "leave out --max-tokens"
      ),
      (["--candidate", parts[0], "--max-drop", "1%"], 3, "part 1 of 2 only"),
      (["--candidate", other, "--max-drop", "1%"], 2, "holds no kept answers: give --baseline"),
      (["--candidate", other, "--baseline", fp32, "--max-drop", "1%"], 2, "give --data"),
      (
        ["--candidate", first, "--baseline", fp32, "--max-drop", "1%"], 2, "the baseline's answers"
      ),
      (
        [
          "--candidate", both, "--data", "Examples/tiny-news/validation.csv", "--max-drop", "1%",
        ], 3, "(1000 rows then, 300 now)"
      ),
    ]
    for (arguments, code, text) in refused {
      let result = try mbq.run(["check"] + arguments)
      #expect(result.code == code, "\(arguments)")
      #expect(result.errors.contains(text), "\(result.errors)")
    }
  }

  @Test("times of both models decide about a ratio")
  func latency() throws {
    let scratch = try Scratch()
    let (fp32, int8) = (try packed(32, in: scratch), try packed(8, in: scratch))
    // Limits that no machine's disturbance reaches.
    for (limit, code) in [("1000", Int32(0)), ("0.0001", 1)] {
      let result = try mbq.run([
        "check", "--baseline", fp32, "--candidate", int8, "--data",
        "Examples/tiny-news/validation.csv", "--max-p95-ratio", limit, "--rounds", "20",
      ])
      #expect(result.code == code, "\(result.errors)")
    }
  }

  @Test("requests that check nothing, or what labels are missing for, are refused")
  func refusals() throws {
    let scratch = try Scratch()
    let model = try packed(8, in: scratch)
    let texts = scratch.path("texts.csv")
    try Data("text\nfirst text\nsecond\n".utf8).write(to: URL(fileURLWithPath: texts))
    let common = ["check", "--baseline", model, "--candidate", model, "--data", texts]
    let nothing = try mbq.run(common)
    #expect(nothing.code == 2)
    #expect(nothing.errors.hasPrefix("Error: Nothing to check: give --max-drop, "))
    let drop = try mbq.run(common + ["--max-drop", "1%"])
    #expect(drop.code == 3)
    #expect(drop.errors.contains("has no column 'label', and --max-drop needs labels"))
    let flips = try mbq.run(common + ["--max-flips", "90%"])
    #expect(flips.code == 0, "\(flips.errors)")
    for bad in ["101%", "-1", "half", "nan"] {
      #expect(try mbq.run(common + ["--max-drop=\(bad)"]).code == 2, "\(bad)")
    }
  }
}
