/// Reads a pickle without executing any code of it.
///
/// A pickle is a program for a stack machine; its dangerous instructions import any function and call it.
/// This machine searches a name in `AllowedGlobal`, and a call builds one of the few values that these stand
/// for. Every opcode takes at least one byte and leaves at most one value, and the number of values is limited.
/// So time and memory are bounded by the length of any pickle.
struct PickleMachine {
  /// The data.pkl of a model with 1,113 tensors has 150 kB.
  static let maximumBytes = 32 << 20
  /// Pushed, stored and created, together; the same model needs 40,000.
  static let maximumValues = 1 << 22

  let bytes: UnsafeRawBufferPointer
  private(set) var place: Int
  private(set) var tuples: [[PickleValue]] = []
  private(set) var lists: [[PickleValue]] = []
  private(set) var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
  var storages: [PickleStorage] = []
  var tensors: [PickleTensor] = []
  private var stack: [PickleValue] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var valueCount = 0
  /// The start of the current opcode.
  private(set) var opcodePlace = 0

  /// `place` is the start of the pickle in `bytes`.
  init(_ bytes: UnsafeRawBufferPointer, from place: Int = 0) {
    self.bytes = bytes
    self.place = place
  }

  /// The value of the next pickle; `place` moves to its end.
  mutating func run() throws(PickleProblem) -> PickleValue {
    let start = place
    stack = []
    marks = []
    memo = [:]
    while true {
      guard place - start <= Self.maximumBytes else { throw .tooLong(limit: Self.maximumBytes) }
      opcodePlace = place
      let code = try next(1).first ?? 0
      guard let opcode = PickleOpcode(rawValue: code) else {
        throw .opcode(code, at: opcodePlace)
      }
      if opcode == .stop { return try pop(opcode) }
      try step(opcode)
    }
  }

  private mutating func step(_ opcode: PickleOpcode) throws(PickleProblem) {
    switch opcode {
    case .proto:
      let version = try next(1).first ?? 0
      guard (2...5).contains(version) else { throw .protocolVersion(version) }
    // Says how many bytes to read at once.
    case .frame: _ = try next(8)
    case .mark:
      try count()
      marks.append(stack.count)
    case .pop:
      // As Python does: without a value above the last mark, the mark goes.
      if let mark = marks.last, mark == stack.count {
        marks.removeLast()
      } else {
        _ = try pop(opcode)
      }
    case .popMark: _ = try popMark(opcode)
    case .dup: try push(try top(opcode))
    case .none: try push(.none)
    case .newTrue: try push(.bool(true))
    case .newFalse: try push(.bool(false))
    case .binInt: try push(.integer(Int(Int32(truncatingIfNeeded: try number(4)))))
    case .binInt1: try push(.integer(Int(try number(1))))
    case .binInt2: try push(.integer(Int(try number(2))))
    case .long1: try long(Int(try number(1)))
    case .long4: try long(Int(try number(4)))
    case .binFloat: try push(.float(Double(bitPattern: UInt64(try number(8)).byteSwapped)))
    case .binUnicode: try text(try number(4))
    case .shortBinUnicode: try text(try number(1))
    case .binUnicode8: try text(try number(8))
    case .binBytes: try push(.bytes(try range(try number(4))))
    case .shortBinBytes: try push(.bytes(try range(try number(1))))
    case .binBytes8: try push(.bytes(try range(try number(8))))
    case .emptyTuple: try pushTuple([])
    case .tuple: try pushTuple(try popMark(opcode))
    case .tuple1: try pushTuple(try pop(1, opcode))
    case .tuple2: try pushTuple(try pop(2, opcode))
    case .tuple3: try pushTuple(try pop(3, opcode))
    case .emptyList:
      lists.append([])
      try push(.list(lists.count - 1))
    case .append: try append(try pop(1, opcode), opcode)
    case .appends: try append(try popMark(opcode), opcode)
    case .emptyDict: try pushDictionary()
    case .setItem: try set(try pop(2, opcode), opcode)
    case .setItems: try set(try popMark(opcode), opcode)
    case .binPut: try store(Int(try number(1)), opcode)
    case .longBinPut: try store(Int(try number(4)), opcode)
    case .memoize: try store(memo.count, opcode)
    case .binGet: try recall(Int(try number(1)))
    case .longBinGet: try recall(Int(try number(4)))
    case .global: try global(module: try line(), name: try line())
    case .stackGlobal:
      let names = try pop(2, opcode)
      guard case .text(let module) = names[0], case .text(let name) = names[1] else {
        throw .operand(
          opcode: opcode.description, found: "\(names[0].summary) and \(names[1].summary)",
          needed: "a module's and a name's text", at: opcodePlace)
      }
      try global(module: string(module), name: string(name))
    case .reduce:
      let operands = try pop(2, opcode)
      try push(try call(operands[0], operands[1]))
    case .build: try build(opcode)
    case .binPersistentID: try push(try storage(try pop(opcode)))
    case .stop: break
    }
  }

  // MARK: Reading

  private mutating func next(_ count: Int) throws(PickleProblem) -> Slice<UnsafeRawBufferPointer> {
    guard count <= bytes.count - place else { throw .cutOff(at: bytes.count) }
    defer { place += count }
    return bytes[place..<(place + count)]
  }

  /// Little-endian.
  private mutating func number(_ width: Int) throws(PickleProblem) -> UInt64 {
    var value: UInt64 = 0
    for (index, byte) in try next(width).enumerated() { value |= UInt64(byte) << (8 * index) }
    return value
  }

  private mutating func range(_ count: UInt64) throws(PickleProblem) -> Range<Int> {
    guard count <= UInt64(bytes.count - place) else { throw .cutOff(at: bytes.count) }
    defer { place += Int(count) }
    return place..<(place + Int(count))
  }

  private mutating func text(_ count: UInt64) throws(PickleProblem) {
    let range = try range(count)
    guard String(validating: bytes[range], as: UTF8.self) != nil else {
      throw .notText(at: opcodePlace)
    }
    try push(.text(range))
  }

  private mutating func line() throws(PickleProblem) -> String {
    // Names of modules are short; a search through the whole file for each line would be slow.
    let limit = min(bytes.count, place + 256)
    guard let end = bytes[place..<limit].firstIndex(of: 0x0A) else {
      throw limit == bytes.count ? .cutOff(at: bytes.count) : .notText(at: opcodePlace)
    }
    defer { place = end + 1 }
    guard let text = String(validating: bytes[place..<end], as: UTF8.self) else {
      throw .notText(at: opcodePlace)
    }
    return text
  }

  private mutating func long(_ count: Int) throws(PickleProblem) {
    let range = try range(UInt64(count))
    guard count <= 8 else { return try push(.bigInteger(range)) }
    var value: UInt64 = 0
    for (index, byte) in bytes[range].enumerated() { value |= UInt64(byte) << (8 * index) }
    let unused = 64 - 8 * count
    try push(.integer(count == 0 ? 0 : Int(Int64(bitPattern: value << unused) >> unused)))
  }

  /// Whether the text in `range` is `other`, without a copy of a text that may have megabytes.
  func text(_ range: Range<Int>, is other: String) -> Bool {
    range.count == other.utf8.count && bytes[range].elementsEqual(other.utf8)
  }

  func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  // MARK: The stack

  mutating func count(_ values: Int = 1) throws(PickleProblem) {
    valueCount += values
    guard valueCount <= Self.maximumValues else { throw .tooManyValues(limit: Self.maximumValues) }
  }

  private mutating func push(_ value: PickleValue) throws(PickleProblem) {
    try count()
    stack.append(value)
  }

  private func top(_ opcode: PickleOpcode) throws(PickleProblem) -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.last else {
      throw .stack(opcode: opcode.description, at: opcodePlace)
    }
    return value
  }

  private mutating func pop(_ opcode: PickleOpcode) throws(PickleProblem) -> PickleValue {
    let value = try top(opcode)
    stack.removeLast()
    return value
  }

  private mutating func pop(_ count: Int, _ opcode: PickleOpcode) throws(PickleProblem)
    -> [PickleValue]
  {
    guard stack.count - (marks.last ?? 0) >= count else {
      throw .stack(opcode: opcode.description, at: opcodePlace)
    }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popMark(_ opcode: PickleOpcode) throws(PickleProblem) -> [PickleValue] {
    guard let mark = marks.popLast() else {
      throw .stack(opcode: opcode.description, at: opcodePlace)
    }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }

  private mutating func pushTuple(_ values: [PickleValue]) throws(PickleProblem) {
    tuples.append(values)
    try push(.tuple(tuples.count - 1))
  }

  mutating func pushDictionary() throws(PickleProblem) {
    try push(makeDictionary())
  }

  mutating func makeDictionary() -> PickleValue {
    dictionaries.append([])
    return .dictionary(dictionaries.count - 1)
  }

  private mutating func append(
    _ values: [PickleValue], _ opcode: PickleOpcode
  ) throws(PickleProblem) {
    guard case .list(let list) = try top(opcode) else {
      throw try unexpected(opcode, needed: "a list")
    }
    lists[list] += values
  }

  private mutating func set(_ values: [PickleValue], _ opcode: PickleOpcode) throws(PickleProblem) {
    guard case .dictionary(let dictionary) = try top(opcode), values.count.isMultiple(of: 2) else {
      throw try unexpected(opcode, needed: "a dictionary and pairs")
    }
    for index in stride(from: 0, to: values.count, by: 2) {
      dictionaries[dictionary].append((values[index], values[index + 1]))
    }
  }

  private func unexpected(
    _ opcode: PickleOpcode, needed: String
  ) throws(PickleProblem) -> PickleProblem {
    .operand(
      opcode: opcode.description, found: try top(opcode).summary, needed: needed, at: opcodePlace)
  }

  // MARK: The memo

  private mutating func store(_ index: Int, _ opcode: PickleOpcode) throws(PickleProblem) {
    try count()
    memo[index] = try top(opcode)
  }

  private mutating func recall(_ index: Int) throws(PickleProblem) {
    guard let value = memo[index] else { throw .memo(index: index, at: opcodePlace) }
    try push(value)
  }

  // MARK: Objects

  private mutating func global(module: String, name: String) throws(PickleProblem) {
    guard let global = AllowedGlobal(module: module, name: name) else {
      throw .forbidden(global: "\(module).\(name)", at: opcodePlace)
    }
    try push(.global(global))
  }

  /// Attributes of an object; only dictionaries have any (`_metadata`), and these have no meaning for
  /// tensors.
  private mutating func build(_ opcode: PickleOpcode) throws(PickleProblem) {
    _ = try pop(opcode)
    guard case .dictionary = try top(opcode) else {
      throw try unexpected(opcode, needed: "a dictionary")
    }
  }
}
