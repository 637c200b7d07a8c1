/// Chooses the magnitude at which a tensor is clipped when one step serves all its values: the step of
/// static int8 is the magnitude over 127.
public protocol RangeObserver: Sendable {
  /// The name on the command line and in recipes.
  static var name: String { get }
  /// One line of help.
  static var summary: String { get }

  /// The magnitude, 0 if and only if every value was 0; at most the largest that occurred.
  static func range(of histogram: MagnitudeHistogram) -> Float
}

/// Every way of choosing a range.
///
/// To add one: a file in Observers/, and a line here.
public enum Observers {
  public static let all: [any RangeObserver.Type] = [
    MinMaxObserver.self, PercentileObserver.self, MSEObserver.self, EntropyObserver.self,
  ]

  public static func named(_ name: String) -> (any RangeObserver.Type)? {
    all.first { $0.name == name }
  }

  public static var names: [String] { all.map { $0.name } }
}
