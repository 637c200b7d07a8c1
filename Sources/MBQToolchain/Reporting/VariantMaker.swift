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
  let toolchain: Toolchain
  let options: ReportOptions
  let stages: Stages

  /// The variants a checkpoint is shown in, and how each is made.
  static let defaults: [(name: String, recipe: Recipe)] = [
    ("fp32", Self.recipe(bits: 32)), ("int8", Self.recipe(bits: 8)),
    ("int4", Self.recipe(bits: 4)), ("int4-pruned", Self.recipe(bits: 4, sparsity: 0.5)),
  ]

  private static func recipe(bits: Int, sparsity: Double? = nil) -> Recipe {
    var recipe = Recipe()
    var weights = Recipe.Weights()
    weights.bits = bits
    recipe.weights = weights
    if let sparsity {
      var prune = Recipe.Prune()
      prune.sparsity = sparsity
      recipe.prune = prune
    }
    return recipe
  }

  func variants() throws -> (variants: [ReportVariant], checkpoint: String?) {
    let models = options.models
    guard let first = models.first(where: { !Paths.isPacked($0) }) else {
      if let text = options.text { throw ReportError.textWithoutCheckpoint(path: text) }
      stages.total = ReportRun.stageCount
      return (Self.named(models), nil)
    }
    guard models.count == 1 else {
      throw ReportError.mixed(checkpoint: first, models: models.count)
    }
    stages.total = 1 + Self.defaults.count + ReportRun.stageCount
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

  private var keptPath: String { "\(options.folder)/variants.json" }

  private func made(of path: String) throws -> [ReportVariant] {
    let source = CheckpointSource(path, configuration: options.configuration)
    let checkpoint = try source.open()
    guard checkpoint.configuration.task == .singleLabel else {
      throw ToolchainError.multiLabel(
        path: path,
        advice: "there are no metrics for that yet; 'mbq quantize' and 'mbq classify' take it")
    }
    // A label the model has not is found before an hour of work, not after.
    let scan = try toolchain.scan(
      options.data, options.dataset, labels: checkpoint.configuration.labels,
      withTexts: options.text != nil, name: stages.next("read the data"))
    var sources = ["mbq \(mbqVersion)", hexadecimal(checkpoint.digest)]
    if let text = options.text {
      sources += [
        try Self.digest(text), try Self.digest(options.data), "\(options.dataset.textColumns)",
      ]
      if options.allowsOverlap { sources.append("overlap") }
    }
    var kept = try readKept()
    var maker = Maker(
      toolchain: toolchain, options: options, checkpoint: checkpoint, source: source,
      evaluationTexts: scan.texts)
    return try Self.defaults.map { name, recipe in
      let file = "\(options.folder)/\(name).mbq"
      let key = sources + [try Plan(recipe, hasText: options.text != nil).key]
      if let known = kept[name], known.key == key, (try? Self.digest(file)) == known.digest {
        stages.skip()
        toolchain.advise(.variantReused(file: file))
        return ReportVariant(name: name, path: file)
      }
      try maker.make(recipe, file: file, label: stages.next("make \(name)"))
      kept[name] = Kept(key: key, digest: try Self.digest(file))
      try Array(try JSONText.encode(kept).utf8).withUnsafeBytes {
        try AtomicFile.write([$0], to: keptPath)
      }
      return ReportVariant(name: name, path: file)
    }
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

/// Makes variants of one checkpoint, which share its texts and what of their structure is the same.
private struct Maker {
  private var toolchain: Toolchain
  let options: ReportOptions
  let checkpoint: Checkpoint
  let source: CheckpointSource
  let evaluationTexts: TextDigests?
  private let preparations = Preparations(limit: 2)
  private var drawn: CalibrationTexts?

  init(
    toolchain: Toolchain, options: ReportOptions, checkpoint: Checkpoint, source: CheckpointSource,
    evaluationTexts: TextDigests?
  ) {
    self.toolchain = toolchain
    // The bytes are the same on any number of threads; latency is measured on those asked for.
    self.toolchain.threads = max(toolchain.threads, options.makingThreads)
    self.options = options
    self.checkpoint = checkpoint
    self.source = source
    self.evaluationTexts = evaluationTexts
  }

  mutating func make(_ recipe: Recipe, file: String, label: String) throws {
    var quantize = QuantizeOptions(checkpoint: source)
    quantize.recipe = recipe
    quantize.dataset = options.dataset
    // Nothing of a model in floats is chosen by text.
    if try Plan(recipe).precision == .int8, let text = options.text {
      quantize.text = text
      if drawn == nil {
        drawn = try CalibrationData(
          toolchain: toolchain, columns: options.dataset, options: .init(),
          evaluation: options.data, allowsOverlap: options.allowsOverlap,
          evaluationTexts: evaluationTexts
        ).texts(text, checkpoint)
      }
    }
    var run = CompressionRun(toolchain: toolchain, options: quantize)
    run.label = label
    run.drawn = quantize.text == nil ? nil : drawn
    run.preparations = preparations
    let result = try run.run(checkpoint)
    try result.packed.bytes.withUnsafeBytes { try AtomicFile.write([$0], to: file) }
  }
}
