/// The effects of the allowed functions.
extension PickleMachine {
  mutating func call(
    _ function: PickleValue, _ arguments: PickleValue
  ) throws(PickleProblem) -> PickleValue {
    guard case .global(let global) = function, case .tuple(let place) = arguments else {
      throw .operand(
        opcode: "reduce", found: "\(function.summary) and \(arguments.summary)",
        needed: "a function and a tuple", at: opcodePlace)
    }
    let values = tuples[place]
    let callPlace = opcodePlace
    func refuse(_ problem: String) -> PickleProblem {
      .call(global: global.description, problem: problem, at: callPlace)
    }
    switch global {
    case .orderedDictionary:
      // With items it would be `OrderedDict([(key, value), …])`, which pickle does not write.
      guard values.isEmpty else { throw refuse("it is given items") }
      return makeDictionary()
    case .size: return .opaque
    case .rebuildTensor:
      guard values.count == 4 else { throw refuse("it is given \(values.count) values, needed 4") }
      return try tensor(values, refuse)
    case .rebuildTensorV2:
      guard values.count == 6 || values.count == 7 else {
        throw refuse("it is given \(values.count) values, needed 6 or 7")
      }
      return try tensor(values, refuse)
    case .rebuildParameter:
      guard values.count == 3, case .tensor = values[0] else {
        throw refuse("it is not given a tensor and two settings")
      }
      return values[0]
    case .storage, .type:
      throw refuse("it is no function")
    }
  }

  /// `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks, metadata)`.
  private mutating func tensor(
    _ values: [PickleValue], _ refuse: (String) -> PickleProblem
  ) throws(PickleProblem) -> PickleValue {
    guard case .storage(let storage) = values[0] else {
      throw refuse("the storage is \(values[0].summary)")
    }
    guard case .integer(let offset) = values[1], offset >= 0 else {
      throw refuse("the offset is \(values[1].summary), needed a whole number from 0")
    }
    let shape = try sizes("size", values[2], refuse)
    let strides = try sizes("stride", values[3], refuse)
    guard shape.count == strides.count else {
      throw refuse("it has \(shape.count) sizes and \(strides.count) strides")
    }
    // The sizes are kept with each tensor.
    try count(2 * shape.count)
    tensors.append(PickleTensor(storage: storage, offset: offset, shape: shape, strides: strides))
    return .tensor(tensors.count - 1)
  }

  /// torch has no tensors of more than 64 dimensions.
  private static var maximumRank: Int { 64 }

  private func sizes(
    _ what: String, _ value: PickleValue, _ refuse: (String) -> PickleProblem
  ) throws(PickleProblem) -> [Int] {
    guard case .tuple(let place) = value, tuples[place].count <= Self.maximumRank else {
      throw refuse("the \(what) is \(value.summary), needed a tuple of at most 64 whole numbers")
    }
    var sizes: [Int] = []
    for value in tuples[place] {
      guard case .integer(let size) = value, size >= 0 else {
        throw refuse("the \(what) holds \(value.summary), needed whole numbers from 0")
      }
      sizes.append(size)
    }
    return sizes
  }

  /// `("storage", type, key, device, count)`, and in files from before 1.6 the view of it, None.
  mutating func storage(_ identifier: PickleValue) throws(PickleProblem) -> PickleValue {
    func refuse(_ found: String) -> PickleProblem {
      .operand(
        opcode: "binPersistentID", found: found,
        needed: "a tuple that describes a storage: its type, key, device and number of elements",
        at: opcodePlace)
    }
    guard case .tuple(let place) = identifier else { throw refuse(identifier.summary) }
    let values = tuples[place]
    guard values.count == 5 || values.count == 6 else {
      throw refuse("a tuple of \(values.count)")
    }
    guard case .text(let kind) = values[0], text(kind, is: "storage") else {
      throw refuse("a tuple that starts with \(values[0].summary)")
    }
    guard case .global(.storage(let type)) = values[1] else {
      throw refuse("\(values[1].summary) as the type")
    }
    guard case .text(let key) = values[2], key.count <= 64 else {
      throw refuse("\(values[2].summary) as the key")
    }
    guard case .text = values[3] else { throw refuse("\(values[3].summary) as the device") }
    guard case .integer(let count) = values[4], count >= 0 else {
      throw refuse("\(values[4].summary) as the number of elements")
    }
    if values.count == 6, values[5] != .none {
      throw refuse("a view of another storage, as torch before 0.4 wrote them")
    }
    storages.append(PickleStorage(elementType: type, key: key, count: count))
    return .storage(storages.count - 1)
  }
}
