import Foundation
import MBQTestSupport
import Testing

@testable import MBQCheckpoints

@Suite("ONNX files")
struct ONNXTests {
  private static let good = Repository.path("Formats/onnx/golden/good")

  private static func bytes(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: "\(good)/\(name).onnx")))
  }

  /// A field with bytes: its tag, a length of up to 2^28, and them.
  private static func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] {
    let length = bytes.count
    return [number << 3 | 2] + [0, 7, 14].map { UInt8(length >> $0 & 0x7F) | 0x80 }
      + [UInt8(length >> 21)] + bytes
  }

  private static let operators: [UInt8] = [0x42, 2, 0x10, 17]

  private static func cut(_ bytes: [UInt8]) throws(ONNXProblem) -> [UInt8] {
    let result: Result<[UInt8], ONNXProblem> = bytes.withUnsafeBytes { buffer in
      do throws(ONNXProblem) {
        return .success(try PayloadCutter.cut(buffer))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private static func message(_ bytes: [UInt8]) -> String {
    do throws(ONNXProblem) {
      _ = try cut(bytes)
      return "no error"
    } catch {
      return error.text
    }
  }

  @Test("values stay where they are: only numbers stored one by one are copied")
  func inPlace() throws {
    let source = try SourceFile(path: "\(Self.good)/types.onnx")
    for tensor in try ONNXReader.read(source).tensors {
      let isCopied = ["half.typed", "bfloat.typed"].contains(tensor.name)
      #expect((tensor.source === source) == !isCopied, "\(tensor.name)")
    }
    let model = try SourceFile(path: "\(Self.good)/mobilebert-old.onnx")
    let weights = try ONNXReader.read(model)
    #expect(weights.tensors.allSatisfy { $0.source === model })
    #expect(weights.tensors.contains { $0.strides != nil })
    #expect(weights.files.count == 1)
  }

  @Test("what is decoded has no values in it, however many there are")
  func cut() throws {
    // 2^22 floats in one tensor 'w'.
    let values = [UInt8](repeating: 0x7F, count: 1 << 24)
    let sizes: [UInt8] = [0x08, 0x80, 0x80, 0x80, 0x02]
    let tensor = sizes + [0x10, 1, 0x42, 1, UInt8(ascii: "w")] + Self.field(9, values)
    let file = Self.field(7, Self.field(5, tensor)) + Self.operators
    let left = try Self.cut(file)
    #expect(left.count < 64)
    let graph = try file.withUnsafeBytes { try ONNXGraph.decode($0) }
    let payload = try #require(graph.initializer.first).rawData
    let place = PayloadCutter.place(payload)
    #expect(Array(file[place]) == values)
  }

  @Test("a file of another kind of content than weights is refused before it is decoded")
  func limits() {
    let fields = Array(
      [[UInt8]](repeating: [0x0A, 0], count: PayloadCutter.maximumFields).joined())
    #expect(
      Self.message(Self.field(7, fields))
        == "has more than 1048576 fields; it is no export of a text classifier, or damaged")
    let name = Self.field(3, [UInt8](repeating: 0x61, count: PayloadCutter.maximumBytes + 1))
    #expect(
      Self.message(Self.field(7, Self.field(1, name)))
        == "has more than 67108864 bytes that are not tensors' values; it is no export of a text"
        + " classifier, or damaged")
  }

  @Test("bodies of loops are left out, and so is what a reader does not know")
  func bodies() throws {
    #expect(try Self.cut(Self.bytes("deep-bodies")).count < 12_000)
    let graph = try Self.bytes("mobilebert-new").withUnsafeBytes { try ONNXGraph.decode($0) }
    #expect(graph.node.count > 50)
  }

  @Test("a thousand names for one tensor are names for the same bytes")
  func aliases() throws {
    var graph = Self.field(
      5, [0x08, 1, 0x10, 1, 0x42, 8] + Array("0.weight".utf8) + Self.field(9, [0, 0, 0x80, 0x3F]))
    for index in 1...1000 {
      let input = Self.field(1, Array("\(index - 1).weight".utf8))
      let output = Self.field(2, Array("\(index).weight".utf8))
      graph += Self.field(1, input + output + Self.field(4, Array("Identity".utf8)))
    }
    let folder = try TemporaryFolder()
    try folder.write("x.onnx", Self.field(7, graph) + Self.operators)
    let tensors = try ONNXReader.read(SourceFile(path: folder.path("x.onnx"))).tensors
    #expect(tensors.count == 1001)
    #expect(Set(tensors.map(\.range)).count == 1)
    #expect(tensors.allSatisfy { TensorView($0)?.floats() == [1] })
  }

  @Test(
    "every prefix of an export is refused; any byte of it may be anything",
    arguments: ["modules", "external"])
  func damage(_ name: String) throws {
    let bytes = try Self.bytes(name)
    let folder = try TemporaryFolder()
    try folder.write(
      "values.data", Array(Data(contentsOf: URL(fileURLWithPath: "\(Self.good)/values.data"))))
    let path = folder.path("x.onnx")
    for end in bytes.indices {
      try folder.write("x.onnx", Array(bytes[..<end]))
      #expect(throws: CheckpointError.self) { try ONNXReader.read(SourceFile(path: path)) }
    }
    for place in bytes.indices {
      for value in Set([0, 0x7F, 0xFF, bytes[place] ^ 1, bytes[place] &+ 1, bytes[place] ^ 0x10]) {
        var changed = bytes
        changed[place] = value
        try folder.write("x.onnx", changed)
        guard let weights = try? ONNXReader.read(SourceFile(path: path)) else { continue }
        #expect(Set(weights.tensors.map { ExactString($0.name) }).count == weights.tensors.count)
        for tensor in weights.tensors {
          let inside = tensor.range.clamped(to: 0..<tensor.source.byteCount) == tensor.range
          #expect(inside && tensor.byteCount == tensor.range.count)
        }
      }
    }
  }

  @Test("the specification lists the types and the operators that are known")
  func specification() throws {
    let rows = try lines("Formats/onnx/onnx.md").filter { $0.hasPrefix("| ") }.map { row in
      row.split(separator: "|").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
    }
    let types = rows.compactMap { cells -> String? in
      guard cells.count == 3, let number = Int32(cells[0]) else { return nil }
      return "\(number) \(cells[1])"
    }
    let known = ONNXType.known.compactMap { number in
      ONNXType.elementType(Int32(number)).map { "\(number) \($0.rawValue)" }
    }
    #expect(types == known)
    let text = try lines("Formats/onnx/onnx.md").joined(separator: "\n")
    for name in UnreadOperators.quantized { #expect(text.contains("`\(name)`"), "\(name)") }
  }
}
