import Foundation
import MBQTestSupport
import Testing

@testable import MBQCheckpoints

@Suite("Every checkpoint reader")
struct ReaderTests {
  static let names = CheckpointReaders.all.map { $0.name }
  /// Formats whose files start with nothing particular; the path tells.
  static let unmarked: Set = ["tensorflow"]

  private func golden(_ name: String, _ kind: String) throws -> [String] {
    let folder = Repository.path("Formats/\(name)/golden/\(kind)")
    return try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { !$0.hasSuffix(".txt") }.map { "\(folder)/\($0)" }
  }

  @Test("names and file names are unique")
  func unique() {
    let files = CheckpointReaders.all.flatMap { $0.fileNames }
    #expect(Set(Self.names).count == Self.names.count)
    #expect(Set(files).count == files.count)
    #expect(!files.contains { name in UnreadFormats.all.contains { $0.fileNames.contains(name) } })
  }

  @Test("recognizes its golden files, the good ones by their bytes alone", arguments: names)
  func recognizes(_ name: String) throws {
    guard let reader = CheckpointReaders.all.first(where: { $0.name == name }) else { return }
    for path in try golden(name, "good") {
      let source = try SourceFile(path: path)
      let first = UnsafeRawBufferPointer(rebasing: source.bytes.prefix(16))
      let shown = Self.unmarked.contains(name) ? path : "x"
      let isRecognized = reader.recognizes(path: shown, firstBytes: first)
      #expect(isRecognized, "\(path)")
    }
    for path in try golden(name, "bad") {
      let isRecognized = reader.recognizes(path: path, firstBytes: .init(start: nil, count: 0))
      #expect(isRecognized, "\(path)")
    }
  }

  @Test("reads or refuses every prefix of a file", arguments: names)
  func prefixes(_ name: String) throws {
    guard let reader = CheckpointReaders.all.first(where: { $0.name == name }) else { return }
    let folder = try TemporaryFolder()
    let path = try #require(try golden(name, "good").filter(reader.hasExtension).min())
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    _ = try reader.read(SourceFile(path: path))
    for end in bytes.indices {
      try folder.write("prefix", Array(bytes[..<end]))
      let found = message { try reader.read(SourceFile(path: folder.path("prefix"))) }
      #expect(found.hasPrefix("'\(folder.path("prefix"))' "))
    }
  }
}
