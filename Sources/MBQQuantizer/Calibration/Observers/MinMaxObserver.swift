/// The largest magnitude that occurred: nothing is clipped.
public enum MinMaxObserver: RangeObserver {
  public static let name = "min-max"
  public static let summary = "the largest magnitude; nothing is clipped"

  public static func range(of histogram: MagnitudeHistogram) -> Float { histogram.largest }
}
