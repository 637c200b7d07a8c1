import MBQEvaluation

/// Which variant to take, and what it costs.
public struct Recommendation: Sendable, Equatable, Codable {
  /// The name of the variant.
  public var variant: String
  /// The accuracy one was ready to lose, as a share.
  public var acceptedDrop: Double
  /// The share of rows that one was ready to see answered otherwise.
  public var acceptedFlips: Double
  /// For people.
  public var sentence: String

  /// The smallest download of those that lose no more than `acceptedDrop` of the baseline's accuracy on
  /// these rows and answer no more than `acceptedFlips` of them otherwise; of equals, the more accurate
  /// one.
  ///
  /// The second is asked because an accuracy that stays while many answers change stays by luck.
  public init(
    _ variants: [VariantFigures], baseline name: String, acceptedDrop: Double,
    acceptedFlips: Double, rows: Int
  ) {
    self.acceptedDrop = acceptedDrop
    self.acceptedFlips = acceptedFlips
    guard let baseline = variants.first(where: { $0.name == name }) else {
      variant = name
      sentence = ""
      return
    }
    // A row's worth of rounding must not decide.
    func isAccepted(_ variant: VariantFigures) -> Bool {
      baseline.quality.accuracy - variant.quality.accuracy <= acceptedDrop + 1e-12
        && 1 - (variant.comparison?.agreement ?? 1) <= acceptedFlips + 1e-12
    }
    let best =
      variants.filter(isAccepted).min {
        ($0.file.downloadBytes, -$0.quality.accuracy)
          < ($1.file.downloadBytes, -$1.quality.accuracy)
      } ?? baseline
    variant = best.name
    sentence =
      best.name == baseline.name
      ? Self.keeping(baseline, variants, acceptedDrop, acceptedFlips)
      : Self.taking(best, baseline, rows)
  }

  private static func percent(_ share: Double) -> String { Human.percent(share) }

  private static func points(_ share: Double) -> String {
    let text = PlotCanvas.number(share * 100)
    return "\(text) point\(text == "1" ? "" : "s")"
  }

  private static func keeping(
    _ baseline: VariantFigures, _ variants: [VariantFigures], _ drop: Double, _ flips: Double
  ) -> String {
    let name = DisplayText.clean(baseline.name, limit: 200)
    let start = "Keep \(name): \(Human.bytes(baseline.file.downloadBytes)) to download, "
    let accuracy = "\(percent(baseline.quality.accuracy)) accurate"
    guard variants.count > 1 else { return start + accuracy + "." }
    return start + accuracy
      + "; no smaller variant stays within \(points(drop)) of its accuracy and changes at most "
      + "\(PlotCanvas.number(flips * 100)) % of its answers on these texts."
  }

  private static func taking(
    _ best: VariantFigures, _ baseline: VariantFigures, _ rows: Int
  ) -> String {
    let (name, other) = (
      DisplayText.clean(best.name, limit: 200), DisplayText.clean(baseline.name, limit: 200)
    )
    var text =
      "Take \(name): \(Human.bytes(best.file.downloadBytes)) to download instead of "
      + "\(Human.bytes(baseline.file.downloadBytes))"
    if let ratio = best.latency(batch: 1)?.ratioToBaseline, ratio > 0 {
      text +=
        ratio <= 1
        ? ", \(PlotCanvas.number((10 / ratio).rounded() / 10)) times as fast on one text"
        : ", \(PlotCanvas.number((10 * ratio).rounded() / 10)) times the time on one text"
    }
    text += ". It costs "
    guard let comparison = best.comparison else { return text + "nothing." }
    let change = comparison.accuracyChange
    text +=
      change < 0
      ? "\(points(-change)) of accuracy"
      : change == 0 ? "no accuracy" : "no accuracy (\(points(change)) more)"
    text +=
      ": \(percent(best.quality.accuracy)) (95 %: \(percent(best.quality.accuracyInterval.lower)) to "
      + "\(percent(best.quality.accuracyInterval.upper))), \(other) "
      + "\(percent(baseline.quality.accuracy)); rows like these leave the change between "
      + "\(Human.points(comparison.accuracyChangeInterval.lower)) and "
      + "\(Human.points(comparison.accuracyChangeInterval.upper)) points. "
    text +=
      comparison.flips == 0
      ? "All \(Human.count(rows)) texts keep their label."
      : "\(Human.count(comparison.flips)) of \(Human.count(rows)) texts change their label: "
        + "\(comparison.balance)."
    return text
  }
}
