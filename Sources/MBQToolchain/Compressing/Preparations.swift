import MBQCheckpoints
import MBQQuantizer

/// Models whose structure is final, by what their structure depends on: runs of one checkpoint and one
/// text that differ in bits and zeros share one.
final class Preparations {
  private var known: [Plan.Structure: Compressor.Prepared] = [:]
  private let limit: Int

  /// Keeps at most `limit` models, of which each holds all weights in fp32.
  init(limit: Int) { self.limit = limit }

  func prepared(
    by compressor: Compressor, _ checkpoint: Checkpoint
  ) throws(QuantizerError) -> Compressor.Prepared {
    let key = compressor.plan.structure
    if let known = known[key] { return known }
    let result = try compressor.prepare(checkpoint)
    // What is dropped is made again if it is asked for again.
    if known.count >= limit { known.removeAll() }
    known[key] = result
    return result
  }
}
