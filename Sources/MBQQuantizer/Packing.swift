import CZlib
import Foundation
import MBQCheckpoints
import MBQCore
import MBQFormat
import MBQModel
import MBQPacking
import MBQRuntime
import MBQSchemes
public import MBQTokenizer

/// A model packed in memory, ready to be written.
public struct PackedFile: Sendable {
  public var bytes: [UInt8]
  public var report: PackingReport
}

/// What packing did.
public struct PackingReport: Sendable {
  public var precision: Precision
  public var parameterCount: Int
  /// Bytes of the checkpoint's weights file, and of the packed one.
  public var sourceByteCount: Int
  public var byteCount: Int
  /// Bytes by scheme name, in the order of first use.
  public var schemes: [(name: String, tensors: Int, byteCount: Int)]
  public var goldenCount: Int
  public var warnings: [String]
}

/// Turns checkpoints into packed models.
public struct Packer {
  public let checkpoint: Checkpoint
  public let precision: Precision
  /// What is packed: folded, and on its grid where a pass put it there.
  public let model: WorkingModel
  /// What was done to the weights before, for the provenance.
  public var recipe: String?
  /// Stores the weights as a zlib stream, which a runtime inflates when it opens the file: smaller where
  /// weights are zero or have few levels, but not used from the mapping.
  public var compressesWeights = false

  /// The model's operations, folded and merged as they are packed.
  public var graph: ModelGraph { model.graph }

  /// Checks that the checkpoint has every tensor with the right shape and finite values.
  ///
  /// Refuses, with `QuantizerError.checkpoint`, all missing and mis-shaped tensors at once.
  public init(_ checkpoint: Checkpoint, precision: Precision) throws(QuantizerError) {
    self.init(
      checkpoint, precision: precision, model: try WorkingModel(checkpoint).folded())
  }

  /// Packs `model`, which passes made of `checkpoint`'s.
  public init(_ checkpoint: Checkpoint, precision: Precision, model: WorkingModel) {
    self.checkpoint = checkpoint
    self.precision = precision
    self.model = model
  }

  /// The packed model with golden vectors of `texts`.
  ///
  /// `progress` is told the share done.
  public func pack(
    goldens texts: [String] = GoldenTexts.all, progress: (Double) -> Void = { _ in }
  ) throws(QuantizerError) -> PackedFile {
    let tokenizer: (options: [UInt8], vocabulary: [UInt8])
    do throws(TokenizerError) {
      tokenizer = try encodeTokenizer()
    } catch {
      throw .tokenizer(path: checkpoint.sources.last?.path ?? checkpoint.weightsPath, error)
    }
    var writer = PackedWriter(expectedWeightBytes: expectedByteCount)
    var schemes: [(name: String, tensors: Int, byteCount: Int)] = []
    for (index, tensor) in graph.tensors.enumerated() {
      let (name, encoded) = encode(index, tensor.role)
      writer.add(encoded)
      let size = encoded.byteCount
      if let place = schemes.firstIndex(where: { $0.name == name }) {
        schemes[place].tensors += 1
        schemes[place].byteCount += size
      } else {
        schemes.append((name, 1, size))
      }
      progress(Double(index + 1) / Double(graph.tensors.count))
    }

    var header = self.header()
    func file(compressed: Bool) -> [UInt8] {
      writer.file(
        header, tokenizerOptions: tokenizer.options, vocabulary: tokenizer.vocabulary,
        compressWeights: compressed, deflate: deflate)
    }
    // The model gives the same answers however it is stored, and compressing it takes longer.
    header.goldens = try goldens(of: file(compressed: false), texts)
    header.provenance = provenance(schemes, goldens: header.goldens)
    let bytes = file(compressed: compressesWeights)
    return PackedFile(
      bytes: bytes,
      report: PackingReport(
        precision: precision, parameterCount: parameterCount,
        sourceByteCount: checkpoint.weightsByteCount,
        byteCount: bytes.count, schemes: schemes, goldenCount: header.goldens.count,
        warnings: checkpoint.warnings))
  }

  private func encode(_ index: Int, _ role: TensorRole) -> (scheme: String, EncodedMatrix) {
    if let matrix = model.rounded[index] {
      let stored = compressesWeights ? matrix.forCompressing : matrix
      return (stored.scheme.name, stored)
    }
    let values = model.values[index]
    let (rows, columns) = model.matrixShape(index)
    // Smoothing is undone in the weights exactly, so its factors are stored exactly.
    let isSmoothing = graph.steps.contains {
      if case .linear(let linear) = $0.operation { linear.smoothing == index } else { false }
    }
    let scheme =
      isSmoothing
      ? .float32 : precision.scheme(role, largest: largestMagnitude(values))
    return (scheme.name, scheme.encode(values, rows: rows, columns: columns))
  }

  // MARK: Parts

  public var tokenizerOptions: TokenizerOptions { TokenizerOptions(model.tokenizer) }

  /// Parameters the model uses.
  public var parameterCount: Int {
    ModelFamilies.lower(checkpoint.configuration).requirements.reduce(0) {
      $0 + $1.shape.reduce(1, *)
    }
  }

  private var expectedByteCount: Int {
    graph.tensors.reduce(0) { $0 + $1.shape.reduce(1, *) * precision.bits / 8 + 4096 }
  }

  private func header() -> PackedHeader {
    let configuration = model.configuration
    return PackedHeader(
      maximumTokens: min(configuration.maximumPositions, model.tokenizer.maximumLength),
      vocabularyCount: configuration.vocabularySize,
      activations: precision == .int8 ? .int8PerToken : .float32, task: configuration.task,
      labels: configuration.labels,
      buffers: graph.buffers, plan: graph.planBuffers(),
      steps: graph.steps.map { PackedStep(layer: $0.site.layer, operation: $0.operation) },
      tensors: [], logits: graph.logits,
      names: graph.steps.map(\.site.name), goldens: [],
      provenance: "")
  }

  private func encodeTokenizer() throws(TokenizerError) -> (options: [UInt8], vocabulary: [UInt8]) {
    let files = model.tokenizer
    let vocabulary = try Vocabulary(pieces: Array(files.pieces.prefix(files.wordPieceCount)))
    let options = TokenizerOptions(files)
    // Refuses what the runtime would refuse.
    _ = try WordPieceTokenizer(vocabulary: vocabulary, options: options)
    let count = UInt32(vocabulary.count)
    let prefix = (0..<4).map { UInt8(truncatingIfNeeded: count >> (8 * UInt32($0))) }
    return (options.encoded(), prefix + vocabulary.packed())
  }

  private func goldens(
    of file: [UInt8], _ texts: [String]
  ) throws(QuantizerError) -> [GoldenVector] {
    do throws(ModelError) {
      let model = try Model(bytes: file, name: "the packed model")
      let state = RunState(model: model)
      var goldens: [GoldenVector] = []
      for text in texts {
        let tokens = model.tokenizer.encode(text, limit: model.maximumTokens).ids
        let logits = try state.logits([tokens])
        goldens.append(
          GoldenVector(text: text, tokens: tokens, logitBits: logits.map(\.bitPattern)))
      }
      return goldens
    } catch {
      throw .unusable(error)
    }
  }

  private func provenance(
    _ schemes: [(name: String, tensors: Int, byteCount: Int)], goldens: [GoldenVector]
  ) -> String {
    let files = checkpoint.sources.map { source in
      JSONObject([
        ("file", .string(URL(fileURLWithPath: source.path).lastPathComponent)),
        ("bytes", .integer(source.bytes.count)),
        ("sha256", .string(hexadecimal(sha256(source.bytes)))),
      ])
    }
    return JSONObject([
      ("tool", .string("mbq \(mbqVersion)")),
      ("family", .string(checkpoint.configuration.family.rawValue)),
      ("bits", .integer(precision.bits)),
      ("recipe", .string(recipe ?? precision.summary)),
      ("parameters", .integer(parameterCount)),
      ("layers", .integer(model.configuration.layerCount)),
      ("sources", .array(files.map { .object($0) })),
      (
        "schemes",
        .array(
          schemes.map {
            .object(
              JSONObject([
                ("name", .string($0.name)), ("tensors", .integer($0.tensors)),
                ("bytes", .integer($0.byteCount)),
              ]))
          })
      ),
    ]).text
  }

  private func largestMagnitude(_ values: [Float]) -> Float {
    var largest: UInt32 = 0
    for value in values { largest = max(largest, value.bitPattern & 0x7FFF_FFFF) }
    return Float(bitPattern: largest)
  }
}

/// A zlib stream of `bytes` at the highest level.
private func deflate(_ bytes: [UInt8]) -> [UInt8] {
  var count = compressBound(uLong(bytes.count))
  var result = [UInt8](repeating: 0, count: Int(count))
  let code = compress2(&result, &count, bytes, uLong(bytes.count), 9)
  // Only a lack of memory or of room can fail, and there is room.
  precondition(code == Z_OK, "zlib failed with code \(code)")
  return Array(result.prefix(Int(count)))
}

/// Lower-case, two digits a byte.
public func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}
