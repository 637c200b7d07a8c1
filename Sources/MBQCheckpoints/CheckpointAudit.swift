public import MBQModel

/// The differences between the tensors of a checkpoint and those that its model needs.
public struct CheckpointAudit: Equatable, Sendable {
  /// Problems of the tensors that the model needs, in the order of the model.
  public var problems: [TensorProblem]
  /// Names and shapes of unused tensors, in the order of the file: heads of pretraining, optimizer states,
  /// positions.
  public var extra: [(name: String, shape: [Int])]
  /// The number of correct tensors.
  public var matchingCount: Int

  public static func == (a: CheckpointAudit, b: CheckpointAudit) -> Bool {
    a.problems == b.problems && a.matchingCount == b.matchingCount
      && a.extra.elementsEqual(b.extra) { $0.name == $1.name && $0.shape == $1.shape }
  }

  /// Compares names, shapes and types; looks at no value.
  public init(_ checkpoint: Checkpoint, _ requirements: [TensorRequirement]) {
    problems = []
    matchingCount = 0
    var missing: [(place: Int, requirement: TensorRequirement)] = []
    var taken = Set<ExactString>()
    for requirement in requirements {
      guard let tensor = checkpoint.storedTensor(named: requirement.name) else {
        missing.append((problems.count, requirement))
        problems.append(.missing(name: requirement.name, shape: requirement.shape, nearest: nil))
        continue
      }
      taken.insert(ExactString(tensor.name))
      if tensor.shape != requirement.shape {
        problems.append(
          .shape(name: requirement.name, found: tensor.shape, needed: requirement.shape))
      } else if !tensor.elementType.isWeight {
        problems.append(.type(name: requirement.name, found: tensor.elementType))
      } else {
        matchingCount += 1
      }
    }
    extra = checkpoint.stored.filter { !taken.contains(ExactString($0.name)) }.map {
      ($0.name, $0.shape)
    }
    // A name that fulfils another requirement would mislead.
    let free = extra.map(\.name)
    for (place, requirement) in missing where place < TensorProblem.shown {
      problems[place] = .missing(
        name: requirement.name, shape: requirement.shape,
        nearest: NearestName.find(checkpoint.storedName(requirement.name), in: free))
    }
  }
}
