import ArgumentParser
import Foundation
import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQFormat
import MBQModel
import MBQQuantizer
import MBQReport
import MBQRuntime

/// A packed model in a report.
struct ReportVariant {
  /// Unique in the report.
  var name: String
  var path: String
}

/// The variants of a report: those given, or made of a checkpoint and kept in the folder.
struct VariantMaker {
  let models: [String]
  let config: String?
  let text: String?
  let data: String
  let allowsOverlap: Bool
  let folder: String
  let columns: DataOptions
  let runtime: RuntimeOptions
  let stages: Stages

  /// The variants a checkpoint is shown in, and what `mbq quantize` is told to make each.
  static let defaults: [(name: String, options: [String])] = [
    ("fp32", ["--bits", "32"]),
    ("int8", ["--bits", "8"]),
    ("int4", ["--bits", "4"]),
    ("int4-pruned", ["--bits", "4", "--sparsity", "0.5"]),
  ]

  func variants() throws -> (variants: [ReportVariant], checkpoint: String?) {
    guard let first = models.first(where: { !PackedFiles.isPacked($0) }) else {
      if let text { throw ReportError.textWithoutCheckpoint(path: text) }
      stages.total = ReportRun.stageCount(models.count)
      return (Self.named(models), nil)
    }
    guard models.count == 1 else {
      throw ReportError.mixed(checkpoint: first, models: models.count)
    }
    stages.total = Self.defaults.count + ReportRun.stageCount(Self.defaults.count)
    return (try made(of: first), first)
  }

  /// Names by the files', with their folders where those are the same.
  static func named(_ paths: [String]) -> [ReportVariant] {
    let names = paths.map { URL(fileURLWithPath: $0).deletingPathExtension().lastPathComponent }
    var used: [String: Int] = [:]
    return zip(paths, names).map { path, name in
      var unique = names.count { $0 == name } > 1 ? path : name
      used[unique, default: 0] += 1
      if let count = used[unique], count > 1 { unique += " (\(count))" }
      return ReportVariant(name: unique, path: path)
    }
  }

  // MARK: Making

  /// What a variant in the folder was made of.
  private struct Kept: Codable {
    var key: [String]
    /// SHA-256 of the file, in hexadecimal.
    var digest: String
  }

  private var keptPath: String { "\(folder)/variants.json" }

  private func made(of path: String) throws -> [ReportVariant] {
    let source = try CheckpointOptions.parse([path] + (config.map { ["--config", $0] } ?? []))
    let checkpoint = try source.open()
    guard checkpoint.configuration.task == .singleLabel else {
      throw CommandError.badInput(
        "'\(path)' gives a text any number of labels (multi_label_classification), and there are no"
          + " metrics for that yet; 'mbq quantize' and 'mbq classify' take it")
    }
    // A label the model has not is found before an hour of work, not after.
    var rows = try columns.texts(data, labels: checkpoint.configuration.labels)
    while try rows.next() != nil {}
    var sources = ["mbq \(mbqVersion)", hexadecimal(checkpoint.digest)]
    if let text {
      sources += [try Self.digest(text), try Self.digest(data), "\(columns.textColumn)"]
      if allowsOverlap { sources.append("overlap") }
    }
    var kept = try readKept()
    return try Self.defaults.map { name, options in
      let file = "\(folder)/\(name).mbq"
      let key = sources + options
      if let known = kept[name], known.key == key, (try? Self.digest(file)) == known.digest {
        stages.skip()
        Output.remark("using \(file), made before of the same")
        return ReportVariant(name: name, path: file)
      }
      try make(options, of: checkpoint, source, to: file, name)
      kept[name] = Kept(key: key, digest: try Self.digest(file))
      try Array(try JSONText.encode(kept).utf8).withUnsafeBytes {
        try AtomicFile.write([$0], to: keptPath)
      }
      return ReportVariant(name: name, path: file)
    }
  }

  private func make(
    _ options: [String], of checkpoint: Checkpoint, _ source: CheckpointOptions, to file: String,
    _ name: String
  ) throws {
    var arguments = options
    if let text {
      arguments += ["--text", text, "--evaluation", data]
      if allowsOverlap { arguments.append("--allow-overlap") }
    }
    var run = CompressionRun(
      source: source, options: try CompressionOptions.parse(arguments), columns: columns,
      runtime: runtime)
    run.label = stages.next("make \(name)")
    let result = try run.run(checkpoint)
    try result.packed.bytes.withUnsafeBytes { try AtomicFile.write([$0], to: file) }
  }

  private func readKept() throws -> [String: Kept] {
    guard FileManager.default.fileExists(atPath: keptPath) else { return [:] }
    let file = try MappedFile(path: keptPath)
    do {
      return try JSONDecoder().decode(
        [String: Kept].self, from: file.bytes.count < 1 << 20 ? Data(file.bytes) : Data())
    } catch {
      throw ReportError.foreign(path: keptPath)
    }
  }

  private static func digest(_ path: String) throws(FileError) -> String {
    let file = try MappedFile(path: path)
    return hexadecimal(sha256(file.bytes))
  }
}

/// Whether a path is a packed model's.
enum PackedFiles {
  static func isPacked(_ path: String) -> Bool {
    if URL(fileURLWithPath: path).pathExtension == "mbq" { return true }
    // Opened without waiting: a pipe is refused, as any checkpoint that is none.
    guard let file = try? MappedFile(path: path) else { return false }
    return file.bytes.starts(with: [0x89, 0x4D, 0x42, 0x51])
  }
}
