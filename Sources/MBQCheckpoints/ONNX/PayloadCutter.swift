import Foundation

/// Takes the tensors' values out of an ONNX file, so that decoding the rest copies none of them.
///
/// SwiftProtobuf copies every `bytes` field. This type walks the messages on the way to tensors by hand
/// (model, graph, node, attribute, tensor). The result is a model of the same form with two changes: a place
/// in the file replaces the payload of each tensor, and fields outside Formats/onnx/onnx.proto are left out.
/// Deeper messages, such as the bodies of loops, are among these fields, so this walk of five levels is the
/// only recursion.
struct PayloadCutter {
  /// Of a model without its values.
  ///
  /// An export of MobileBERT has 0.6 MB, with the stack traces that `dynamo=True` puts at each node 5.5 MB.
  static let maximumBytes = 64 << 20
  /// Decoded, a field of two bytes can become an object of some hundred.
  ///
  /// An export of MobileBERT has some 30,000.
  static let maximumFields = 1 << 20

  private let file: UnsafeRawBufferPointer
  private var keptBytes = 0
  private var fieldCount = 0

  /// A model that `ONNXModelProto` decodes; its payloads are for `place(_:)`.
  static func cut(_ file: UnsafeRawBufferPointer) throws(ONNXProblem) -> [UInt8] {
    var cutter = PayloadCutter(file: file)
    return try cutter.message(.model, 0..<file.count)
  }

  private init(file: UnsafeRawBufferPointer) { self.file = file }

  private mutating func message(
    _ level: Level, _ range: Range<Int>
  ) throws(ONNXProblem) -> [UInt8] {
    var reader = WireReader(file, range)
    var output: [UInt8] = []
    var seen: UInt64 = 0
    while !reader.isAtEnd {
      let start = reader.position
      let tag = try reader.tag()
      let contents = try reader.contents(tag)
      fieldCount += 1
      guard fieldCount <= Self.maximumFields else { throw .tooManyFields }
      guard let use = level.use(of: tag.field) else { continue }
      if case .keep = use {
        try count(reader.position - start)
        output.append(contentsOf: file[start..<reader.position])
        continue
      }
      guard tag.type == .bytes else {
        throw .damaged(
          at: start, "\(use.name) is of wire type \(tag.type.rawValue), allowed: 2")
      }
      if use.isSingle {
        // A decoder would merge the two, or take the last; another tool might take the first.
        guard seen & (1 << tag.field) == 0 else { throw .twice(use.name, at: start) }
        seen |= 1 << tag.field
      }
      let inner: [UInt8]
      if case .message(let level, _, _) = use {
        inner = try message(level, contents)
      } else {
        inner = Self.bytes(of: contents)
      }
      try count(4)
      append(tag.field << 3 | WireReader.WireType.bytes.rawValue, to: &output)
      append(UInt64(inner.count), to: &output)
      output += inner
    }
    return output
  }

  private mutating func count(_ bytes: Int) throws(ONNXProblem) {
    keptBytes += bytes
    guard keptBytes <= Self.maximumBytes else { throw .tooMuchText }
  }

  private func append(_ varint: UInt64, to output: inout [UInt8]) {
    var rest = varint
    while rest >= 0x80 {
      output.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    output.append(UInt8(rest))
  }

  // MARK: Places

  private static func bytes(of place: Range<Int>) -> [UInt8] {
    [place.lowerBound, place.upperBound].flatMap { number in
      withUnsafeBytes(of: Int64(number).littleEndian, Array.init)
    }
  }

  /// The place of a payload, from the bytes that replace it.
  static func place(_ payload: Data) -> Range<Int> {
    payload.withUnsafeBytes { bytes in
      precondition(bytes.count == 16, "a payload that was not cut out")
      let start = Int64(littleEndian: bytes.loadUnaligned(as: Int64.self))
      let end = Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: Int64.self))
      return Int(start)..<Int(end)
    }
  }
}

extension PayloadCutter {
  /// A message on the way to the tensors.
  fileprivate enum Level {
    case model
    case graph
    case node
    case attribute
    case tensor

    /// The handling of a field; nil if it is left out.
    func use(of field: UInt64) -> Use? {
      switch (self, field) {
      case (.model, 8): .keep
      case (.model, 7): .message(.graph, "the model's graph", isSingle: true)
      case (.graph, 1): .message(.node, "a node", isSingle: false)
      case (.graph, 5): .message(.tensor, "an initializer", isSingle: false)
      case (.graph, 15): .keep
      case (.node, 1), (.node, 2), (.node, 3), (.node, 4), (.node, 7), (.node, 9): .keep
      case (.node, 5): .message(.attribute, "an attribute", isSingle: false)
      case (.attribute, 1), (.attribute, 2), (.attribute, 3), (.attribute, 8): .keep
      case (.attribute, 5): .message(.tensor, "an attribute's tensor", isSingle: true)
      case (.tensor, 1), (.tensor, 2), (.tensor, 3), (.tensor, 5), (.tensor, 8), (.tensor, 13),
        (.tensor, 14):
        .keep
      case (.tensor, 4): .payload("a tensor's float_data")
      case (.tensor, 9): .payload("a tensor's raw_data")
      case (.tensor, 10): .payload("a tensor's double_data")
      default: nil
      }
    }
  }

  fileprivate enum Use {
    case keep
    case message(Level, String, isSingle: Bool)
    case payload(String)

    var name: String {
      switch self {
      case .keep: ""
      case .message(_, let name, _), .payload(let name): name
      }
    }

    var isSingle: Bool {
      switch self {
      case .keep: false
      case .message(_, _, let isSingle): isSingle
      case .payload: true
      }
    }
  }
}
