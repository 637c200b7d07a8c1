import MBQCore
import MBQTestSupport
import Testing

@testable import MBQQuantizer

@Suite("Recipes")
struct RecipeTests {
  private static func error(_ text: String) -> String {
    explanation { try RecipeReader.read(text, file: "r.yaml") }
  }

  @Test("are read key by key")
  func everything() throws {
    let recipe = try RecipeReader.read(
      """
      # A comment with & and [ in it.
      description: everything there is
      keep-layers: [0, 2, 5]
      equalize: false
      prune: {method: sparsegpt, sparsity: 0.5, pattern: "2:4", drop-heads: 1, drop-stacks: 2}
      weights:
        bits: 4
        group: 64
        rounding: gptq
        zero-point: true
      embeddings: {bits: 3, group: 32, rounding: mse}
      activations:
        scheme: static
        observer: entropy
        int16: ["*.down", classifier]
      overrides:
        - {sites: "layer.0.*", bits: 8}
        - sites: "*.ffn.*"
          bits: 2
          group: 128
      bias-correction: true
      recover: {affine: true, linears: false}
      vocabulary: {keep-used: true}
      compress: true
      calibration: {texts: 64, max-tokens: 32, seed: 7}
      """, file: "r.yaml")
    var expected = Recipe()
    expected.description = "everything there is"
    expected.keepLayers = .listed([0, 2, 5])
    expected.equalize = false
    expected.prune = .init()
    expected.prune?.method = .sparseGPT
    expected.prune?.sparsity = 0.5
    expected.prune?.pattern = .twoOfFour
    expected.prune?.dropHeads = 1
    expected.prune?.dropStacks = 2
    expected.weights = .init()
    expected.weights?.bits = 4
    expected.weights?.group = 64
    expected.weights?.rounding = .gptq
    expected.weights?.zeroPoint = true
    expected.embeddings = .init()
    expected.embeddings?.bits = 3
    expected.embeddings?.group = 32
    expected.embeddings?.rounding = .mse
    expected.activations = .init()
    expected.activations?.scheme = .isStatic
    expected.activations?.observer = "entropy"
    expected.activations?.int16 = ["*.down", "classifier"]
    expected.overrides = [
      .init(sites: "layer.0.*", bits: 8), .init(sites: "*.ffn.*", bits: 2, group: 128),
    ]
    expected.biasCorrection = true
    expected.recover = .init()
    expected.recover?.affine = true
    expected.recover?.linears = false
    expected.vocabulary = .init()
    expected.vocabulary?.keepUsed = true
    expected.compress = true
    expected.calibration = .init()
    expected.calibration?.texts = 64
    expected.calibration?.maxTokens = 32
    expected.calibration?.seed = 7
    #expect(recipe == expected)
    #expect(
      try Plan(recipe, hasText: true).calibration
        == .init(texts: 64, maximumTokens: 32, seed: 7))
    #expect(try RecipeReader.read("keep-layers: 12", file: "r.yaml").keepLayers == .first(12))
    for empty in ["", "# nothing\n", "---\n"] {
      #expect(try RecipeReader.read(empty, file: "r.yaml") == Recipe())
    }
  }

  @Test("name every unknown key at once, with what was meant")
  func unknownKeys() {
    #expect(
      Self.error(
        """
        bit: 4
        keep_layers: 3
        weights:
          roundin: gptq
          texts: 4
        overrides:
          - {site: "*", bits: 4}
        zzzzzzzz: 1
        """)
        == "'r.yaml': no recipe has 'bit' (line 1), 'keep_layers' (line 2; did you mean "
        + "'keep-layers'?), 'weights.roundin' (line 4; did you mean 'rounding'?), 'weights.texts' "
        + "(line 5; did you mean 'calibration.texts'?), 'overrides.site' (line 7; did you mean "
        + "'sites'?), 'zzzzzzzz' (line 8); allowed there: description, keep-layers, equalize, prune, "
        + "weights, embeddings, activations, overrides, bias-correction, recover, vocabulary, "
        + "compress, calibration")
    #expect(Self.error("bits: 4").contains("'bits' (line 1; did you mean 'weights.bits'?)"))
  }

  @Test(
    "say which value is wrong, and what would be right",
    arguments: [
      ("weights: {bits: 5}", "weights.bits is '5'; allowed: 2, 3, 4, 8, 16, 32"),
      ("weights: {bits: \"4\"}", "weights.bits is '4'; allowed: 2, 3, 4, 8, 16, 32"),
      ("weights: {bits: four}", "weights.bits is 'four'; allowed: 2, 3, 4, 8, 16, 32"),
      (
        "weights: {bits: 8, group: 64}",
        "weights.group is '64'; allowed: nothing with 8 bits; groups are for 4 bits and fewer"
      ),
      ("weights: {rounding: up}", "weights.rounding is 'up'; allowed: nearest, mse, gptq"),
      ("weights: 4", "weights is '4'; allowed: keys and values, such as 'bits: 4'"),
      ("equalize: yes", "equalize is 'yes'; allowed: true or false"),
      ("prune: {sparsity: 0.99}", "prune.sparsity is '0.99'; allowed: 0.0 to 0.95"),
      ("prune: {sparsity: .nan}", "prune.sparsity is '.nan'; allowed: 0.0 to 0.95"),
      ("prune: {pattern: 2:8}", "prune.pattern is '2:8'; allowed: unstructured, 2:4, 4-block"),
      ("prune: {drop-heads: -1}", "prune.drop-heads is '-1'; allowed: 0 to 1000"),
      (
        "activations: {observer: max}",
        "activations.observer is 'max'; allowed: min-max, percentile, mse, entropy"
      ),
      (
        "activations: {int16: all}",
        "activations.int16 is 'all'; allowed: a list of names with *, such as [\"*.ffn.*.down\"]"
      ),
      (
        "overrides: [{bits: 4}]",
        "overrides[0].sites is missing; allowed: a name with *, such as \"*.ffn.*.down\""
      ),
      (
        "keep-layers: [3, 2]",
        "keep-layers is '2'; allowed: how many (1 to 1000), or a list of layers from 0 in rising order"
      ),
      ("calibration: {texts: 0}", "calibration.texts is '0'; allowed: 1 to 1000000"),
      (
        "calibration: {seed: 99999999999999999999}",
        "calibration.seed is '99999999999999999999'; allowed: 0 to 2147483647"
      ),
      ("[1, 2]", "the recipe is a list; allowed: keys and values, such as 'bits: 4'"),
    ])
  func wrongValues(_ text: String, _ expected: String) {
    #expect(Self.error(text) == "'r.yaml', line 1: \(expected)")
  }

  @Test("are refused when they are no YAML, or are made to exhaust the reader")
  func hostile() throws {
    #expect(Self.error("weights: {bits: 4").hasPrefix("'r.yaml', line "))
    #expect(Self.error("compress: true\ncompress: false").contains("twice"))
    #expect(Self.error("a: &a [x]\nb: [*a, *a]").contains("anchors (&) have no place"))
    #expect(Self.error(String(repeating: "[", count: 60_000)).contains("nested deeper"))
    #expect(Self.error(String(repeating: "[\n", count: 30_000)).contains("more brackets"))
    #expect(Self.error(String(repeating: "- ", count: 30_000)).contains("nested deeper"))
    #expect(
      Self.error((0..<200).map { String(repeating: " ", count: $0) + "a:" }.joined(separator: "\n"))
        .contains("nested deeper"))
    _ = Self.error("? ? ? a")
    _ = Self.error("\u{0}\u{1}")
    _ = Self.error("--- a\n--- b")
    let folder = try ScratchFolder()
    let path = folder.path + "/long.yaml"
    try AtomicFile.write(String(repeating: "#", count: 70_000), to: path)
    #expect(
      explanation { try RecipeReader.read(path: path) }
        == "'\(path)' has 70000 bytes; a recipe has at most 65536: is this a recipe?")
  }

  @Test("that are shipped are read, and are the README's")
  func shipped() throws {
    let names = Repository.names("Calibration/recipes", suffix: ".yaml")
    #expect(names == ["int4", "int8", "int8-static", "small"])
    let readme = String(
      decoding: try Repository.bytes("Calibration/recipes/README.md"), as: UTF8.self)
    for name in names {
      let recipe = try RecipeReader.read(path: Repository.path("Calibration/recipes/\(name).yaml"))
      #expect(recipe.description != nil && recipe.weights?.bits != nil)
      #expect(readme.contains("| [\(name)](\(name).yaml) |"))
    }
  }

  @Test("have the keys that the README's table lists")
  func table() throws {
    let readme = String(
      decoding: try Repository.bytes("Calibration/recipes/README.md"), as: UTF8.self)
    #expect(readme.contains("\n\(RecipeKey.table)\n\n"), "\(RecipeKey.table)")
  }

  @Test("have a key for every property, which reading and laying over follow")
  func keys() throws {
    let values = [
      "description": "d", "keep-layers": "1", "equalize": "false", "method": "wanda",
      "sparsity": "0.25", "pattern": "4-block", "drop-heads": "1", "drop-stacks": "2", "bits": "4",
      "group": "32", "rounding": "mse", "zero-point": "true", "scheme": "static",
      "observer": "entropy", "int16": "[a]", "bias-correction": "true", "affine": "true",
      "linears": "true", "keep-used": "true", "compress": "true", "texts": "9", "max-tokens": "8",
      "seed": "7",
    ]
    var all = Recipe()
    for key in RecipeKey.all where !key.path.hasPrefix("overrides.") {
      let parts = key.path.split(separator: ".").map(String.init)
      let value = try #require(values[parts.last ?? ""], "\(key.path)")
      let inner = "\(parts.last ?? ""): \(value)"
      let recipe = try RecipeReader.read(
        parts.count == 1 ? inner : "\(parts[0]): {\(inner)}", file: "r.yaml")
      #expect(recipe != Recipe(), "\(key.path)")
      let both = all.overlaid(by: recipe)
      #expect(both != all, "\(key.path)")
      all = both
    }
    // What is nil still has no key.
    all.overrides = [.init(sites: "a", bits: 4, group: 32)]
    #expect(!"\(all)".contains("nil"), "\(all)")
  }

  @Test("are found by name or path")
  func finding() throws {
    let folders = [Repository.path("Calibration/recipes"), "/nonexistent"]
    #expect(
      try RecipeFiles.find("int4", in: folders) == Repository.path("Calibration/recipes/int4.yaml"))
    let path = Repository.path("Calibration/recipes/small.yaml")
    #expect(try RecipeFiles.find(path, in: []) == path)
    #expect(
      explanation { try RecipeFiles.find("int5", in: folders) }
        == "there is no recipe 'int5': neither a file of that name nor '\(folders[0])/int5.yaml' "
        + "nor '/nonexistent/int5.yaml'; there are int4, int8, int8-static, small, or give the path "
        + "of a file")
  }

  @Test(
    "match sites",
    arguments: [
      ("*", "", true), ("*", "a", true), ("", "", true), ("", "a", false), ("a", "a", true),
      ("layer.0.*", "layer.0.ffn.1.up", true), ("layer.0.*", "layer.10.ffn", false),
      ("*.down", "layer.3.ffn.0.down", true), ("*.down", "layer.3.ffn.0.down.input", false),
      ("*.ffn.*.up", "layer.1.ffn.2.up", true), ("*a*b*c", "xxaxbxbxc", true),
      ("*a*b*c", "xxaxbxbx", false), ("a*", "ba", false), ("**", "x", true),
      ("*aab", "aaaab", true),
    ])
  func patterns(_ pattern: String, _ name: String, _ expected: Bool) {
    #expect(SitePattern(pattern).matches(name) == expected)
  }
}
