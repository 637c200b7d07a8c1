import MBQEvaluation

/// The recommended variant, and its cost.
public struct Recommendation: Sendable, Equatable, Codable {
  /// The name of the variant.
  public var variant: String
  /// The accepted loss of accuracy, as a share.
  public var acceptedDrop: Double
  /// The accepted share of changed answers.
  public var acceptedFlips: Double
  /// For people.
  public var sentence: String

  /// The variant with the smallest download among those that keep two limits on these rows: a loss
  /// of at most `acceptedDrop` of the baseline's accuracy, and a share of at most `acceptedFlips`
  /// of changed answers.
  ///
  /// Of equal downloads, the more accurate variant.
  ///
  /// The second limit excludes an accuracy that stays the same by luck while many answers change.
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
    // A rounding error must not decide.
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
