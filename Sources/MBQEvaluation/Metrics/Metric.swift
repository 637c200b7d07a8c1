/// A figure computed from predictions.
public protocol Metric: SendableMetatype {
  /// The name in JSON, baselines and options, such as `weighted-f1`. Never changed.
  static var name: String { get }
  /// The name in tables, such as `weighted F1`.
  static var title: String { get }
  static var style: MetricStyle { get }

  /// `predictions` has at least one row. Linear in the rows, but for a sort.
  static func value(of predictions: Predictions) -> MetricValue
}

/// How a metric reads.
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
  /// `nil` when it is not defined for these predictions.
  public var value: Double?
  /// 95 %, where it is known in closed form.
  public var interval: Interval?
  /// What the reader should know: why there is no value, or which part was set to 0.
  public var note: String?

  public init(_ value: Double?, interval: Interval? = nil, note: String? = nil) {
    self.value = value
    self.interval = interval
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
