import Foundation
import MBQTestSupport
import Testing

/// `mbq quantize` beyond 8 bits: recipes and the options that change them.
@Suite("mbq quantize")
struct QuantizeTests {
  private let mbq = Program("mbq")
  /// Small, so that many ways can be tried.
  private static let small = "Formats/mobilebert/golden/standard"
  private static let checkpoint = "Examples/tiny-news/model"
  private static let data = "Examples/tiny-news/validation.csv"
  private static let text = [
    "--text", "Calibration/corpus/corpus.csv", "--texts", "16", "--text-tokens", "32",
  ]

  private func size(_ path: String) throws -> Int {
    try Data(contentsOf: URL(fileURLWithPath: path)).count
  }

  private func quantize(
    _ options: [String], _ path: String, of checkpoint: String = small
  ) throws -> String {
    let result = try mbq.run(["quantize", checkpoint, "-o", path] + options)
    try #require(result.code == 0, "\(options): \(result.errors)")
    return result.output
  }

  @Test(
    "files are smaller than int8's, verify, and classify",
    arguments: [
      (["--bits", "4"] + text, "gptq", 0.8),
      (
        ["--bits", "4", "--group", "32", "--rounding", "mse"], "int4 weights per group of 32", 0.8
      ),
      (["--bits", "2", "--embedding-bits", "4", "--compress"], "int2", 0.6),
      (["--sparsity", "0.6", "--compress"] + text, "60 % zeros (sparsegpt, unstructured)", 0.8),
      (["--pattern", "2:4", "--prune", "wanda", "--compress"] + text, "(wanda, 2:4)", 0.9),
      (["--keep-layers", "1"] + text, "layers kept", 0.7),
    ])
  func smaller(options: [String], shown: String, share: Double) throws {
    let scratch = try Scratch()
    let (small, int8) = (scratch.path("small.mbq"), scratch.path("int8.mbq"))
    let output = try quantize(options, small)
    #expect(output.contains(shown), "\(output)")
    for line in output.split(separator: "\n") where !line.contains(scratch.url.path) {
      #expect(line.count <= 80, "\(line)")
    }
    _ = try quantize([], int8)
    #expect(Double(try size(small)) < share * Double(try size(int8)))
    let verified = try mbq.run(["verify", small])
    #expect(verified.code == 0, "\(verified.errors)")
    #expect(try mbq.run(["classify", small, "Council approves budget", ""]).code == 0)
  }

  @Test("4 bits with text, and static steps, are about as accurate as int8")
  func accurate() throws {
    let scratch = try Scratch()
    let int8 = scratch.path("int8.mbq")
    _ = try quantize([], int8, of: Self.checkpoint)
    for options in [["--bits", "4"], ["--activations", "static", "--observer", "mse"]] {
      let path = scratch.path("other.mbq")
      let output = try quantize(options + Self.text, path, of: Self.checkpoint)
      if options[0] == "--activations" { #expect(output.contains("static steps")) }
      let result = try mbq.run([
        "evaluate", path, "--data", Self.data, "--baseline", int8, "--json",
      ])
      try #require(result.code == 0, "\(result.errors)")
      let json = try #require(
        JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
      let comparison = try #require(json["comparison"] as? [String: Any])
      let agreement = try #require(comparison["agreement"] as? [String: Any])
      let share = try #require(agreement["value"] as? Double)
      #expect(share >= 0.95, "\(options): \(share)")
    }
  }

  @Test("the same options write the same bytes with any number of threads")
  func threads() throws {
    let scratch = try Scratch()
    let paths = ["1", "3"].map { ($0, scratch.path($0)) }
    for (threads, path) in paths {
      _ = try quantize(
        ["--bits", "4", "--sparsity", "0.5", "--threads", threads] + Self.text, path)
    }
    let files = try paths.map { try Data(contentsOf: URL(fileURLWithPath: $0.1)) }
    #expect(files[0] == files[1])
  }

  @Test("recipes in the repository can be followed", arguments: ["int8", "int8-static", "int4"])
  func recipes(name: String) throws {
    let scratch = try Scratch()
    let output = try quantize(["--recipe", name] + Self.text, scratch.path("a.mbq"))
    #expect(output.contains("Next: mbq evaluate"))
    let json = try mbq.run(
      ["quantize", Self.small, "--recipe", name, "--dry-run", "--json"] + Self.text)
    #expect(json.code == 0)
    _ = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
  }

  @Test(
    "what is asked for and cannot be had is said, and nothing is written",
    arguments: [
      (["--bits", "5"], "error: --bits is 5; allowed: 2, 3, 4, 8, 16, 32\n"),
      (["--embedding-bits", "9"], "error: --embedding-bits is 9; allowed: 2, 3, 4, 8, 16, 32\n"),
      (["--bits", "4", "--group", "48"], "error: --group is 48; allowed: 32, 64, 128\n"),
      (["--rounding", "up"], "error: --rounding is 'up'; allowed: nearest, mse, gptq\n"),
      (["--prune", "best"], "error: --prune is 'best'; allowed: magnitude, wanda, sparsegpt\n"),
      (
        ["--pattern", "1:4"],
        "error: --pattern is '1:4'; allowed: unstructured, 2:4, 4-block\n"
      ),
      (["--sparsity", "1"], "error: --sparsity is 1.0; allowed: 0 to 0.95\n"),
      (["--sparsity", "nan"], "error: --sparsity is nan; allowed: 0 to 0.95\n"),
      (
        ["--activations", "dynamic"],
        "error: --activations is 'dynamic'; allowed: per-token, static\n"
      ),
      (
        ["--observer", "max"],
        "error: --observer is 'max'; allowed: min-max, percentile, mse, entropy\n"
      ),
      (["--keep-layers", "0"], "error: --keep-layers is 0; allowed: 1 and more\n"),
      (["--keep-layers=-2"], "error: --keep-layers is -2; allowed: 1 and more\n"),
      (
        ["--keep-layers", "7"],
        "error: the first 7 layers are to be kept; allowed: 1 to 2, the layers there are\n"
      ),
      (
        ["--activations", "static"],
        "error: the recipe cannot be followed: it asks for static activations, which needs "
          + "calibration text; give some with --text FILE (no labels needed)\n"
      ),
      (
        ["--bits", "4", "--rounding", "gptq"],
        "error: the recipe cannot be followed: it asks for gptq, which needs calibration text; "
          + "give some with --text FILE (no labels needed)\n"
      ),
      (
        ["--bits", "32", "--embedding-bits", "8"],
        "error: the recipe cannot be followed: its weights have 32 bits and its embeddings 8; a "
          + "model of 32 bits has them throughout\n"
      ),
      (
        ["--recipe", "none"],
        "error: there is no recipe 'none': "
      ),
    ])
  func wrong(options: [String], message: String) throws {
    let scratch = try Scratch()
    let result = try mbq.run(
      ["quantize", Self.small, "-o", scratch.path("a.mbq")] + options)
    #expect(result.code == 2 || options[0] == "--recipe", "\(result.code)")
    #expect(result.output == "")
    if message.hasSuffix("\n") {
      #expect(result.errors == message)
    } else {
      #expect(result.errors.hasPrefix(message), "\(result.errors)")
    }
    #expect(try scratch.contents() == [])
  }
}
