import Foundation
import MBQCore
import MBQTestSupport
import Testing

@testable import MBQCheckpoints

/// What only this format has; its golden files are read with every reader's, in ReaderTests.
@Suite("Safetensors files")
struct SafetensorsTests {
  private static let golden = "Formats/safetensors/golden"

  private static func names(_ kind: String) -> [String] {
    let folder = Repository.path("\(golden)/\(kind)")
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.filter { $0.hasSuffix(".safetensors") }.map { String($0.dropLast(12)) }.sorted()
  }

  private static func bytes(_ name: String) throws -> [UInt8] {
    try Array(
      Data(contentsOf: URL(fileURLWithPath: Repository.path("\(golden)/\(name).safetensors"))))
  }

  private static func header(_ bytes: [UInt8], _ name: String = "x") throws(SafetensorsError)
    -> SafetensorsHeader
  {
    let result: Result<SafetensorsHeader, SafetensorsError> = bytes.withUnsafeBytes { buffer in
      do throws(SafetensorsError) {
        return .success(
          try SafetensorsHeader(validating: buffer, path: "\(name).safetensors"))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  @Test("the golden files are there")
  func present() {
    #expect(Self.names("good").count >= 12)
    #expect(Self.names("bad").count >= 35)
  }

  @Test("metadata is read")
  func metadata() throws {
    let header = try Self.header(Self.bytes("good/metadata"))
    let found = Dictionary(uniqueKeysWithValues: header.metadata)
    #expect(found == ["format": "pt", "π": "\"\\\n"])
  }

  @Test("every prefix of every good file is refused", arguments: names("good"))
  func prefixes(_ name: String) throws {
    let bytes = try Self.bytes("good/\(name)")
    for end in bytes.indices {
      #expect(throws: SafetensorsError.self) { try Self.header(Array(bytes[..<end])) }
    }
  }

  @Test("a file with any byte changed to anything is read or refused, and never reaches outside")
  func mutations() throws {
    let bytes = try Self.bytes("good/unaligned")
    for place in bytes.indices {
      for value in UInt8.min...UInt8.max {
        var changed = bytes
        changed[place] = value
        guard let header = try? Self.header(changed) else { continue }
        var end: Int?
        for entry in header.entries {
          #expect(end == nil || end == entry.range.lowerBound)
          end = entry.range.upperBound
        }
        #expect(end == nil || end == changed.count)
      }
    }
  }

  @Test("what the writer writes is read back, at multiples of 8 bytes")
  func writer() throws {
    let tensors: [SafetensorsWriter.Tensor] = [
      .init("a \"quoted\"\\\n\u{1}é", [2, 2], [1, -2, .infinity, 0.5]),
      .init("half", .float16, [3], bytes: [0, 0x3C, 0, 0xC0, 1, 0]),
      .init("none", [0, 7], []),
      .init("scalar", .bfloat16, [], bytes: [0x80, 0x3F]),
    ]
    let folder = try TemporaryFolder()
    let writer = SafetensorsWriter(tensors, metadata: [("format", "pt")])
    try writer.write(to: folder.path("x.safetensors"))
    #expect(try folder.read("x.safetensors") == writer.bytes)
    let source = try SourceFile(path: folder.path("x.safetensors"))
    let read = try SafetensorsReader.read(source).tensors
    #expect(read.map(\.name) == tensors.map(\.name))
    #expect(read.map(\.shape) == tensors.map(\.shape))
    #expect(read.map { Array(source.bytes[$0.range]) } == tensors.map(\.bytes))
    #expect(writer.header.count % 8 == 0)
    #expect(TensorView(read[0])?.floats() == [1, -2, .infinity, 0.5])
    #expect(TensorView(read[1])?.floats() == [1, -2, 0x1p-24])
    #expect(TensorView(read[2])?.floats() == [])
    #expect(TensorView(read[3])?.floats() == [1])
  }

  @Test("all 65,536 halves and bfloat16s widen as the plain conversion does")
  func widening() throws {
    for bits in UInt16.min...UInt16.max {
      let expected = float(fromHalf: bits)
      #expect(floatWithoutBranches(fromHalf: bits).bitPattern == expected.bitPattern)
    }
    let all = (UInt16.min...UInt16.max).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    let folder = try TemporaryFolder()
    try SafetensorsWriter([.init("b", .bfloat16, [256, 256], bytes: all)])
      .write(to: folder.path("x"))
    let read = try SafetensorsReader.read(SourceFile(path: folder.path("x"))).tensors
    let floats = try #require(TensorView(read[0])).floats()
    let expected = (UInt16.min...UInt16.max).map { UInt32($0) << 16 }
    #expect(floats.map(\.bitPattern) == expected)
  }

  @Test("an aligned F32 tensor is used in place, another is copied")
  func inPlace() throws {
    for (name, isInPlace) in [("f32", true), ("unaligned", false)] {
      let path = Repository.path("\(Self.golden)/good/\(name).safetensors")
      let stored = try SafetensorsReader.read(SourceFile(path: path)).tensors
      let tensor = try #require(TensorView(stored[0]))
      let start = tensor.withFloats { UnsafeRawPointer($0.baseAddress) }
      #expect((start == tensor.plainBytes?.baseAddress) == isInPlace)
    }
  }

  @Test("the specification lists the types that are known")
  func specification() throws {
    let rows = try lines("Formats/safetensors/safetensors.md").filter { $0.hasPrefix("| `") }
    let types = rows.compactMap { row -> String? in
      let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 3, let width = Int(cells[1]) else { return nil }
      return "\(cells[0].replacingOccurrences(of: "`", with: "")) \(width) \(cells[2])"
    }
    #expect(
      types
        == ElementType.allCases.map {
          "\($0.rawValue) \($0.bitWidth) \($0.isWeight ? "yes" : "no")"
        })
  }
}
