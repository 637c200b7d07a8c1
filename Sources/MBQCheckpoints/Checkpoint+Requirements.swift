public import MBQModel

extension Checkpoint {
  /// Refuses the checkpoint unless it has every tensor of `requirements` in the right shape and in a supported
  /// type, with one error that names all problems.
  ///
  /// Other tensors may be present. Inflates the deflated entries of an archive.
  public func require(_ requirements: [TensorRequirement]) throws(CheckpointError) {
    let audit = CheckpointAudit(self, requirements)
    guard audit.problems.isEmpty else { throw .tensors(path: weightsPath, audit.problems) }
    for requirement in requirements {
      try storedTensor(named: requirement.name)?.source.prepare()
    }
  }

  /// Refuses the checkpoint if one of the tensors in `requirements` holds NaN or an infinity,
  /// naming all of them.
  ///
  /// Those that are missing are `require`'s business.
  ///
  /// Reads every value once: 98 MB take some 30 ms from memory.
  public func checkFinite(_ requirements: [TensorRequirement]) throws(CheckpointError) {
    var found: [NonFiniteTensor] = []
    for requirement in requirements {
      guard let tensor = tensor(named: requirement.name) else { continue }
      defer { tensor.release() }
      if let scan = tensor.nonFiniteValues() {
        found.append(
          NonFiniteTensor(
            name: requirement.name, count: scan.count,
            first: tensor.indices(ofElement: scan.first)))
      }
    }
    if !found.isEmpty { throw .notFinite(path: weightsPath, found) }
  }
}
