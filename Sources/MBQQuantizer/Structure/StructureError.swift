import MBQCore

/// Why a part of a model cannot be dropped.
public enum StructureError: ExplainedError, Equatable {
  /// Layers to keep that are none, out of order, or not there.
  case layers(found: [Int], count: Int)
  /// The first so many, of `count`.
  case firstLayers(Int, count: Int)
  /// A layer that was dropped or never was there.
  case noLayer(Int, known: [Int])
  /// A family, or a layer, without numbered feed-forward networks.
  case noStacks(layer: Int)
  case stacks(layer: Int, found: [Int], known: [Int])
  case heads(layer: Int, found: [Int], count: Int)
  /// What is left of the heads is not a multiple of 16 columns.
  case headWidth(layer: Int, heads: Int, headWidth: Int)

  public var explanation: String {
    func list(_ numbers: [Int]) -> String {
      numbers.isEmpty ? "none" : numbers.map(String.init).joined(separator: ", ")
    }
    return switch self {
    case .firstLayers(let found, let count):
      "the first \(found) layers are to be kept; allowed: 1 to \(count), the layers there are"
    case .layers(let found, let count):
      "the layers to keep are \(list(found)); allowed: at least one, each once and in rising order, of 0"
        + " to \(count - 1)"
    case .noLayer(let layer, let known):
      "there is no layer \(layer); this model has \(list(known))"
    case .noStacks(let layer):
      "layer \(layer) has no numbered feed-forward networks to drop; only MobileBERT has: drop layers or"
        + " heads"
    case .stacks(let layer, let found, let known):
      "the feed-forward networks to drop of layer \(layer) are \(list(found)); allowed: some of"
        + " \(list(known)), and not all"
    case .heads(let layer, let found, let count):
      "the heads to drop of layer \(layer) are \(list(found)); allowed: some of 0 to \(count - 1), and not"
        + " all"
    case .headWidth(let layer, let heads, let headWidth):
      "layer \(layer) would keep \(heads) heads of \(headWidth) columns, \(heads * headWidth) in all, and"
        + " the kernels need a multiple of 16: keep another number of heads"
    }
  }

  public var kind: FailureKind { .usage }
}
