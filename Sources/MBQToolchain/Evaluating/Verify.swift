import MBQCore
import MBQFormat
import MBQKernels
import MBQRuntime
import MBQTokenizer

/// What `Toolchain.verify` found.
public struct VerifyResult: Sendable {
  /// Of one kernel set.
  public struct Kernels: Sendable {
    public var name: String
    /// Golden texts of the file, and those with the same token ids and the same bits of the logits.
    public var texts: Int
    public var sameTokens: Int
    public var sameLogits: Int
  }

  /// Every set that this processor runs.
  public var kernels: [Kernels]
  /// What is wrong; empty if the file is whole and exact.
  public var failures: [String]
}

extension Toolchain {
  /// Compares a packed model's digest, and the token ids and the bits of the logits of the texts stored in
  /// it, with every kernel set this processor runs.
  public func verify(_ path: String) throws -> VerifyResult {
    let first = try Model.packed(at: path)
    let file = try MappedFile(path: path)
    let body = UnsafeRawBufferPointer(rebasing: file.bytes[64...])
    var result = VerifyResult(kernels: [], failures: [])
    if sha256(body) != first.packed.statedDigest {
      result.failures.append("the file's digest (SHA-256) is not the one it states")
    }
    let goldens = first.packed.header.goldens
    for set in KernelSets.runnable {
      let model = try Model(path: path, kernels: set)
      let state = RunState(model: model)
      var found = VerifyResult.Kernels(
        name: set.name, texts: goldens.count, sameTokens: 0, sameLogits: 0)
      for golden in goldens {
        let ids = model.tokenizer.encode(golden.text, limit: model.maximumTokens).ids
        if ids == golden.tokens { found.sameTokens += 1 }
        let bits = try state.logits([golden.tokens]).map(\.bitPattern)
        if bits == golden.logitBits { found.sameLogits += 1 }
      }
      if found.sameTokens < goldens.count {
        result.failures.append("\(goldens.count - found.sameTokens) texts get other token ids")
      }
      if found.sameLogits < goldens.count {
        result.failures.append(
          "\(goldens.count - found.sameLogits) texts get other logits with \(set.name)")
      }
      result.kernels.append(found)
    }
    if goldens.isEmpty {
      result.failures.append("the file holds no golden vectors to compare with")
    }
    return result
  }
}
