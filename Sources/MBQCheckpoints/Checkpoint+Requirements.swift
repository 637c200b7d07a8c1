public import MBQModel

extension Checkpoint {
  /// Refuses the checkpoint unless it holds every one of `requirements` in its shape and in a type
  /// that is read, with one error that names everything that is wrong.
  ///
  /// Other tensors may be there. Inflates what an archive holds deflated.
  public func require(_ requirements: [TensorRequirement]) throws(CheckpointError) {
    var problems: [TensorProblem] = []
    var wrong: [(place: Int, requirement: TensorRequirement)] = []
    for requirement in requirements {
      guard let tensor = storedTensor(named: requirement.name) else {
        wrong.append((problems.count, requirement))
        problems.append(
          .missing(name: requirement.name, shape: requirement.shape, nearest: nil))
        continue
      }
      if tensor.shape != requirement.shape {
        problems.append(
          .shape(name: requirement.name, found: tensor.shape, needed: requirement.shape))
      } else if !tensor.elementType.isWeight {
        problems.append(.type(name: requirement.name, found: tensor.elementType))
      }
    }
    if problems.isEmpty {
      for requirement in requirements {
        try storedTensor(named: requirement.name)?.source.prepare()
      }
      return
    }

    // A name another requirement has taken would only mislead.
    let taken = Set(requirements.map { ExactString(storedName($0.name)) })
    let free = tensorNames.filter { !taken.contains(ExactString($0)) }
    for (place, requirement) in wrong where place < TensorProblem.shown {
      let nearest = NearestName.find(storedName(requirement.name), in: free)
      problems[place] = .missing(
        name: requirement.name, shape: requirement.shape, nearest: nearest)
    }
    throw .tensors(path: weightsPath, problems)
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
