public import MBQCore

/// Writes safetensors files (Formats/safetensors/safetensors.md), the data aligned to 8 bytes.
public struct SafetensorsWriter: Sendable {
  public struct Tensor: Sendable {
    public var name: String
    public var elementType: ElementType
    public var shape: [Int]
    /// Little-endian, row by row.
    public var bytes: [UInt8]

    /// - Precondition: `bytes` is as long as `elementType` and `shape` say.
    public init(_ name: String, _ elementType: ElementType, _ shape: [Int], bytes: [UInt8]) {
      guard case .success(bytes.count) = elementType.byteCount(of: shape) else {
        preconditionFailure("\(bytes.count) bytes for \(shape) of \(elementType.rawValue)")
      }
      self.name = name
      self.elementType = elementType
      self.shape = shape
      self.bytes = bytes
    }

    /// An F32 tensor.
    public init(_ name: String, _ shape: [Int], _ values: [Float]) {
      self.init(name, .float32, shape, bytes: values.withUnsafeBytes(Array.init))
    }
  }

  public var tensors: [Tensor]
  public var metadata: [(key: String, value: String)]

  /// - Precondition: no two tensors, and no two keys of `metadata`, have the same name, and no tensor
  ///   is called `__metadata__`.
  public init(_ tensors: [Tensor], metadata: [(key: String, value: String)] = []) {
    let names = Set(tensors.map { ExactString($0.name) })
    precondition(names.count == tensors.count, "two tensors have one name")
    precondition(!names.contains(ExactString("__metadata__")), "a tensor is called __metadata__")
    self.tensors = tensors
    self.metadata = metadata
  }

  /// The length and the header, up to the first tensor's bytes.
  public var header: [UInt8] {
    Self.header(
      tensors.map { ($0.name, $0.elementType, $0.shape, $0.bytes.count) }, metadata: metadata)
  }

  /// The same for tensors whose bytes are not at hand yet.
  static func header(
    _ tensors: [(name: String, elementType: ElementType, shape: [Int], byteCount: Int)],
    metadata: [(key: String, value: String)]
  ) -> [UInt8] {
    var parts: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.map { "\(jsonQuoted($0.key)):\(jsonQuoted($0.value))" }
      parts.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    var offset = 0
    for tensor in tensors {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      parts.append(
        "\(jsonQuoted(tensor.name)):{\"dtype\":\"\(tensor.elementType.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(offset),\(offset + tensor.byteCount)]}")
      offset += tensor.byteCount
    }
    var text = Array("{\(parts.joined(separator: ","))}".utf8)
    text += Array(repeating: 0x20, count: roundUp(text.count, to: 8) - text.count)
    return withUnsafeBytes(of: UInt64(text.count).littleEndian, Array.init) + text
  }

  /// The whole file.
  public var bytes: [UInt8] { tensors.reduce(into: header) { $0 += $1.bytes } }

  /// Writes the file whole or not at all.
  public func write(to path: String) throws(FileError) {
    let bytes = bytes
    let result: Result<Void, FileError> = bytes.withUnsafeBytes { buffer in
      do throws(FileError) {
        return .success(try AtomicFile.write([buffer], to: path))
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }
}
