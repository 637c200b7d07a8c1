/// The header of one .npy array (NumPy's format 1.0 to 3.0): magic, version, and a Python dictionary
/// with the keys descr, fortran_order and shape, which is parsed, not evaluated.
struct NumPyHeader {
  var elementType: ElementType
  var isBigEndian: Bool
  /// The first dimension changes fastest.
  var isFortranOrder: Bool
  var shape: [Int]
  /// Where the values start.
  var byteCount: Int

  static let maximumBytes = 1 << 16
  /// Of NumPy 2.
  static let maximumRank = 64

  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// `bytes` is the start of the array, at least as far as its header goes.
  init(_ bytes: UnsafeRawBufferPointer) throws(NumPyProblem.Header) {
    guard bytes.count >= 10, bytes.starts(with: Self.magic) else { throw .magic }
    let isLong = bytes[6] > 1
    guard (1...3).contains(bytes[6]), bytes[7] == 0 else {
      throw .version(bytes[6], bytes[7])
    }
    let start = isLong ? 12 : 10
    guard bytes.count >= start else { throw .cutOff }
    let length =
      isLong
      ? Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)))
      : Int(UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self)))
    guard length <= Self.maximumBytes else { throw .tooLong(length) }
    guard bytes.count - start >= length else { throw .cutOff }
    byteCount = start + length
    guard let text = String(validating: bytes[start..<byteCount], as: UTF8.self) else {
      throw .syntax("it is not UTF-8")
    }
    var parser = PythonLiteral(text)
    let value = try parser.dictionary()
    guard Set(value.map(\.key)) == ["descr", "fortran_order", "shape"], value.count == 3 else {
      throw .syntax("its keys are \(listed(value.map { quoted($0.key) }))")
    }
    (elementType, isBigEndian) = (.float32, false)
    isFortranOrder = false
    shape = []
    for (key, item) in value {
      switch (key, item) {
      case ("descr", .text(let type)): (elementType, isBigEndian) = try Self.type(type)
      case ("descr", _): throw .type("a record")
      case ("fortran_order", .bool(let flag)): isFortranOrder = flag
      case ("shape", .tuple(let sizes)): shape = sizes
      default: throw .syntax("\(key) has no such value")
      }
    }
    guard shape.count <= Self.maximumRank else { throw .syntax("it has \(shape.count) dimensions") }
  }

  private static let types: [String: ElementType] = [
    "f4": .float32, "f2": .float16, "f8": .float64, "i8": .int64, "i4": .int32, "i2": .int16,
    "i1": .int8, "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool,
    "c8": .complex64,
  ]

  private static func type(
    _ text: String
  ) throws(NumPyProblem.Header) -> (ElementType, isBigEndian: Bool) {
    guard let order = text.first, "<>|=".contains(order),
      let type = types[String(text.dropFirst())]
    else {
      if text.dropFirst().first == "O" { throw .objects }
      throw .type(quoted(text))
    }
    return (type, order == ">")
  }
}

/// The few forms of Python literals that a .npy header holds.
struct PythonLiteral {
  enum Value: Equatable {
    case text(String)
    case bool(Bool)
    case tuple([Int])
    case other
  }

  private var rest: Substring

  init(_ text: String) { rest = text[...] }

  private mutating func skipSpace() {
    rest = rest.drop { $0 == " " || $0 == "\n" || $0 == "\t" }
  }

  private mutating func take(_ text: String) -> Bool {
    skipSpace()
    guard rest.hasPrefix(text) else { return false }
    rest = rest.dropFirst(text.count)
    return true
  }

  private func refuse() -> NumPyProblem.Header {
    .syntax("it cannot be read at \(quoted(String(rest.prefix(24))))")
  }

  /// `{'key': value, …}` and nothing after it.
  mutating func dictionary() throws(NumPyProblem.Header) -> [(key: String, value: Value)] {
    guard take("{") else { throw refuse() }
    var members: [(key: String, value: Value)] = []
    while !take("}") {
      let key = try text()
      guard take(":") else { throw refuse() }
      members.append((key, try value()))
      guard members.count <= 8, take(",") || rest.hasPrefix("}") else { throw refuse() }
    }
    skipSpace()
    guard rest.isEmpty else { throw refuse() }
    return members
  }

  private mutating func text() throws(NumPyProblem.Header) -> String {
    skipSpace()
    guard let mark = rest.first, mark == "'" || mark == "\"" else { throw refuse() }
    rest = rest.dropFirst()
    let text = rest.prefix { $0 != mark && $0 != "\\" }
    rest = rest.dropFirst(text.count)
    guard rest.first == mark else { throw refuse() }
    rest = rest.dropFirst()
    return String(text)
  }

  private mutating func value() throws(NumPyProblem.Header) -> Value {
    if take("True") { return .bool(true) }
    if take("False") { return .bool(false) }
    if take("(") {
      var sizes: [Int] = []
      while !take(")") {
        skipSpace()
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        // Python 2 wrote long integers with an L.
        guard let size = Int(digits) else { throw refuse() }
        rest = rest.dropFirst(digits.count)
        _ = take("L")
        sizes.append(size)
        guard sizes.count <= 1024, take(",") || rest.hasPrefix(")") else { throw refuse() }
      }
      return .tuple(sizes)
    }
    skipSpace()
    // The fields of a record.
    if rest.hasPrefix("[") { throw .type("a record") }
    return .text(try text())
  }
}
