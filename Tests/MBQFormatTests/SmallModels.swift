import CZlib
import MBQCore
import MBQModel
import MBQPacking
import MBQRuntime
import MBQSchemes
import MBQTokenizer

@testable import MBQFormat

/// Models of a few hundred weights that use everything the format has, made from seeded numbers.
struct SmallModel {
  var weights: SchemeCode
  var tables: [SchemeCode]
  var vectors: SchemeCode
  var activations: ActivationScheme
  var hidden: Int
  var attention: Int
  var heads: Int
  var intermediate: Int
  /// Queries, keys and values are columns of one buffer.
  var mergesProducts: Bool
  var compresses = false
  var compressesWeights = false
  /// Of every linear with integer weights, taken in turn.
  var grids: [ActivationGrid] = [.int8PerToken]
  /// Of every second such linear.
  var smooths = false
  var steps: AttentionSteps?
  var labels = ["real", "fake"]
  var task = ClassificationTask.singleLabel
  var decision = Decision()
  var maximumTokens = 12
  var seed: UInt64

  /// Every golden file, by name.
  ///
  /// A new version adds files; it does not change these.
  static let all: [(name: String, model: SmallModel)] = [
    (
      "int8",
      SmallModel(
        weights: .int8Channel, tables: [.int8Rows, .int8Rows, .int8Rows],
        vectors: .float16, activations: .int8PerToken, hidden: 16, attention: 32, heads: 2,
        intermediate: 48, mergesProducts: true, seed: 8)
    ),
    (
      "int8-mixed",
      SmallModel(
        weights: .int8Channel, tables: [.float16, .float32, .int8Rows],
        vectors: .float32, activations: .float32, hidden: 20, attention: 24, heads: 3,
        intermediate: 21, mergesProducts: false, labels: ["a", "b", "c", "d", "e"], seed: 9)
    ),
    (
      "float16",
      SmallModel(
        weights: .float16Panels,
        tables: [.float16, .float16, .float32],
        vectors: .float32, activations: .float32, hidden: 16, attention: 16, heads: 1,
        intermediate: 32, mergesProducts: true, seed: 16)
    ),
    (
      "float32-odd-widths",
      SmallModel(
        weights: .float32Panels,
        tables: [.float32, .float32, .float32],
        vectors: .float32, activations: .float32, hidden: 11, attention: 6, heads: 6,
        intermediate: 13, mergesProducts: false, labels: ["é", "中", "👍"], seed: 32)
    ),
    (
      "compressed",
      SmallModel(
        weights: .int8Channel, tables: [.int8Rows, .int8Rows, .int8Rows],
        vectors: .float16, activations: .int8PerToken, hidden: 16, attention: 16, heads: 4,
        intermediate: 16, mergesProducts: true, compresses: true, seed: 1)
    ),
    (
      "multi-label",
      SmallModel(
        weights: .int8Channel, tables: [.int8Rows, .int8Rows, .int8Rows],
        vectors: .float32, activations: .int8PerToken, hidden: 16, attention: 16, heads: 2,
        intermediate: 16, mergesProducts: true, labels: ["politics", "sports", "health"],
        task: .multiLabel, seed: 11)
    ),
    (
      "int4",
      SmallModel(
        weights: .int4ChannelGroup32,
        tables: [.int4RowsGroup32, .int4RowsGroup64, .int4RowsGroup128],
        vectors: .float16, activations: .int8PerToken, hidden: 20, attention: 32, heads: 2,
        intermediate: 70, mergesProducts: true, seed: 4)
    ),
    (
      "int4-g64-compressed",
      SmallModel(
        weights: .int4ChannelGroup64, tables: [.int4RowsGroup64, .int8Rows, .int8Rows],
        vectors: .float32, activations: .int8PerToken, hidden: 16, attention: 16, heads: 1,
        intermediate: 130, mergesProducts: false, compresses: true, compressesWeights: true, seed: 5
      )
    ),
    (
      "int4-g128-grids",
      SmallModel(
        weights: .int4ChannelGroup128, tables: [.int8Rows, .int8Rows, .int4RowsGroup32],
        vectors: .float16, activations: .int8PerToken, hidden: 20, attention: 24, heads: 3,
        intermediate: 133, mergesProducts: false,
        grids: [.int16PerToken, .int8Static(step: 0.03), .int8PerToken], smooths: true, seed: 6)
    ),
    (
      "int8-static",
      SmallModel(
        weights: .int8Channel, tables: [.int8Rows, .int8Rows, .int8Rows],
        vectors: .float16, activations: .int8PerToken, hidden: 16, attention: 32, heads: 2,
        intermediate: 48, mergesProducts: true, grids: [.int8Static(step: 0.05), .int16PerToken],
        smooths: true, steps: AttentionSteps(query: 0.02, key: 0.03, value: 0.01), seed: 7)
    ),
    (
      "int8-decided",
      SmallModel(
        weights: .int8Channel, tables: [.int8Rows, .int8Rows, .int8Rows],
        vectors: .float16, activations: .int8PerToken, hidden: 16, attention: 32, heads: 2,
        intermediate: 48, mergesProducts: true,
        decision: Decision(temperature: 1.75, threshold: 0.25), seed: 8)
    ),
    (
      "int3",
      SmallModel(
        weights: .int3ChannelGroup64,
        tables: [.int3RowsGroup32, .int3RowsGroup64, .int3RowsGroup128],
        vectors: .float16, activations: .int8PerToken, hidden: 20, attention: 32, heads: 2,
        intermediate: 70, mergesProducts: true, seed: 13)
    ),
    (
      "int3-g128-grids",
      SmallModel(
        weights: .int3ChannelGroup128, tables: [.int8Rows, .int4RowsGroup32, .int2RowsGroup64],
        vectors: .float16, activations: .int8PerToken, hidden: 20, attention: 24, heads: 3,
        intermediate: 133, mergesProducts: false,
        grids: [.int16PerToken, .int8Static(step: 0.03), .int8PerToken], smooths: true, seed: 14)
    ),
    (
      "int3-g32-decided",
      SmallModel(
        weights: .int3ChannelGroup32, tables: [.int4RowsGroup64, .int8Rows, .float16],
        vectors: .float32, activations: .int8PerToken, hidden: 16, attention: 16, heads: 1,
        intermediate: 40, mergesProducts: true,
        decision: Decision(temperature: 1.75, threshold: 0.25), seed: 15)
    ),
    (
      "int2",
      SmallModel(
        weights: .int2ChannelGroup32,
        tables: [.int2RowsGroup32, .int2RowsGroup64, .int2RowsGroup128],
        vectors: .float16, activations: .int8PerToken, hidden: 20, attention: 32, heads: 2,
        intermediate: 70, mergesProducts: true, seed: 17)
    ),
    (
      "int2-g64",
      SmallModel(
        weights: .int2ChannelGroup64, tables: [.int3RowsGroup64, .int8Rows, .int8Rows],
        vectors: .float32, activations: .int8PerToken, hidden: 16, attention: 16, heads: 1,
        intermediate: 130, mergesProducts: false, seed: 18)
    ),
    (
      "int2-g128-compressed",
      SmallModel(
        weights: .int2ChannelGroup128, tables: [.int2RowsGroup64, .int8Rows, .int8Rows],
        vectors: .float32, activations: .int8PerToken, hidden: 16, attention: 16, heads: 1,
        intermediate: 133, mergesProducts: false, compresses: true, compressesWeights: true,
        seed: 19)
    ),
  ]

  /// The version of the format that has all of it.
  var minorVersion: Int {
    if ([weights] + tables).contains(where: { [2, 3].contains($0.bits) }) { return 4 }
    if decision != Decision() { return 3 }
    let isNew =
      ([weights] + tables).contains { $0.bits == 4 } || grids != [.int8PerToken] || smooths
      || steps != nil || compressesWeights
    return isNew ? 2 : task == .singleLabel ? 0 : 1
  }

  static let pieces =
    ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "news", "is", "fake", "##ly", "real", "!", "中"]
    + (0..<20).map { "w\($0)" }

  static let options = TokenizerOptions(
    unknownID: 1, classificationID: 2, separatorID: 3, paddingID: 0,
    addedTokens: [AddedToken(content: Array("<new>".utf8), id: 32)])

  static var vocabularyCount: Int { pieces.count + 1 }

  static let texts = ["", "The news is real!", "fakely <new> 中w3 zebra w19"]

  static func tokenizerSections() throws -> (options: [UInt8], vocabulary: [UInt8]) {
    let vocabulary = try Vocabulary(pieces: pieces.map { Array($0.utf8) })
    let count = UInt32(pieces.count)
    return (options.encoded(), (0..<4).map { UInt8(count >> (8 * $0) & 255) } + vocabulary.packed())
  }

  /// The file, golden vectors included.
  func file() throws -> [UInt8] {
    var parts = try build()
    let model = try Model(bytes: parts.file())
    let state = RunState(model: model)
    for text in Self.texts {
      let tokens = model.tokenizer.encode(text, limit: model.maximumTokens).ids
      parts.header.goldens.append(
        GoldenVector(
          text: text, tokens: tokens, logitBits: try state.logits([tokens]).map(\.bitPattern)))
    }
    return parts.file()
  }

  struct Parts {
    var header: PackedHeader
    var writer: PackedWriter
    var options: [UInt8]
    var vocabulary: [UInt8]
    var compresses: Bool
    var compressesWeights: Bool

    func file() -> [UInt8] {
      writer.file(
        header, tokenizerOptions: options, vocabulary: vocabulary,
        compressWeights: compressesWeights,
        deflate: { bytes in compresses ? zlibStream(bytes) : bytes })
    }
  }

  /// Everything but the golden vectors.
  func build() throws -> Parts {
    var numbers = Numbers(seed)
    var writer = PackedWriter()
    let graph = graph { scheme, rows, columns, scale, center in
      let values = (0..<(rows * columns)).map { _ in numbers.next() * scale + center }
      return writer.add(scheme.encode(values, rows: rows, columns: columns))
    }
    let (options, vocabulary) = try Self.tokenizerSections()
    var header = PackedHeader(
      maximumTokens: maximumTokens, vocabularyCount: Self.vocabularyCount,
      activations: activations, task: task, labels: labels, buffers: graph.buffers,
      plan: graph.planBuffers(),
      steps: graph.steps.map { PackedStep(layer: $0.site.layer, operation: $0.operation) },
      tensors: [], logits: graph.logits, names: graph.steps.map(\.site.name), goldens: [],
      provenance: #"{"tool":"tests"}"#)
    header.decision = decision
    return Parts(
      header: header, writer: writer, options: options, vocabulary: vocabulary,
      compresses: compresses,
      compressesWeights: compressesWeights)
  }

  private typealias Add = (
    _ scheme: SchemeCode, _ rows: Int, _ columns: Int, _ scale: Float, _ center: Float
  ) -> Int

  /// Every kind, activation and norm at least once.
  private func graph(_ add: Add) -> ModelGraph {
    var graph = ModelGraph()
    func norm(_ kind: Norm.Kind, _ width: Int) -> Norm {
      Norm(
        kind: kind, gamma: add(vectors, 1, width, 0.25, 1), beta: add(vectors, 1, width, 0.5, 0),
        epsilon: 1e-5)
    }
    var integerLinears = 0
    func linear(
      _ role: String, _ input: Operand, to width: Int, layer: Int? = 0,
      activation: LinearActivation = .none, bias: Bool = true, residual: Operand? = nil,
      norm kind: Norm.Kind? = nil, scheme: SchemeCode? = nil
    ) -> Operand {
      let output = graph.addBuffer(width: width, rows: graph.buffers[input.buffer].rows)
      var grid = ActivationGrid.int8PerToken
      var smoothing: Int?
      if (scheme ?? weights).isInteger {
        grid = grids[integerLinears % grids.count]
        if smooths, integerLinears % 2 == 0 { smoothing = add(vectors, 1, input.width, 0.5, 1) }
        integerLinears += 1
      }
      graph.append(
        Site(layer, role),
        .linear(
          .init(
            weight: add(scheme ?? weights, width, input.width, 0.5, 0),
            bias: bias ? add(vectors, 1, width, 0.5, 0) : nil, input: input,
            activation: activation, residual: residual, norm: kind.map { norm($0, width) },
            output: output, inputGrid: grid, smoothing: smoothing)))
      return output
    }

    let places = graph.addBuffer(width: hidden)
    graph.append(
      Site(nil, "places"),
      .embed(
        .init(
          word: nil, position: add(tables[1], maximumTokens, hidden, 1, 0),
          type: add(tables[2], 2, hidden, 1, 0), trigram: false, output: places)))
    let words = graph.addBuffer(width: 48)
    graph.append(
      Site(nil, "words"),
      .embed(
        .init(
          word: add(tables[0], Self.vocabularyCount, 16, 1, 0), position: nil, type: nil,
          trigram: true, output: words)))
    let input = linear(
      "input", words, to: hidden, layer: nil, bias: false, residual: places, norm: .noNorm)
    var products: [Operand]
    if mergesProducts {
      let merged = linear("products", input, to: 3 * attention)
      products = (0..<3).map {
        Operand(buffer: merged.buffer, column: $0 * attention, width: attention)
      }
    } else {
      products = (0..<3).map { linear("product.\($0)", input, to: attention) }
    }
    let context = graph.addBuffer(width: attention)
    graph.append(
      Site(0, "attention"),
      .attention(
        .init(
          query: products[0], key: products[1], value: products[2], heads: heads, output: context,
          steps: steps)))
    let mixed = linear("mixed", context, to: hidden, residual: input, norm: .layerNorm)
    let wide = linear("wide", mixed, to: intermediate, activation: .relu)
    let narrow = linear("narrow", wide, to: hidden, residual: mixed, norm: .noNorm)
    let curved = linear("curved", narrow, to: hidden, activation: .gelu)
    let summed = graph.addBuffer(width: hidden)
    graph.append(
      Site(0, "summed"),
      .normalize(
        .init(input: curved, residual: narrow, norm: norm(.layerNorm, hidden), output: summed)))
    let scaled = graph.addBuffer(width: hidden)
    graph.append(
      Site(0, "scaled"),
      .normalize(.init(input: summed, residual: nil, norm: norm(.noNorm, hidden), output: scaled)))
    let pooled = graph.addBuffer(width: hidden, rows: .texts)
    graph.append(Site(nil, "pool"), .pool(.init(input: scaled, output: pooled)))
    let dense = linear(
      "dense", pooled, to: hidden, layer: nil, activation: .tanh, scheme: .float32Panels)
    graph.logits = linear(
      "classifier", dense, to: labels.count, layer: nil, scheme: .float32Panels)
    return graph
  }
}

/// Seeded numbers in (-1, 1), of few bits so that every scheme has something to round.
private struct Numbers {
  private var generator: SeededGenerator
  init(_ seed: UInt64) { generator = SeededGenerator(seed: seed) }
  mutating func next() -> Float {
    Float(Int32(truncatingIfNeeded: generator.next() >> 40) - (1 << 23)) * 0x1p-23
  }
}

func zlibStream(_ bytes: [UInt8], level: Int32 = 9) -> [UInt8] {
  var count = compressBound(uLong(bytes.count))
  var result = [UInt8](repeating: 0, count: Int(count))
  let code = compress2(&result, &count, bytes, uLong(bytes.count), level)
  precondition(code == Z_OK)
  return Array(result.prefix(Int(count)))
}
