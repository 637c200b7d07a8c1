import MBQModel

/// What a model's hidden states were over calibration texts: what static steps, equalization and the
/// second-order rounders are chosen from.
///
/// Belongs to the graph it was taken of; another graph with the same operations (pruned, say, but not
/// rescaled) finds its own by name.
public struct CalibrationStatistics: Sendable {
  /// What was calibrated, how, and on what: two with the same key and the same texts done are the same.
  public struct Key: Equatable, Sendable {
    /// SHA-256 of the checkpoint (`Checkpoint.digest`), and of the texts (`CalibrationTexts.digest`).
    public var checkpoint: [UInt8]
    public var texts: [UInt8]
    public var options: CalibrationOptions
    public var textCount: Int
    public var secondMoments: Bool

    public init(
      checkpoint: [UInt8], texts: [UInt8], options: CalibrationOptions, textCount: Int,
      secondMoments: Bool
    ) {
      precondition(checkpoint.count == 32 && texts.count == 32)
      self.checkpoint = checkpoint
      self.texts = texts
      self.options = options
      self.textCount = textCount
      self.secondMoments = secondMoments
    }
  }

  public var key: Key
  /// Token ids of the calibrating texts, all `key.textCount` of them: what rounding and recovery run again.
  public internal(set) var texts: [[UInt32]]
  /// Texts and tokens the records are made of; fewer texts than `key.textCount` in the state of
  /// a calibration that is still to be continued.
  public internal(set) var textsDone = 0
  public internal(set) var tokens = 0
  /// A name and the index of its record, in the order of the graph's operations.
  public internal(set) var names: [(name: String, record: Int)]
  public internal(set) var records: [OperandStatistics]

  public var isComplete: Bool { textsDone == key.textCount }

  /// No texts yet.
  init(_ key: Key, texts: [[UInt32]], sites: [CalibrationSite]) {
    self.key = key
    self.texts = texts
    names = sites.map { ($0.name, $0.record) }
    records = []
    for site in sites where site.record == records.count {
      records.append(
        OperandStatistics(width: site.operand.width, secondMoments: key.secondMoments))
    }
  }

  init(
    _ key: Key, texts: [[UInt32]], textsDone: Int, tokens: Int,
    names: [(name: String, record: Int)], records: [OperandStatistics]
  ) {
    self.key = key
    self.texts = texts
    self.textsDone = textsDone
    self.tokens = tokens
    self.names = names
    self.records = records
  }

  /// What is known of a site, such as `layer.3.ffn.0.down.input`; nil if it was not there.
  public subscript(_ name: String) -> OperandStatistics? {
    names.first { $0.name == name }.map { records[$0.record] }
  }

  /// The static int8 step of a site.
  public struct StaticStep: Equatable, Sendable {
    public var site: CalibrationSite
    /// The magnitude that becomes 127.
    public var range: Float
    /// `range` / 127.
    public var step: Float
  }

  /// The step of every site of `sites` that is known here with the same width.
  ///
  /// A tensor whose values were all 0 gets the step of the range 1: whatever an unseen text puts there is
  /// then not clipped to nothing.
  public func staticSteps(
    for sites: [CalibrationSite], _ observer: any RangeObserver.Type
  ) -> [StaticStep] {
    var places: [String: Int] = [:]
    for (name, record) in names { places[name] = record }
    var ranges: [Int: Float] = [:]
    return sites.compactMap { site in
      guard let record = places[site.name], records[record].width == site.operand.width
      else { return nil }
      let chosen = ranges[record] ?? observer.range(of: records[record].histogram)
      ranges[record] = chosen
      // Below this a step would be subnormal, and its reciprocal infinite.
      let range = chosen > 0x1p-100 ? chosen : 1
      return StaticStep(site: site, range: range, step: range / 127)
    }
  }
}
