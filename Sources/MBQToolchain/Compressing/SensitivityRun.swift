import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQQuantizer
import MBQRuntime

/// Measures sensitivities with a progress bar, keeping each in a file as it is found.
struct SensitivityRun {
  let toolchain: Toolchain
  var parallel: Parallel
  var path: String
  var group = 64
  /// Few and short: linears are told apart by far less text than GPTQ wants, and each is a run of its own.
  static let texts = 32
  static let maximumTokens = 64
  static let nanosecondsBetweenWrites: UInt64 = 2_000_000_000

  /// Where `mbq sensitivity` leaves its figures and `mbq quantize` looks for them.
  static func defaultPath(_ source: CheckpointSource) -> String {
    "\(source.name).sensitivity.json"
  }

  /// `measured` is how many linears were not in the file.
  func run(
    _ model: WorkingModel, _ texts: CalibrationTexts, _ checkpoint: Checkpoint, structure: String
  ) throws -> (sites: [SiteSensitivity], measured: Int) {
    var analysis = SensitivityAnalysis(model, texts: texts.texts, parallel: parallel)
    analysis.group = group
    let key = SensitivityFile.Key(
      checkpoint: hexadecimal(checkpoint.digest), texts: hexadecimal(texts.digest), group: group,
      measuredBits: analysis.measuredBits, structure: structure)
    var file = try SensitivityFile.read(path: path, key: key)
    let known = file.known
    let progress = toolchain.stage("sensitivity", total: analysis.sites.count)
    defer { progress.finish() }
    progress.advance(by: analysis.sites.count { known[$0] != nil })
    var written = MonotonicClock.nanoseconds
    let sites = try analysis.run(known: known) { site in
      file.sites.append(site)
      progress.advance()
      if MonotonicClock.nanoseconds - written > Self.nanosecondsBetweenWrites {
        try file.write(to: path)
        written = MonotonicClock.nanoseconds
      }
    }
    file.sites = sites
    try file.write(to: path)
    return (sites, sites.count - known.count)
  }
}
