/// What is done to a checkpoint before it is packed: a recipe with every choice made.
///
/// Passes, summaries and the keys of kept results read a plan. `Recipe` says what a person may leave out;
/// what is done then is decided in `Plan.init` alone.
public struct Plan: Hashable, Sendable, Codable {
  /// The linears' weights, where no override names them.
  public struct Weights: Hashable, Sendable, Codable {
    public var bits: Int
    /// Weights of a row with one scale; 4 bits and fewer.
    public var group: Int
    public var rounding: RoundingMethod
    /// Whether a group's grid may be asymmetric.
    public var zeroPoint: Bool
  }

  /// The word table.
  public struct Embeddings: Hashable, Sendable, Codable {
    public var bits: Int
    public var group: Int
    public var rounding: RoundingMethod
  }

  /// Other bits for the sites a pattern matches; of two that match, the later counts.
  public struct Override: Hashable, Sendable, Codable {
    public var sites: String
    public var bits: Int
    public var group: Int
    public var rounding: RoundingMethod
  }

  public struct Activations: Hashable, Sendable, Codable {
    public var scheme: Recipe.Activations.Scheme
    /// A name of `Observers`; for static steps.
    public var observer: String
    /// Patterns of the sites whose input has 16 bits.
    public var int16: [String]
  }

  /// Where rounding's change of the outputs' means is undone in biases.
  public enum BiasCorrection: String, Hashable, Sendable, Codable {
    case nowhere, everywhere
    /// In a model with zeros, or with a linear of 4 bits or fewer.
    case whereCoarse
  }

  /// What `Compressor.prepare` depends on.
  public var structure: Structure
  public var weights: Weights
  public var embeddings: Embeddings
  public var overrides: [Override]
  public var activations: Activations
  /// A sparsity of 0 prunes nothing.
  public var pruning: PruningOptions
  public var biasCorrection: BiasCorrection
  /// Whether scales and biases are fitted to the unrounded model after rounding.
  public var recoversRounding: Bool
  /// Whether the file's weights are a zlib stream.
  public var compresses: Bool
  /// How calibration texts are drawn.
  public var calibration: CalibrationOptions
  /// Whether calibration text is given, which decides what recipes leave open.
  public var hasText: Bool

  public var prunes: Bool { pruning.sparsity > 0 }

  /// How what is not rounded otherwise is stored.
  public var precision: Precision {
    switch weights.bits {
    case 32: .float32
    case 16: .float16
    default: .int8
    }
  }

  /// The plan with an override for each linear of `choices`, before those it has.
  func mixed(_ choices: [BitAllocation.Choice]) -> Plan {
    var plan = self
    plan.overrides =
      choices.map {
        Override(sites: $0.site, bits: $0.bits, group: weights.group, rounding: weights.rounding)
      } + overrides
    return plan
  }
}

extension Plan {
  /// The part of a plan that decides a model's structure and the scales of its channels: all that
  /// `Compressor.prepare` reads.
  ///
  /// Prepared models, and figures measured on them, may be shared by plans of one structure.
  public struct Structure: Hashable, Sendable, Codable {
    public enum Layers: Hashable, Sendable, Codable {
      case all
      /// The first so many.
      case first(Int)
      /// These, from 0, in rising order.
      case listed([Int])
    }

    /// What is fitted to the whole model's hidden states when parts were left out.
    public enum Recovery: String, Hashable, Sendable, Codable {
      case nothing
      /// Scales and biases.
      case affine
      /// The linears' weights, too.
      case linears
    }

    /// What channels are rescaled for.
    public enum Equalization: String, Hashable, Sendable, Codable {
      case none, perTokenGrids, staticGrids
    }

    public var layers: Layers
    /// Heads, and feed-forward networks of a stack, left out in each layer.
    public var droppedHeads: Int
    public var droppedStacks: Int
    /// Whether word pieces that a text never uses are left out.
    public var keepsUsedPieces: Bool
    public var recovery: Recovery
    public var equalization: Equalization
  }
}
