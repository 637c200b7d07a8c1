import Foundation
import MBQCore
import MBQEvaluation
import MBQReport

/// What `Toolchain.report` puts side by side.
public struct ReportOptions: Sendable, Equatable {
  /// One checkpoint, whose variants are made, or packed models.
  public var models: [String]
  /// The folder with config.json and the tokenizer, if they are not beside a checkpoint's weights.
  public var configuration: String?
  /// The labelled dataset.
  public var data: String
  /// The folder for the report and for the variants that are made.
  public var folder: String
  public var dataset = DatasetOptions()
  /// Calibration text for the variants of a checkpoint.
  public var text: String?
  public var allowsOverlap = false
  /// The variant the others are compared with, by name or path; `nil`: the first.
  public var baseline: String?
  /// The accuracy one is ready to lose.
  public var maximumDrop = Share.percent(0.5)
  /// The share of answers that may change.
  public var maximumFlips = Share.percent(1)
  /// Counted rounds of latency.
  public var rounds = 11
  /// Texts are cut to this many tokens; `nil`: what the models read.
  public var maximumTokens: Int?
  /// Threads that make the variants of a checkpoint, which are the same with any number of them.
  public var makingThreads = max(1, min(ProcessInfo.processInfo.activeProcessorCount, 256))
  /// The `mbq` program, which measures memory and load time in processes of its own; `nil`: load time is
  /// measured in this process, and peak memory is left out.
  public var program: String?

  public init(models: [String], data: String, folder: String) {
    self.models = models
    self.data = data
    self.folder = folder
  }
}

extension Toolchain {
  /// Measures variants of a model side by side: size, memory, speed, accuracy, changed answers.
  ///
  /// Leaves report.html, report.md and report.json in the folder, and the variants it made, which the next
  /// report uses again. Refuses models of different labels, and a folder that cannot be written to.
  public func report(_ options: ReportOptions) throws -> ReportDocument {
    try OutputPlace.refusePipe(options.data)
    for name in ReportFolder.names + VariantMaker.defaults.map({ "\($0.name).mbq" }) {
      try OutputPlace.refuse(
        "\(options.folder)/\(name)", .folder,
        ifOneOf: [options.data, options.text] + options.models.filter { !Paths.isPacked($0) })
    }
    adviseOnLimits(drop: options.maximumDrop, flips: options.maximumFlips)
    try ReportFolder.make(options.folder)
    let stages = Stages()
    let sources = try VariantMaker(toolchain: self, options: options, stages: stages).variants()
    let document = try ReportRun(
      toolchain: self, options: options, variants: sources.variants,
      checkpoint: sources.checkpoint, stages: stages
    ).document()
    _ = try ReportFolder.write(document, to: options.folder)
    return document
  }
}
