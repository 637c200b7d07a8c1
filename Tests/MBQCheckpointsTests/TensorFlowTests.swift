import Foundation
import MBQCore
import MBQTestSupport
import Testing

@testable import MBQCheckpoints

@Suite("TensorFlow checkpoints")
struct TensorFlowTests {
  private static let golden = "Formats/tensorflow/golden"

  private static func names(_ kind: String) -> [String] {
    let folder = Repository.path("\(golden)/\(kind)")
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return files.filter { $0.hasSuffix(".index") }.map { String($0.dropLast(6)) }.sorted()
  }

  private static func read(_ path: String) throws -> StoredWeights {
    try TensorFlowReader.read(SourceFile(path: path))
  }

  @Test("the golden files are there")
  func present() {
    #expect(Self.names("good").count >= 13)
    #expect(Self.names("bad").count >= 75)
  }

  @Test("all files of values are among those that were read")
  func files() throws {
    let folder = Repository.path("\(Self.golden)/good")
    let weights = try Self.read("\(folder)/sharded.index")
    let shards = (0..<3).map { "sharded.data-0000\($0)-of-00003" }
    #expect(weights.files.map(\.path) == (["sharded.index"] + shards).map { "\(folder)/\($0)" })
    #expect(
      weights.tensors.allSatisfy { tensor in weights.files.contains { $0 === tensor.source } })
  }

  @Test("a file of values is told to name the index")
  func dataFile() {
    let folder = Repository.path("\(Self.golden)/good")
    let path = "\(folder)/sharded.data-00001-of-00003"
    #expect(
      message { try Self.read(path) }
        == "'\(path)' holds values of a TensorFlow checkpoint; name its index instead,"
        + " '\(folder)/sharded.index'")
    for other in ["x.data-1-of-2", "data-00000-of-00001", "x.data-00000-of-000a1", "x.data-00000"] {
      let isRecognized = TensorFlowReader.recognizes(
        path: other, firstBytes: .init(start: nil, count: 0))
      #expect(!isRecognized)
    }
  }

  @Test("a checkpoint is found by the beginning of its files' names, and in a folder by its ending")
  func naming() throws {
    let folder = try TemporaryFolder()
    let good = Repository.path("\(Self.golden)/good/a")
    for end in ["index", "data-00000-of-00001"] {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(good).\(end)"))
      try folder.write("model.ckpt-7.\(end)", Array(bytes))
    }
    for path in [folder.path, folder.path("model.ckpt-7"), folder.path("model.ckpt-7.index")] {
      let (reader, source) = try CheckpointFolder(path: path).weights()
      #expect(reader.name == "tensorflow")
      #expect(source.path == folder.path("model.ckpt-7.index"))
    }
  }

  @Test(
    "an index with any byte changed to anything is read or refused, and never reaches outside",
    arguments: [false, true])
  func mutations(withChecksums: Bool) throws {
    let folder = try TemporaryFolder()
    let good = Repository.path("\(Self.golden)/good/a")
    let index = Array(try Data(contentsOf: URL(fileURLWithPath: good + ".index")))
    let values = Array(
      try Data(contentsOf: URL(fileURLWithPath: good + ".data-00000-of-00001")))
    try folder.write("a.data-00000-of-00001", values)
    for place in index.indices {
      for value in UInt8.min...UInt8.max {
        var changed = index
        changed[place] = value
        if withChecksums { Self.correctChecksums(&changed) }
        let source = SourceFile(path: folder.path("a.index"), memory: OwnedBytes(changed))
        guard let weights = try? TensorFlowReader.read(source) else { continue }
        for tensor in weights.tensors {
          let isInside =
            tensor.range.upperBound <= tensor.source.bytes.count
            && tensor.range.count == tensor.byteCount
          #expect(isInside)
        }
      }
    }
  }

  /// Makes the checksums of the blocks right where the footer still says where they are, so that what
  /// follows the checksums is reached.
  private static func correctChecksums(_ file: inout [UInt8]) {
    let handles = file.withUnsafeBytes { buffer -> [BlockHandle] in
      var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: buffer.suffix(48)))
      let found = [0, 1].compactMap { _ in BlockHandle(&cursor, kind: "") }
      // `a` has one block of entries, up to the metaindex.
      var first = found.first
      let end = first?.offset ?? 0
      first?.size = end - BlockHandle.trailerBytes
      first?.offset = 0
      return found + [first].compactMap { $0 }
    }
    for handle in handles {
      guard let end = handle.end, end <= file.count, handle.size >= 0 else { continue }
      let computed = file.withUnsafeBytes {
        CRC32C.masked(
          CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[handle.offset..<end - 4])))
      }
      withUnsafeBytes(of: computed.littleEndian) {
        file.replaceSubrange(end - 4..<end, with: $0)
      }
    }
  }

  @Test("any change of a value is found")
  func changedValues() throws {
    let folder = try TemporaryFolder()
    let good = Repository.path("\(Self.golden)/good/a")
    let data = "a.data-00000-of-00001"
    let index = Array(try Data(contentsOf: URL(fileURLWithPath: good + ".index")))
    try folder.write("a.index", index)
    let values = Array(
      try Data(contentsOf: URL(fileURLWithPath: good + ".data-00000-of-00001")))
    for place in values.indices {
      for bit in 0..<8 {
        var changed = values
        changed[place] ^= 1 << bit
        try folder.write(data, changed)
        let found = message { try Self.read(folder.path("a.index")) }
        #expect(found.hasPrefix("'\(folder.path(data))' is damaged in tensor 'w': its CRC-32C is "))
      }
    }
    for end in values.indices {
      try folder.write(data, Array(values[..<end]))
      let found = message { try Self.read(folder.path("a.index")) }
      #expect(found.hasPrefix("'\(folder.path(data))' is cut off: tensor 'w' needs bytes 0 to 8"))
    }
    try folder.write(data, values + [1, 2, 3])
    #expect(try Self.read(folder.path("a.index")).tensors.count == 1)
  }

  @Test("the specification lists the types that are known")
  func specification() throws {
    let rows = try lines("Formats/tensorflow/tensorflow.md").filter { $0.hasPrefix("| ") }
    let types = rows.compactMap { row -> String? in
      let cells = row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 3, let number = Int(cells[0]) else { return nil }
      return "\(number) \(cells[2])"
    }
    #expect(
      types
        == TensorFlowType.allCases.map {
          "\($0.rawValue) \($0.elementType.map { "`\($0.rawValue)`" } ?? "left out")"
        })
  }
}
