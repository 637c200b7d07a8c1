public import MBQCheckpoints
import MBQModel

/// Chooses each linear's bits by what they cost, so that the file has a target size.
struct TargetSize {
  let bytes: Int
  private let plan: Plan
  private let sites: [SiteSensitivity]
  /// Bytes of everything but the linears' weights.
  private let fixedBytes: Int

  init(
    bytes: Int, _ checkpoint: Checkpoint, _ prepared: Compressor.Prepared, _ plan: Plan,
    sites: [SiteSensitivity]
  ) throws(QuantizerError) {
    self.bytes = bytes
    self.plan = plan
    self.sites = sites
    fixedBytes = try Self.fixedBytes(checkpoint, prepared, plan)
  }

  /// The plan with an override a linear, for a file of `budget` bytes as far as can be foreseen; what the
  /// plan overrides itself stays.
  ///
  /// Refuses, with `QuantizerError.targetSize`, a budget nothing fits.
  func plan(budget: Int) throws(QuantizerError) -> Plan {
    let (allocation, smallest) = BitAllocation.choose(
      sites, bits: SensitivityAnalysis.bits, group: plan.weights.group,
      budget: budget - fixedBytes)
    guard let allocation else {
      throw .targetSize(bytes: bytes, smallest: smallest + fixedBytes)
    }
    return plan.mixed(allocation.choices)
  }

  /// Found by packing with the linears' weights zero, which take next to nothing then.
  private static func fixedBytes(
    _ checkpoint: Checkpoint, _ prepared: Compressor.Prepared, _ plan: Plan
  ) throws(QuantizerError) -> Int {
    var bare = prepared
    bare.texts = []
    for (index, tensor) in bare.model.graph.tensors.enumerated() where tensor.role == .weight {
      bare.model.values[index] = [Float](repeating: 0, count: bare.model.values[index].count)
    }
    var plain = try Plan(Recipe())
    plain.embeddings = plan.embeddings
    let (model, _) = try Compressor(plain).finish(bare)
    var packer = Packer(checkpoint, precision: .int8, model: model)
    packer.compressesWeights = true
    return try packer.pack(goldens: []).bytes.count
  }
}

extension Compressor {
  /// A packed model, and how it was made.
  public struct Packed: Sendable {
    /// With an override a linear, if bits were chosen for a target size.
    public var plan: Plan
    public var model: WorkingModel
    public var report: CompressionReport
    public var file: PackedFile
  }

  /// Finishes a prepared model and packs it.
  public func pack(
    _ prepared: Prepared, of checkpoint: Checkpoint
  ) throws(QuantizerError) -> Packed {
    let (model, report) = try finish(prepared)
    let file = try Packer(checkpoint, plan: plan, model: model).pack { progress("pack", $0) }
    return Packed(plan: plan, model: model, report: report, file: file)
  }

  /// Finishes a prepared model with each linear's bits chosen so that the file has at most `bytes` bytes,
  /// and packs it.
  ///
  /// `plan` is one that mixes bits (`Plan.init`); `sites` are what the prepared model's linears cost.
  /// Refuses, with `QuantizerError.targetSize`, a size that no choice reaches.
  public func pack(
    _ prepared: Prepared, of checkpoint: Checkpoint, bytes: Int, sites: [SiteSensitivity]
  ) throws(QuantizerError) -> Packed {
    let target = try TargetSize(bytes: bytes, checkpoint, prepared, plan, sites: sites)
    var compressor = self
    var budget = bytes
    var last = 0
    // What Huffman codes make of the levels is only known when they are there: too large a file says by
    // how much the budget was wrong.
    for _ in 0..<4 {
      compressor.plan = try target.plan(budget: budget)
      let packed = try compressor.pack(prepared, of: checkpoint)
      last = packed.file.bytes.count
      if last <= bytes { return packed }
      budget -= last - bytes + bytes / 200
    }
    throw .targetSize(bytes: bytes, smallest: last)
  }
}
