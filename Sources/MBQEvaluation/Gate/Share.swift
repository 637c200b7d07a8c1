public import MBQCore

/// A share of rows, of weights or of probability, from 0 to 1; for accuracy, 0.01 is a percentage point.
///
/// The one type for every limit and level that people write as a percentage.
public struct Share: Sendable, Hashable, Comparable, CustomStringConvertible {
  public let value: Double

  /// `value` is clamped to 0...1.
  public init(_ value: Double) { self.value = min(max(value, 0), 1) }

  /// `Share.percent(0.5)` is half a percent; of accuracy, half a percentage point.
  public static func percent(_ percent: Double) -> Share { Share(percent / 100) }

  public static func < (a: Share, b: Share) -> Bool { a.value < b.value }

  /// What may stand behind the number.
  public enum Notation: Sendable {
    /// A unit is needed: `0.5%` or `0.5pt`.
    ///
    /// For limits: 0.5 would be half a point to one reader and half of all rows to the next.
    case withUnit
    /// A share, `0.95`, or a percentage, `95%`.
    case shareOrPercent
  }

  /// Reads `text` as people write it: `0.5%`, `0.5pt`, `0.5 points`, and `0.005` where a bare number is
  /// allowed.
  ///
  /// Refuses, with `ShareError`, what is no number, what is not from 0 to 1, and a bare number that may
  /// mean two things.
  public init(text: String, _ notation: Notation) throws(ShareError) {
    let trimmed = Self.trimmed(text)
    var digits = Substring(trimmed)
    var hasUnit = false
    for unit in ["%", "points", "point", "pts", "pt", "pp"] where trimmed.hasSuffix(unit) {
      digits = Substring(Self.trimmed(String(trimmed.dropLast(unit.count))))
      hasUnit = true
      break
    }
    guard let number = Double(digits), number.isFinite else { throw .notANumber(text, notation) }
    if !hasUnit {
      switch notation {
      case .withUnit: throw .bare(text, number: number)
      case .shareOrPercent:
        guard (0...1).contains(number) else { throw .outOfRange(text, notation) }
      }
    }
    let share = hasUnit ? number / 100 : number
    guard (0...1).contains(share) else { throw .outOfRange(text, notation) }
    value = share
  }

  /// In percent, such as `0.5%`.
  public var description: String { "\(ShareError.percent(value))%" }

  private static func trimmed(_ text: String) -> String {
    let start = text.drop { $0 == " " }
    return String(start.reversed().drop { $0 == " " }.reversed())
  }
}

/// Why a text is no share.
public enum ShareError: ExplainedError, Equatable {
  case notANumber(String, Share.Notation)
  case outOfRange(String, Share.Notation)
  /// A number without a unit, which may be a share or a percentage.
  case bare(String, number: Double)

  public var kind: FailureKind { .usage }

  public var explanation: String {
    switch self {
    case .notANumber(_, .withUnit): "write a percentage, such as 0.5% or 0.5pt"
    case .notANumber(_, .shareOrPercent): "write a share, such as 0.95, or a percentage, such as 95%"
    case .outOfRange(_, .withUnit): "allowed: 0% to 100%"
    case .outOfRange(let text, .shareOrPercent):
      "allowed: 0 to 1, or 0% to 100%"
        + (Double(text).map { $0 > 1 && $0 <= 100 } ?? false ? "; did you mean \(text)%?" : "")
    case .bare(let text, let number):
      (0...1).contains(number)
        ? "the unit is missing; write \(text)% (or \(text)pt), or \(Self.percent(number))% if you"
          + " mean that share of all rows"
        : "the unit is missing; write \(text)% (or \(text)pt)"
    }
  }

  /// `number` times 100, without trailing zeros.
  static func percent(_ number: Double) -> String {
    let hundredth = (number * 1e8).rounded() / 1e6
    return hundredth == hundredth.rounded() ? "\(Int(hundredth))" : "\(hundredth)"
  }
}
