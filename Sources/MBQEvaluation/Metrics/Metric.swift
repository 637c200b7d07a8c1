/// A figure computed from predictions.
public protocol Metric: SendableMetatype {
  /// The name in JSON, baselines and options, such as `weighted-f1`; it never changes.
  static var name: String { get }
  /// The name in tables, such as `weighted F1`.
  static var title: String { get }
  static var style: MetricStyle { get }

  /// `predictions` has at least one row. Linear in the rows, except for a sort.
  static func value(of predictions: Predictions) -> MetricValue

  /// The interval by a formula.
  ///
  /// With `nil`, resampling gives the interval.
  static func closedInterval(of predictions: Predictions, confidence: Double) -> ClosedInterval?

  /// The value of resampled rows, or `nil` if sums over them do not give it.
  ///
  /// It is called some thousand times.
  static func value(ofResample sums: RowSums) -> Double?

  /// The interval from the values of resamples.
  static func resampledInterval(
    _ values: [Double], around value: Double, confidence: Double
  ) -> Interval?
}

extension Metric {
  public static func closedInterval(
    of predictions: Predictions, confidence: Double
  ) -> ClosedInterval? { nil }

  public static func value(ofResample sums: RowSums) -> Double? { nil }

  public static func resampledInterval(
    _ values: [Double], around value: Double, confidence: Double
  ) -> Interval? { Bootstrap.interval(values, confidence: confidence) }
}

/// A metric that needs only the numbers of rows and answers of each label.
public protocol CountedMetric: Metric {
  /// `counts` has at least one row.
  static func value(of counts: LabelCounts) -> MetricValue
}

extension CountedMetric {
  public static func value(of predictions: Predictions) -> MetricValue {
    value(of: predictions.confusion.labelCounts)
  }

  public static func value(ofResample sums: RowSums) -> Double? { value(of: sums.counts).value }
}

/// The method of an interval.
public enum IntervalMethod: String, Sendable, Codable {
  /// Wilson's score interval of a share.
  case wilson
  /// DeLong's variance of the area under a ROC curve, on the scale of its logit.
  case deLong = "delong"
  /// Percentiles of 2,000 seeded resamples of the rows.
  case bootstrap
}

public struct ClosedInterval: Sendable, Equatable {
  public var interval: Interval
  public var method: IntervalMethod

  public init(_ interval: Interval, _ method: IntervalMethod) {
    self.interval = interval
    self.method = method
  }
}

/// The form of a metric for readers.
public enum MetricStyle: String, Sendable, Codable {
  /// A share from 0 to 1, better when larger; printed in percent.
  case share
  /// A share from 0 to 1, better when smaller; printed in percent.
  case shareOfError = "share-of-error"
  /// A number, better when larger.
  case score
  /// A number, better when smaller.
  case loss
}

public struct MetricValue: Sendable, Equatable {
  /// `nil` if it is not defined for these predictions.
  public var value: Double?
  /// A note for the reader: the reason for a missing value, or the part that was set to 0.
  public var note: String?

  public init(_ value: Double?, note: String? = nil) {
    self.value = value
    self.note = note
  }
}

/// Every metric this build knows, in the order of reports.
///
/// To add one: a type in Values/, and a line here.
public enum Metrics {
  public static let all: [any Metric.Type] = [
    Accuracy.self,
    BalancedAccuracy.self,
    WeightedPrecision.self,
    WeightedRecall.self,
    WeightedF1.self,
    MacroPrecision.self,
    MacroRecall.self,
    MacroF1.self,
    MatthewsCorrelation.self,
    ROCAUC.self,
    LogLoss.self,
    CalibrationError.self,
  ]
}
