public import MBQCheckpoints
import MBQCore
import MBQFormat
public import MBQKernels
import MBQModel
public import MBQRuntime

/// Takes the statistics of a model over texts, some thousand tokens at a time: memory does not grow with
/// the number of texts.
///
/// Portions depend on the texts alone, every sum is added up in the order of the tokens, and counts are
/// integers: any number of threads, any kernel set, and any interruption between portions give the same
/// bits.
public final class Calibrator {
  /// What is known so far.
  public private(set) var statistics: CalibrationStatistics
  private let runner: ModelRunner
  private let sites: [CalibrationSite]
  private let texts: [[UInt32]]
  private let portions: [Portion]
  private let collector: OperandCollector
  /// A portion ends with the text that takes it to this many tokens.
  static let portionTokens = 2048

  /// `model` is folded; `key.textCount` is the number of texts.
  public init(
    _ model: WorkingModel, _ texts: [[UInt32]], key: CalibrationStatistics.Key,
    parallel: Parallel = .serial, kernels: KernelSet = KernelSets.best
  ) {
    precondition(key.textCount == texts.count && texts.allSatisfy { !$0.isEmpty })
    self.texts = texts
    runner = ModelRunner(model, parallel: parallel, kernels: kernels)
    sites = model.graph.calibrationSites
    statistics = CalibrationStatistics(key, texts: texts, sites: sites)
    portions = Portion.all(of: texts)
    collector = OperandCollector(parallel)
  }

  /// The texts a portion is made of, and whether they are of the second half.
  struct Portion {
    var texts: Range<Int>
    var half: Int

    static func all(of texts: [[UInt32]]) -> [Portion] {
      let middle = (texts.count + 1) / 2
      var portions: [Portion] = []
      var start = 0
      var tokens = 0
      for (index, text) in texts.enumerated() {
        tokens += text.count
        let end = index + 1
        guard tokens >= Calibrator.portionTokens || end == middle || end == texts.count
        else { continue }
        portions.append(Portion(texts: start..<end, half: index < middle ? 0 : 1))
        (start, tokens) = (end, 0)
      }
      return portions
    }
  }

  public var isFinished: Bool { statistics.isComplete }

  /// Goes on from an earlier calibrator's statistics.
  ///
  /// False, and nothing changed, if they are of another model, other texts or other options, or do not
  /// end where a portion does.
  public func resume(from earlier: CalibrationStatistics) -> Bool {
    guard earlier.key == statistics.key, earlier.texts == texts,
      earlier.names.elementsEqual(statistics.names, by: { $0 == $1 }),
      earlier.records.map(\.width) == statistics.records.map(\.width),
      earlier.textsDone == 0
        || portions.contains(where: { $0.texts.upperBound == earlier.textsDone }),
      earlier.tokens == texts[..<earlier.textsDone].reduce(0, { $0 + $1.count })
    else { return false }
    statistics = earlier
    return true
  }

  /// Runs one portion.
  ///
  /// Returns the number of texts in it, 0 when all are done. Refuses, with `CalibrationError.notFinite`,
  /// hidden states that are infinite or not a number; the statistics are then of no use.
  public func advance() throws(CalibrationError) -> Int {
    guard
      let portion = portions.first(where: { $0.texts.lowerBound == statistics.textsDone })
    else { return 0 }
    var visited = 0
    var failure: CalibrationError?
    var place = 0
    // Every further step costs more than stopping would save: a failure ends the calibration anyway.
    _ = runner.logits(Array(texts[portion.texts])) { step, states in
      while place < sites.count, sites[place].step == step {
        let site = sites[place]
        place += 1
        // A record belongs to the first site that has it.
        guard failure == nil, site.record == visited else { continue }
        visited += 1
        var rows = states.rows(site.operand)
        var column = site.operand.column
        if let smoothing = site.smoothing {
          rows = rows.scaled(runner.model.values[smoothing], from: column)
          column = 0
        }
        let isFinite = collector.add(
          rows, column, half: portion.half, to: &statistics.records[site.record], runner)
        if !isFinite { failure = .notFinite(site: site.site) }
      }
    }
    if let failure { throw failure }
    statistics.textsDone = portion.texts.upperBound
    statistics.tokens += texts[portion.texts].reduce(0) { $0 + $1.count }
    return portion.texts.count
  }
}

extension Checkpoint {
  /// SHA-256 of the digests of every file that was read.
  public var digest: [UInt8] {
    sources.flatMap { sha256($0.bytes) }.withUnsafeBytes { sha256($0) }
  }
}
