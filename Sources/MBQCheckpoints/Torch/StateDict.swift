/// The named tensors in what a pickle describes: a state dict, or the one inside the larger
/// dictionary a training script saved.
struct StateDict {
  var tensors: [(name: String, tensor: PickleTensor)] = []

  /// Where training scripts put the model's state dict, the likeliest first.
  static let keys = [
    "state_dict", "model_state_dict", "model", "module", "net", "network", "weights", "params",
  ]
  private static let maximumDepth = 4

  init(_ root: PickleValue, in machine: PickleMachine) throws(TorchProblem) {
    var value = root
    for _ in 0..<Self.maximumDepth {
      guard case .dictionary(let place) = value else { throw .noWeights(found: value.summary) }
      let members = machine.dictionaries[place]
      let hasTensors = members.contains { if case .tensor = $0.value { true } else { false } }
      if hasTensors {
        tensors = try Self.named(members, machine)
        return
      }
      guard let nested = Self.nested(members, machine) else {
        throw .noWeights(found: Self.describe(members, machine))
      }
      value = nested
    }
    throw .noWeights(found: "dictionaries in dictionaries")
  }

  private typealias Members = [(key: PickleValue, value: PickleValue)]

  /// The dictionary under the likeliest of `keys`.
  private static func nested(_ members: Members, _ machine: PickleMachine) -> PickleValue? {
    for wanted in keys {
      for (key, value) in members {
        if case .text(let range) = key, case .dictionary = value, machine.string(range) == wanted {
          return value
        }
      }
    }
    return nil
  }

  private static func named(
    _ members: Members, _ machine: PickleMachine
  ) throws(TorchProblem) -> [(name: String, tensor: PickleTensor)] {
    var result: [(name: String, tensor: PickleTensor)] = []
    var seen = Set<ExactString>()
    for (key, value) in members {
      guard case .tensor(let tensor) = value else { continue }
      guard case .text(let range) = key else { throw .key(found: key.summary) }
      let name = machine.string(range)
      guard seen.insert(ExactString(name)).inserted else { throw .duplicate(tensor: name) }
      result.append((name, machine.tensors[tensor]))
    }
    return result
  }

  private static func describe(_ members: Members, _ machine: PickleMachine) -> String {
    guard !members.isEmpty else { return "an empty dictionary" }
    let names = members.prefix(8).map { key, _ in
      if case .text(let range) = key { quoted(machine.string(range)) } else { key.summary }
    }
    let rest = members.count - names.count
    return "a dictionary of " + listed(names + (rest > 0 ? ["\(rest) more"] : []))
      + ", and no tensors in it or in \(listed(keys.map { quoted($0) }, "or"))"
  }
}

extension PickleTensor {
  /// The bytes of this view from the start of its storage, and its strides unless it is plain.
  ///
  /// Refuses a view that reaches outside the storage, and one that repeats elements, which could make
  /// a small file ask for any amount of memory.
  func place(
    in storage: PickleStorage, named name: String
  ) throws(TorchProblem) -> (range: Range<Int>, strides: [Int]?) {
    func refuse(_ problem: String) -> TorchProblem { .view(tensor: name, problem: problem) }
    guard case .success = storage.elementType.byteCount(of: shape) else {
      throw refuse("its shape \(described(shape)) is more than a file can hold")
    }
    let count = shape.reduce(1, *)
    guard count <= storage.count else {
      throw refuse(
        "its shape \(described(shape)) needs \(count) values, and its storage has \(storage.count)")
    }
    let width = storage.elementType.bitWidth / 8
    if count == 0 { return (0..<0, nil) }
    var last = offset
    for (size, stride) in zip(shape, strides) {
      let (reach, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
      let (sum, sumOverflow) = last.addingReportingOverflow(reach)
      guard !overflow, !sumOverflow else {
        throw refuse("its strides \(described(strides)) reach outside its storage")
      }
      guard size == 1 || stride > 0 else {
        throw refuse("it repeats one element, with the strides \(described(strides))")
      }
      last = sum
    }
    guard last < storage.count else {
      throw refuse(
        "it reaches element \(last) of its storage, which has \(storage.count)")
    }
    let start = offset * width
    return (
      start..<((last + 1) * width), StoredTensor.normalized(strides: strides, shape: shape)
    )
  }
}
