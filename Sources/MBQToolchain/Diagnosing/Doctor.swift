import MBQCheckpoints
import MBQCore
import MBQKernels
import MBQQuantizer
import MBQReport
import MBQRuntime

/// What `Toolchain.doctor` looks at.
public struct DoctorOptions: Sendable, Equatable {
  public var checkpoint: CheckpointSource
  /// Texts of the kind the model will see: a dataset that needs no labels; `nil`: random word pieces.
  public var text: String?
  public var dataset = DatasetOptions()
  /// Texts to draw, and the tokens each is cut to.
  public var sampleTexts = Self.sampleTexts
  public var sampleTokens = Self.sampleTokens
  /// Gets a plot of the residual stream's range, layer by layer, as SVG.
  public var plot: String?

  /// As many as tell sites apart; `sensitivity` takes the same.
  public static let sampleTexts = KeptSensitivities.texts
  public static let sampleTokens = KeptSensitivities.maximumTokens

  public init(checkpoint: CheckpointSource, text: String? = nil) {
    self.checkpoint = checkpoint
    self.text = text
  }
}

/// What low precision will do to a checkpoint.
public struct DoctorResult: Sendable {
  public enum Health: Int, Sendable, Comparable {
    case healthy
    /// Other tools lose it; int8 here does not.
    case warning
    /// So does int8 here.
    case error

    public static func < (a: Health, b: Health) -> Bool { a.rawValue < b.rawValue }
  }

  /// Of the worst site.
  public var health: Health { sites.map { Health($0.health) }.max() ?? .healthy }
  /// One line.
  public var verdict: String { report.verdict }
  /// What other tools trip over, a sentence each.
  public var hazards: [String] { report.hazards }
  /// What to do, with its price, a sentence each.
  public var remedies: [String] { report.remedies }
  package var sites: [SiteDiagnosis]
  package var report: DoctorReport

  /// The sites that are at least as bad as `health`.
  package func sites(atLeast health: Health) -> [SiteDiagnosis] {
    sites.filter { Health($0.health) >= health }
  }
}

extension DoctorResult.Health {
  init(_ health: SiteHealth) {
    self =
      switch health {
      case .healthy: .healthy
      case .warning: .warning
      case .error: .error
      }
  }
}

extension Toolchain {
  /// Looks at every linear and every residual add of a checkpoint and prescribes what each needs, with the
  /// price in bytes and in time measured here.
  public func doctor(_ options: DoctorOptions) throws -> DoctorResult {
    try OutputPlace.refuse(
      options.plot, .plot, ifOneOf: [options.checkpoint.path, options.text])
    let checkpoint = try options.checkpoint.open()
    let sample = CalibrationOptions(
      texts: options.sampleTexts, maximumTokens: options.sampleTokens)
    try sample.check(textsName: .sampleTexts, tokensName: .sampleTokens)
    var drawn: [[UInt32]] = []
    if let text = options.text {
      let found = try CalibrationData(toolchain: self, columns: options.dataset, options: sample)
        .texts(text, checkpoint)
      // Nothing is chosen here that would need texts held back.
      drawn = Array((found.texts + found.heldBack).prefix(options.sampleTexts))
    }
    let pool = try pool()
    defer { withExtendedLifetime(pool) {} }
    var diagnosis = Diagnosis(
      try WorkingModel(checkpoint).folded(), texts: drawn, parallel: pool.parallel)
    let progress = StagedProgress(self)
    defer { progress.finish() }
    diagnosis.progress = { progress.show("examine", $0) }
    let sites = try diagnosis.run()
    var times: [LinearTimes.Shape: LinearTimes] = [:]
    let kernels = try kernelSet()
    let shapes = Set(sites.compactMap(\.shape))
    for (index, shape) in shapes.enumerated() {
      times[shape] = LinearTimes.measure(shape, kernels: kernels)
      progress.show("time", Double(index + 1) / Double(shapes.count))
    }
    progress.finish()
    let report = DoctorReport(
      checkpoint: options.checkpoint.path, kernels: kernels.name,
      texts: diagnosis.hasTexts ? diagnosis.texts.count : nil, tokenCount: diagnosis.tokenCount,
      sites: sites, times: times)
    if let plot = options.plot { try AtomicFile.write(report.plot.svg, to: plot) }
    return DoctorResult(sites: sites, report: report)
  }
}

extension SiteDiagnosis {
  /// Of a linear.
  fileprivate var shape: LinearTimes.Shape? {
    guard case .linear(let site) = self else { return nil }
    return .init(inputs: site.inputs, outputs: site.outputs)
  }
}
