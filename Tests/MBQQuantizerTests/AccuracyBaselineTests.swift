import Foundation
import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQModel
import MBQRuntime
import MBQTestSupport
import MBQTokenizer
import Testing

@testable import MBQQuantizer

/// Size and accuracy of the tiny model under every recipe, as Tests/Baselines/accuracy.csv has them.
///
/// The arithmetic is exact to the bit, so the figures are compared exactly: a change that moves one of
/// them is meant, and recorded with `MBQ_RECORD=1`, or it is a mistake.
@Suite("The baseline of accuracy")
struct AccuracyBaselineTests {
  private static let path = "Tests/Baselines/accuracy.csv"
  private static let columns =
    "model,corpus,recipe,bytes,accuracy,agreement_with_fp32,largest_logit_change"
  private static let model = "Examples/tiny-news/model"
  private static let corpus = "Examples/tiny-news/test.csv"
  private static let calibration = "Calibration/corpus/corpus.csv"

  private struct Case {
    var name: String
    var recipe: Recipe
    var needsText: Bool
  }

  private struct Text {
    var tokens: [UInt32]
    var truth: Int
  }

  /// The recipes of the repository, and those that `quantize --bits` makes.
  private static func cases(layers: Int) throws -> [Case] {
    let folder = Repository.path("Calibration/recipes")
    var cases = try RecipeFiles.names(in: [folder]).map { name in
      var recipe = try RecipeReader.read(path: "\(folder)/\(name).yaml")
      // A recipe for half of 24 layers is tried with half of those there are.
      if case .first(let count) = recipe.keepLayers, count > layers {
        recipe.keepLayers = .first(layers / 2)
      }
      return Case(name: name, recipe: recipe, needsText: recipe.calibration != nil)
    }
    for bits in [32, 16, 8, 4, 3, 2] {
      var recipe = Recipe()
      recipe.weights = .init()
      recipe.weights?.bits = bits
      if bits <= 4 { recipe.weights?.rounding = .gptq }
      if bits < 4 { recipe.compress = true }
      cases.append(Case(name: "--bits \(bits)", recipe: recipe, needsText: bits <= 8))
    }
    return cases
  }

  private static func drawn(_ recipe: Recipe, _ checkpoint: Checkpoint) throws -> [[UInt32]] {
    var sampler = try CalibrationSampler(
      WordPieceTokenizer(checkpoint.tokenizer), limit: checkpoint.configuration.maximumPositions,
      options: recipe.calibration?.options ?? .init())
    var rows = try LabelledTexts(
      try DatasetReaders.open(path: Repository.path(calibration)), columns: .init(label: nil),
      labels: nil)
    while let row = try rows.next() { sampler.add(row.text) }
    return try sampler.finish(file: calibration).texts
  }

  private static func texts(_ model: Model) throws -> [Text] {
    var rows = try LabelledTexts(
      try DatasetReaders.open(path: Repository.path(corpus)),
      labels: LabelVocabulary(names: model.labels))
    var texts: [Text] = []
    while let row = try rows.next() {
      let tokens = model.tokens(of: row.text, limit: model.maximumTokens).ids
      texts.append(Text(tokens: tokens, truth: try #require(row.label)))
    }
    return texts
  }

  private static func answers(_ model: Model, _ texts: [Text]) throws -> Predictions {
    var predictions = try Predictions(labelCount: model.labels.count)
    let state = RunState(model: model)
    for start in stride(from: 0, to: texts.count, by: 64) {
      let batch = texts[start..<min(start + 64, texts.count)]
      let logits = try state.logits(batch.map(\.tokens))
      for (index, text) in batch.enumerated() {
        let place = index * model.labels.count
        try predictions.append(
          truth: text.truth, logits: logits[place..<place + model.labels.count])
      }
    }
    return predictions
  }

  private static func packed(_ item: Case, _ checkpoint: Checkpoint) throws -> PackedFile {
    var compressor = Compressor(item.recipe)
    if item.needsText { compressor.texts = try drawn(item.recipe, checkpoint) }
    let (model, _) = try compressor.compress(checkpoint)
    var packer = Packer(checkpoint, precision: compressor.precision, model: model)
    packer.compressesWeights = item.recipe.compress ?? false
    packer.recipe = item.recipe.summary
    return try packer.pack()
  }

  @Test("bytes, accuracy, agreement and logits are those of the file")
  func figures() throws {
    let checkpoint = try Checkpoint.open(path: Repository.path(Self.model))
    var cases = try Self.cases(layers: checkpoint.configuration.layerCount)
    #if DEBUG
    // Fitting weights to text takes a minute in a debug build, of which a release build tells as much.
    cases.removeAll(where: \.needsText)
    #endif
    var lines = [Self.columns]
    let fp32 = try Self.packed(
      try #require(cases.first { $0.name == "--bits 32" }), checkpoint)
    let whole = try Model(bytes: fp32.bytes)
    let texts = try Self.texts(whole)
    let expected = try Self.answers(whole, texts)
    for item in cases {
      let file = item.name == "--bits 32" ? fp32 : try Self.packed(item, checkpoint)
      let found = try Self.answers(try Model(bytes: file.bytes), texts)
      let agreement = try Agreement(baseline: expected.outputs, candidate: found.outputs)
      let right = zip(found.truths, found.outputs.predicted).count { Int($0) == Int($1) }
      lines.append(
        "tiny-news,\(Self.corpus),\(item.name),\(file.bytes.count),"
          + "\(Double(right) / Double(texts.count)),\(agreement.share),"
          + "\(agreement.largestLogitDifference)")
    }
    #if DEBUG
    let stored = try String(contentsOfFile: Repository.path(Self.path), encoding: .utf8)
      .split(separator: "\n").map(String.init)
    for line in lines { #expect(stored.contains(line), "\(line)") }
    #else
    let problem = try differenceFromSnapshot(lines.joined(separator: "\n") + "\n", Self.path)
    #expect(problem == nil, "\(problem ?? "")")
    #endif
  }

  @Test("every recipe has a row, and every row a recipe and figures that make sense")
  func rows() throws {
    let stored = try String(contentsOfFile: Repository.path(Self.path), encoding: .utf8)
      .split(separator: "\n")
    #expect(stored.first.map(String.init) == Self.columns)
    let rows = stored.dropFirst().map { $0.split(separator: ",").map(String.init) }
    let recipes = RecipeFiles.names(in: [Repository.path("Calibration/recipes")])
    try #require(recipes.count >= 4)
    #expect(rows.map { $0[2] } == recipes + [32, 16, 8, 4, 3, 2].map { "--bits \($0)" })
    for row in rows {
      try #require(row.count == 7)
      let (accuracy, agreement) = (try #require(Double(row[4])), try #require(Double(row[5])))
      #expect((0...1).contains(accuracy) && (0...1).contains(agreement))
      // What differs from the whole model in a share of its rows differs by no more in accuracy.
      #expect(abs(accuracy - 0.947) <= 1 - agreement + 1e-9, "\(row)")
      #expect(try #require(Int(row[3])) > 100_000)
      #expect((row[2] == "--bits 32") == (row[6] == "0.0"), "\(row)")
    }
  }
}
