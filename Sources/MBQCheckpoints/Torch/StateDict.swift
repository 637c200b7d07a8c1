/// The named tensors of a pickle: a state dict, or the state dict inside the larger dictionary of a training
/// script.
struct StateDict {
  var tensors: [(name: String, tensor: PickleTensor)] = []

  /// The keys of training scripts for the model's state dict, the likeliest first.
  static let keys = [
    "state_dict", "model_state_dict", "model", "module", "net", "network", "weights", "params",
  ]
  private static let maximumDepth = 4

  private typealias Members = [(key: PickleValue, value: PickleValue)]

  init(_ root: PickleValue, in machine: PickleMachine) throws(TorchProblem) {
    guard case .dictionary(let place) = root else { throw .noWeights(found: root.summary) }
    let outer = machine.dictionaries[place]
    // A script may keep a tensor beside the state dict, its loss or a step, so the one with more wins.
    let nested = Self.nested(outer, machine, depth: 1)
    let members =
      nested.map { Self.tensorCount($0) > Self.tensorCount(outer) ? $0 : outer } ?? outer
    guard Self.tensorCount(members) > 0 else {
      throw .noWeights(found: Self.describe(outer, machine))
    }
    tensors = try Self.named(members, machine)
  }

  private static func tensorCount(_ members: Members) -> Int {
    members.reduce(0) { if case .tensor = $1.value { $0 + 1 } else { $0 } }
  }

  /// The first dictionary with tensors under one of `keys`, the likeliest key first.
  private static func nested(_ members: Members, _ machine: PickleMachine, depth: Int) -> Members? {
    guard depth < maximumDepth else { return nil }
    for wanted in keys {
      for (key, value) in members {
        guard case .text(let range) = key, case .dictionary(let place) = value,
          machine.text(range, is: wanted)
        else { continue }
        let inner = machine.dictionaries[place]
        if tensorCount(inner) > 0 { return inner }
        if let found = nested(inner, machine, depth: depth + 1) { return found }
        // One dictionary a key: a file that repeats it would make this search grow by powers.
        break
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
  /// Refuses a view that reaches outside the storage, and a view that repeats elements, because a small file
  /// could then need any amount of memory.
  func place(
    in storage: PickleStorage, named name: String
  ) throws(TorchProblem) -> (range: Range<Int>, strides: [Int]?) {
    func refuse(_ problem: String) -> TorchProblem { .view(tensor: name, problem: problem) }
    guard case .success = storage.elementType.byteCount(of: shape) else {
      throw refuse("its shape \(described(shape)) is more than a file can hold")
    }
    // With this, no place inside the storage overflows as a number of bytes.
    guard case .success = storage.elementType.byteCount(of: [storage.count]) else {
      throw .storage(
        tensor: name, problem: "\(storage.count) values are more than a file can hold")
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
