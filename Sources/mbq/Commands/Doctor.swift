import ArgumentParser
import Foundation
import MBQCheckpoints
import MBQCore
import MBQKernels
import MBQQuantizer
import MBQReport
import MBQRuntime

struct Doctor: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says which parts of a checkpoint low precision will hurt, and what to do about it.",
    discussion: """
      Looks at every linear and every residual add: ranges, the scales of an add's operands, kurtosis, \
      half-float overflow, the noise of int8 and int4. Every site gets a prescription with its price in \
      bytes and in milliseconds measured on this machine. Without --text, seeded random word pieces \
      stand in for texts.

      Examples:
        mbq doctor ./my-model --text news.csv
        mbq doctor ./my-model --text news.csv --plot ranges.svg --all
        mbq doctor ./my-model --json --fail-on warning
      """)

  enum Level: String, CaseIterable, ExpressibleByArgument {
    case warning, error
  }

  @OptionGroup var source: CheckpointOptions

  @Option(help: ArgumentHelp("Texts of the kind it will see; needs no labels.", valueName: "file"))
  var text: String?

  @Option(help: ArgumentHelp("Texts to draw.", valueName: "n"))
  var texts = 16

  @Option(help: ArgumentHelp("Cut texts to this many tokens.", valueName: "n"))
  var maxTokens = 128

  @Option(
    help: ArgumentHelp(
      "Draw the range of the residual stream, layer by layer, to this SVG.", valueName: "file"))
  var plot: String?

  @Option(
    help: ArgumentHelp(
      "Exit with 1 if a site is this bad: warning (other tools lose it) or error (so does int8 here).",
      valueName: "level"))
  var failOn: Level?

  @Flag(help: "Show every site.")
  var all = false

  @Flag(help: "Print the result as JSON, every site.")
  var json = false

  @OptionGroup var columns: DataOptions
  @OptionGroup var runtime: RuntimeOptions

  func run() throws {
    let checkpoint = try source.open()
    let options = CalibrationOptions(texts: texts, maximumTokens: maxTokens)
    do throws(CalibrationError) { try options.check() } catch {
      throw CommandError.usage("--\(error.explanation)")
    }
    var drawn: [[UInt32]] = []
    if let text {
      let sample = try CalibrationData(columns: columns, options: options).texts(text, checkpoint)
      // Nothing is chosen here that would need texts held back.
      drawn = Array((sample.texts + sample.heldBack).prefix(texts))
    }
    let pool = runtime.pool()
    defer { withExtendedLifetime(pool) {} }
    var diagnosis = Diagnosis(
      try WorkingModel(checkpoint).folded(), texts: drawn, parallel: pool.parallel)
    let progress = StagedProgress()
    defer { progress.finish() }
    diagnosis.progress = { progress.show("examine", $0) }
    let sites = try diagnosis.run()
    var times: [LinearTimes.Shape: LinearTimes] = [:]
    let shapes = Set(sites.compactMap(\.shape))
    for (index, shape) in shapes.enumerated() {
      times[shape] = LinearTimes.measure(shape, kernels: try runtime.kernelSet())
      progress.show("time", Double(index + 1) / Double(shapes.count))
    }
    progress.finish()
    let report = DoctorReport(
      checkpoint: source.checkpoint, kernels: try runtime.kernelSet().name, diagnosis: diagnosis,
      sites: sites, times: times)
    if let plot {
      try Array(report.plot.svg.utf8).withUnsafeBytes { try AtomicFile.write([$0], to: plot) }
    }
    if json {
      Output.show(try JSONText.encode(report.json))
    } else {
      Output.show(Report(report.blocks(all: all)), json: false)
      Output.show(DoctorReport.legend)
      if let next = report.next(text: text) { Output.show("\n\(next)") }
    }
    try check(sites)
  }

  private func check(_ sites: [SiteDiagnosis]) throws(CommandError) {
    guard let failOn else { return }
    let least: SiteHealth = failOn == .warning ? .warning : .error
    let bad = sites.filter { $0.health >= least }
    guard let first = bad.first else { return }
    throw .checkFailed(
      "\(bad.count) of \(sites.count) sites are not healthy (--fail-on \(failOn.rawValue)), the first \(first.site)"
    )
  }
}

extension SiteDiagnosis {
  /// Of a linear.
  var shape: LinearTimes.Shape? {
    guard case .linear(let site) = self else { return nil }
    return .init(inputs: site.inputs, outputs: site.outputs)
  }
}
