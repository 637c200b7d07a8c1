import Foundation
import MBQCheckpoints
import MBQModel
import MBQSchemes

/// One way to compress a model: what `mbq search` tries.
public struct SearchPoint: Hashable, Sendable, Codable {
  /// The first so many layers are kept.
  public var layers: Int
  /// Of the linears' weights.
  public var bits: Int
  public var embeddingBits: Int
  /// The share of the linears' weights that are zero.
  public var sparsity: Double
  /// Unused word pieces are dropped.
  public var dropsUnusedPieces: Bool
  /// Of each layer's feed-forward networks and attention heads, on average, the weakest.
  public var droppedStacks = 0
  public var droppedHeads = 0

  public var name: String {
    var parts = ["\(layers) layers", "\(bits) bits"]
    if embeddingBits != bits { parts.append("\(embeddingBits)-bit embeddings") }
    if sparsity > 0 { parts.append("\(Int((sparsity * 100).rounded())) % zeros") }
    if dropsUnusedPieces { parts.append("used pieces") }
    // A layer, on average.
    for (count, what) in [(droppedStacks, "stack"), (droppedHeads, "head")] where count > 0 {
      parts.append("\(count) \(what)\(count == 1 ? "" : "s") fewer")
    }
    return parts.joined(separator: ", ")
  }

  /// What `base` becomes at this point; what neither says, `Plan` decides.
  public func recipe(_ base: Recipe, of layerCount: Int) -> Recipe {
    var recipe = base
    var weights = base.weights ?? .init()
    weights.bits = bits
    recipe.weights = weights
    var embeddings = base.embeddings ?? .init()
    embeddings.bits = embeddingBits
    recipe.embeddings = embeddings
    recipe.keepLayers = layers < layerCount ? .first(layers) : nil
    var prune = base.prune ?? .init()
    if sparsity > 0 {
      prune.sparsity = sparsity
    } else if prune.pattern != .twoOfFour {
      // A base that says how zeros are chosen leaves it to the point how many.
      prune.sparsity = prune.sparsity ?? 0
    }
    if droppedStacks > 0 { prune.dropStacks = droppedStacks }
    if droppedHeads > 0 { prune.dropHeads = droppedHeads }
    recipe.prune = prune
    var vocabulary = base.vocabulary ?? .init()
    vocabulary.keepUsed = dropsUnusedPieces
    recipe.vocabulary = vocabulary
    return recipe
  }
}

/// What came of a point.
public struct SearchResult: Equatable, Sendable, Codable {
  public var point: SearchPoint
  public var byteCount: Int
  /// The share of held-back texts that get the label the fp32 model gives.
  public var agreement: Double
  /// Mean KL divergence of the fp32 model's probabilities from these, nats.
  public var divergence: Double
  /// Of one text of 128 tokens (or the longest the model takes) on one thread, milliseconds.
  public var medianMilliseconds: Double
  public var p95Milliseconds: Double

  public init(
    point: SearchPoint, byteCount: Int, agreement: Double, divergence: Double,
    medianMilliseconds: Double, p95Milliseconds: Double
  ) {
    self.point = point
    self.byteCount = byteCount
    self.agreement = agreement
    self.divergence = divergence
    self.medianMilliseconds = medianMilliseconds
    self.p95Milliseconds = p95Milliseconds
  }

  /// Better answers first; of equal ones those with the smaller change, then the smaller file.
  public static func isBetter(_ a: SearchResult, _ b: SearchResult) -> Bool {
    (-a.agreement, a.divergence, a.byteCount) < (-b.agreement, b.divergence, b.byteCount)
  }
}

/// Every point of a model, and how large each would be.
public struct SearchSpace: Sendable {
  public let points: [SearchPoint]
  private let layerWeights: Int
  /// Of `layerWeights`, those of one feed-forward network and of one head.
  private let stackWeights: Int
  private let headWeights: Int
  let stackCount: Int
  let headCount: Int
  private let otherWeights: Int
  private let tableWeights: Int
  private let keptTableWeights: Int
  /// Vectors, small tables, goldens, tokenizer: what no choice changes much.
  private let fixedBytes: Int
  let layerCount: Int

  /// `keptPieces` is the number of word pieces a diet keeps, nil if there is none to try.
  public init(_ model: WorkingModel, keptPieces: Int?) {
    let graph = model.graph
    var layerSum = 0
    var other = 0
    var table = 0
    var vectors = 0
    for (index, tensor) in graph.tensors.enumerated() {
      let count = model.values[index].count
      switch tensor.role {
      case .weight:
        if tensor.name.hasPrefix("layer.") { layerSum += count } else { other += count }
      case .table:
        if tensor.name == "embeddings.word" { table = count } else { vectors += count }
      case .vector: vectors += 2 * count
      case .headWeight: vectors += 4 * count
      }
    }
    let layers = graph.layers.count
    layerCount = layers
    layerWeights = layerSum / max(layers, 1)
    let parts = LayerParts(graph)
    (stackCount, headCount) = (parts.stacks, parts.heads)
    stackWeights = parts.stackWeights
    headWeights = parts.headWeights
    otherWeights = other
    tableWeights = table
    let width = table / max(model.configuration.vocabularySize, 1)
    keptTableWeights = (keptPieces ?? model.configuration.vocabularySize) * width
    // Pieces deflate to about half; operations, buffers and golden vectors take some kilobytes.
    fixedBytes = vectors + model.tokenizer.pieces.reduce(0) { $0 + $1.count } / 2 + 8192
    let kept = Set([24, 20, 16, 12, 10, 8, 6, 4, 2].map { max(1, (layers * $0 + 12) / 24) })
    // Heads whose columns fill no block of 16 cannot be dropped one by one.
    let fewerHeads = parts.heads / 2
    let dropsHeads = fewerHeads > 0 && (fewerHeads * parts.headWidth).isMultiple(of: 16)
    let stacks = Set([0, parts.stacks / 4, parts.stacks / 2].filter { $0 < max(parts.stacks, 1) })
    var points: [SearchPoint] = []
    for layers in kept.sorted(by: >) {
      for (bits, embeddings) in [(8, 8), (4, 4), (3, 4), (3, 3), (2, 4)] {
        for sparsity in [0, 0.3, 0.5] where bits > 2 || sparsity == 0 {
          for drops in keptPieces == nil ? [false] : [false, true] {
            for stacks in stacks.sorted() {
              for heads in dropsHeads ? [0, fewerHeads] : [0] {
                points.append(
                  SearchPoint(
                    layers: layers, bits: bits, embeddingBits: embeddings, sparsity: sparsity,
                    dropsUnusedPieces: drops, droppedStacks: stacks, droppedHeads: heads))
              }
            }
          }
        }
      }
    }
    self.points = points
  }

  /// Bytes a point will take, within a tenth or so; tried points correct it.
  ///
  /// With sparsity s, weights are stored as a Huffman-coded stream, at about their entropy:
  /// h(s) + (1 - s)·H, H that of levels spread like a normal distribution's. Everything else takes what its
  /// scheme takes.
  public func expectedBytes(_ point: SearchPoint) -> Double {
    let s = point.sparsity
    var saved = 0.0
    if s > 0, let dense = Self.entropy[point.bits] {
      saved = Double(point.bits) + s * log2(s) + (1 - s) * log2(1 - s) - (1 - s) * dense
    }
    let layer =
      layerWeights - point.droppedStacks * stackWeights - point.droppedHeads * headWeights
    let linears = Double(layer * point.layers + otherWeights)
    let table = Double(point.dropsUnusedPieces ? keptTableWeights : tableWeights)
    let vectors = Double(fixedBytes) * (0.3 + 0.7 * Double(point.layers) / Double(layerCount))
    return linears * (Self.bytesAWeight(point.bits, inPanels: true) - saved / 8)
      + table * Self.bytesAWeight(point.embeddingBits, inPanels: false) + vectors
  }

  /// Bits of a level that is not zero, by the bits it has on its grid.
  private static let entropy: [Int: Double] = [8: 7, 4: 3.4, 3: 2.7, 2: 1.75]

  /// Bytes of a weight with its share of group bytes and scales, in rows of 128 or panels of 512 columns.
  private static func bytesAWeight(_ bits: Int, inPanels: Bool) -> Double {
    let storage: ElementStorage = bits == 8 ? .int8 : .levels(bits: bits, group: 64)
    let columns = inPanels ? 512 : 128
    guard let scheme = SchemeCode.scheme(storage, inPanels: inPanels) else {
      return Double(bits) / 8
    }
    return Double(scheme.totalByteCount(rows: 16, columns: columns)) / Double(16 * columns)
  }
}
