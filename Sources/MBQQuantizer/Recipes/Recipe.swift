/// What is to be done to a checkpoint before it is packed, as a recipe file says it
/// (Calibration/recipes/README.md). What is nil, `Plan` decides.
public struct Recipe: Hashable, Sendable, Codable {
  public enum KeptLayers: Hashable, Sendable, Codable {
    /// The first so many.
    case first(Int)
    /// These, from 0, in rising order.
    case listed([Int])
  }

  public struct Prune: Hashable, Sendable, Codable {
    public var method: PruningOptions.Method?
    /// The share of weights that become 0.
    public var sparsity: Double?
    public var pattern: PruningOptions.Pattern?
    /// Heads, and feed-forward networks of a stack, left out in each layer.
    public var dropHeads: Int?
    public var dropStacks: Int?

    public init() {}
  }

  public struct Weights: Hashable, Sendable, Codable {
    public var bits: Int?
    /// Weights of a row with one scale; 4 bits and fewer.
    public var group: Int?
    public var rounding: RoundingMethod?
    public var zeroPoint: Bool?

    public init() {}
  }

  public struct Embeddings: Hashable, Sendable, Codable {
    public var bits: Int?
    public var group: Int?
    public var rounding: RoundingMethod?

    public init() {}
  }

  public struct Activations: Hashable, Sendable, Codable {
    public enum Scheme: String, CaseIterable, Sendable, Codable {
      case perToken = "per-token"
      case isStatic = "static"
    }

    public var scheme: Scheme?
    /// A name of `Observers`.
    public var observer: String?
    /// Patterns of the sites whose input has 16 bits.
    public var int16: [String]?

    public init() {}
  }

  /// Other bits for some sites; of two that match the later counts.
  public struct Override: Hashable, Sendable, Codable {
    public var sites: String
    public var bits: Int?
    public var group: Int?

    public init(sites: String, bits: Int? = nil, group: Int? = nil) {
      self.sites = sites
      self.bits = bits
      self.group = group
    }
  }

  public struct Recover: Hashable, Sendable, Codable {
    public var affine: Bool?
    public var linears: Bool?

    public init() {}
  }

  public struct Vocabulary: Hashable, Sendable, Codable {
    public var keepUsed: Bool?

    public init() {}
  }

  public struct Calibration: Hashable, Sendable, Codable {
    public var texts: Int?
    public var maxTokens: Int?
    public var seed: Int?

    public init() {}
  }

  public var description: String?
  public var keepLayers: KeptLayers?
  public var equalize: Bool?
  public var prune: Prune?
  public var weights: Weights?
  public var embeddings: Embeddings?
  public var activations: Activations?
  public var overrides: [Override]?
  public var biasCorrection: Bool?
  public var recover: Recover?
  public var vocabulary: Vocabulary?
  public var compress: Bool?
  public var calibration: Calibration?

  public init() {}
}
