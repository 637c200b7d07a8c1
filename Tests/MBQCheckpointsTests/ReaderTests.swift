import Foundation
import MBQTestSupport
import Testing

@testable import MBQCheckpoints

@Suite("Every checkpoint reader")
struct ReaderTests {
  static let names = CheckpointReaders.all.map { $0.name }

  /// Golden files that are named by users: those with a text beside them.
  private static func golden(_ name: String, _ kind: String) throws -> [String] {
    let folder = Repository.path("Formats/\(name)/golden/\(kind)")
    return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
      // TensorFlow's files of values are beside an index, and not named themselves.
      .filter { !$0.hasSuffix(".txt") && !$0.contains(".data-") }.map { "\(folder)/\($0)" }
      .filter { FileManager.default.fileExists(atPath: text(beside: $0)) }
  }

  /// `model.txt` is beside `model.safetensors.index.json`.
  private static func text(beside path: String) -> String {
    let url = URL(fileURLWithPath: path)
    let name = url.lastPathComponent
    for end in [".index.json", ".index"] where name.hasSuffix(end) {
      let plain = url.deletingLastPathComponent().appendingPathComponent(
        String(name.dropLast(end.count)) + ".txt"
      ).path
      if FileManager.default.fileExists(atPath: plain) { return plain }
    }
    let first = name.split(separator: ".").first.map(String.init) ?? name
    let candidates = [url.deletingPathExtension().lastPathComponent, first]
    for candidate in candidates {
      let plain = url.deletingLastPathComponent().appendingPathComponent(candidate + ".txt").path
      if FileManager.default.fileExists(atPath: plain) { return plain }
    }
    return url.deletingPathExtension().path + ".txt"
  }

  private func reader(_ name: String) throws -> any CheckpointReader.Type {
    try #require(CheckpointReaders.all.first { $0.name == name })
  }

  /// As the scripts that made the files write tensors.
  private func listing(_ path: String, _ reader: any CheckpointReader.Type) throws -> [String] {
    try reader.read(SourceFile(path: path)).tensors.map { tensor in
      try tensor.source.prepare()
      let shape = tensor.shape.map(String.init).joined(separator: ", ")
      let values = TensorView(tensor)?.floats().map { value in
        let digits = String(value.bitPattern, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
      }
      let line = "\(tensor.name) \(tensor.elementType.rawValue) [\(shape)]"
      return ([line] + (values ?? [])).joined(separator: " ")
    }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  @Test("names and file names are unique")
  func unique() {
    let files = CheckpointReaders.all.flatMap { $0.fileNames }
    #expect(Set(Self.names).count == Self.names.count)
    #expect(Set(files).count == files.count)
    #expect(!files.contains { name in UnreadFormats.all.contains { $0.fileNames.contains(name) } })
  }

  @Test("the specification lists the files of a folder in the order in which they are looked for")
  func specification() throws {
    let rows = try lines("Formats/huggingface/huggingface.md")
    let start = try #require(rows.firstIndex(of: "| weights | format |"))
    let listed = rows[(start + 2)...].prefix { $0.hasPrefix("|") }.map { row in
      row.split(separator: "|")[0].trimmingCharacters(in: .whitespaces)
    }
    #expect(listed == CheckpointReaders.all.map { $0.fileNames.joined(separator: ", ") })
  }

  @Test("recognizes its golden files, the good ones by their bytes alone", arguments: names)
  func recognizes(_ name: String) throws {
    let reader = try reader(name)
    let good = try Self.golden(name, "good")
    #expect(!good.isEmpty)
    for path in good {
      let source = try SourceFile(path: path)
      let first = UnsafeRawBufferPointer(rebasing: source.bytes.prefix(512))
      let takers = CheckpointReaders.all.filter {
        $0.recognizes(path: reader.isKnownByBytes ? "x" : path, firstBytes: first)
      }
      #expect(takers.map { $0.name } == [name], "\(path)")
    }
    for path in try Self.golden(name, "bad") {
      let isRecognized = reader.recognizes(path: path, firstBytes: .init(start: nil, count: 0))
      #expect(isRecognized, "\(path)")
    }
  }

  @Test("good files hold what the scripts that made them find", arguments: names)
  func good(_ name: String) throws {
    let reader = try reader(name)
    for path in try Self.golden(name, "good") {
      let text = try String(contentsOfFile: Self.text(beside: path), encoding: .utf8)
      let expected = text.split(separator: "\n").map(String.init)
      let found = try listing(path, reader)
      #expect(found.map { Array($0.utf8) } == expected.map { Array($0.utf8) }, "\(path)")
    }
  }

  @Test("bad files are refused with the text beside them", arguments: names)
  func bad(_ name: String) throws {
    let reader = try reader(name)
    let bad = try Self.golden(name, "bad")
    #expect(bad.count >= 15)
    for path in bad {
      let text = try String(contentsOfFile: Self.text(beside: path), encoding: .utf8)
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path + "/"
      let found = message {
        for tensor in try reader.read(SourceFile(path: path)).tensors {
          try tensor.source.prepare()
        }
      }
      #expect(
        found.replacingOccurrences(of: folder, with: "") + "\n" == text,
        "\(URL(fileURLWithPath: path).lastPathComponent)")
    }
  }

  @Test("reads or refuses every prefix of a file", arguments: names)
  func prefixes(_ name: String) throws {
    let reader = try reader(name)
    let folder = try TemporaryFolder()
    let path = try #require(try Self.golden(name, "good").min { try size($0) < size($1) })
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    try copyCompanions(of: path, to: folder)
    _ = try reader.read(SourceFile(path: path))
    let file = URL(fileURLWithPath: path).lastPathComponent
    for end in bytes.indices {
      try folder.write(file, Array(bytes[..<end]))
      let found = message { try reader.read(SourceFile(path: folder.path(file))) }
      #expect(found.hasPrefix("'\(folder.path(file))' ") || found.hasPrefix("'\(folder.path)/"))
    }
  }

  private func size(_ path: String) throws -> Int {
    try #require(FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
  }

  /// The other golden files, which an index may name.
  private func copyCompanions(of path: String, to folder: TemporaryFolder) throws {
    let url = URL(fileURLWithPath: path)
    let here = url.deletingLastPathComponent()
    for name in try FileManager.default.contentsOfDirectory(atPath: here.path)
    where name != url.lastPathComponent && !name.hasSuffix(".txt") {
      try FileManager.default.copyItem(
        at: here.appendingPathComponent(name), to: folder.url.appendingPathComponent(name))
    }
  }

  /// Every byte of a small file is set to some values: the file is read, with every range inside its
  /// source and every value read, or refused.
  @Test("reads or refuses a file with any byte changed, and stays inside it", arguments: names)
  func mutations(_ name: String) throws {
    let reader = try reader(name)
    let folder = try TemporaryFolder()
    // The smallest with values.
    let path = try #require(
      try Self.golden(name, "good").filter {
        try listing($0, reader).contains { $0.contains("] ") }
      }
      .min { try size($0) < size($1) })
    try copyCompanions(of: path, to: folder)
    let file = URL(fileURLWithPath: path).lastPathComponent
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    var read = 0
    for place in bytes.indices {
      let old = bytes[place]
      for value in Set([0, 1, 0x7F, 0x80, 0xFF, old ^ 1, old ^ 0x80, old &+ 1, old &- 1]) {
        var changed = bytes
        changed[place] = value
        try folder.write(file, changed)
        guard let weights = try? reader.read(SourceFile(path: folder.path(file))) else { continue }
        for tensor in weights.tensors where (try? tensor.source.prepare()) != nil {
          let inside =
            tensor.range.lowerBound >= 0
            && tensor.range.upperBound <= tensor.source.bytes.count
          #expect(inside)
          // Large shapes over few bytes must have been refused.
          #expect(tensor.byteCount <= tensor.source.bytes.count)
          if inside { read += TensorView(tensor)?.floats().count ?? 0 }
        }
      }
    }
    #expect(read > 0)
  }
}
