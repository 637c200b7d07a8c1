import Foundation
import MBQEvaluation

/// Quantities as people write them.
///
/// All of them deterministic, with `.` as the decimal point.
public enum Human {
  /// `25.1 MB`: powers of 1000, one decimal from a kilobyte on.
  public static func bytes(_ count: Int) -> String {
    var value = Double(count)
    if abs(value) < 1000 { return "\(count) B" }
    for unit in ["kB", "MB", "GB", "TB"] {
      value /= 1000
      // 999.95 would print as 1000.0, which is 1.0 of the next unit.
      if abs(value) < 999.95 || unit == "TB" { return "\(fixedPoint(value, digits: 1)) \(unit)" }
    }
    return "\(count) B"
  }

  /// `5.81 ms`: milliseconds with three significant digits, whole ones from 100 on.
  public static func milliseconds(nanoseconds: Double) -> String {
    "\(significant(nanoseconds / 1e6)) ms"
  }

  /// A time a person waits: `850 µs`, `12.3 ms`, `4.56 s`, `2 min 05 s`, `1 h 02 min`.
  public static func duration(nanoseconds: Double) -> String {
    guard nanoseconds.isFinite, nanoseconds >= 0 else { return "-" }
    if nanoseconds < 999.5 { return "\(fixedPoint(nanoseconds, digits: 0)) ns" }
    if nanoseconds < 999.5e3 { return "\(significant(nanoseconds / 1e3)) µs" }
    if nanoseconds < 999.5e6 { return "\(significant(nanoseconds / 1e6)) ms" }
    let seconds = nanoseconds / 1e9
    if seconds < 59.95 { return "\(significant(seconds)) s" }
    guard seconds < 1e9 else { return "over 30 years" }
    let whole = Int(seconds.rounded())
    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if whole < 3600 { return "\(whole / 60) min \(two(whole % 60)) s" }
    let minutes = (whole + 30) / 60
    return "\(minutes / 60) h \(two(minutes % 60)) min"
  }

  /// `87.40 %` for 0.874.
  public static func percent(_ share: Double, digits: Int = 2) -> String {
    share.isFinite ? "\(fixedPoint(share * 100, digits: digits)) %" : "-"
  }

  /// `92.10 % to 95.00 %`.
  public static func interval(_ interval: Interval, digits: Int = 2) -> String {
    "\(percent(interval.lower, digits: digits)) to \(percent(interval.upper, digits: digits))"
  }

  /// `+0.30` for 0.003: percentage points, always with a sign.
  public static func points(_ share: Double, digits: Int = 2) -> String {
    guard share.isFinite else { return "-" }
    let text = fixedPoint(share * 100, digits: digits)
    // A value that rounds to zero has no sign.
    if !text.contains(where: { $0 != "0" && $0 != "." && $0 != "-" }) {
      return fixedPoint(0, digits: digits)
    }
    return share > 0 ? "+\(text)" : text
  }

  /// `-0.10 to +0.40`.
  public static func points(_ interval: Interval, digits: Int = 2) -> String {
    "\(points(interval.lower, digits: digits)) to \(points(interval.upper, digits: digits))"
  }

  /// `95 % interval` for 0.95.
  public static func intervalTitle(_ confidence: Double) -> String {
    "\(plain(confidence * 100)) % interval"
  }

  /// Few digits for values of any size: `0.0312`, `1.2e-05`.
  public static func small(_ value: Double) -> String {
    guard value.isFinite else { return "-" }
    let size = abs(value)
    if size == 0 { return "0" }
    if size >= 0.001 { return fixedPoint(value, digits: size >= 1 ? 3 : 4) }
    return String(format: "%.2g", value)
  }

  /// Without trailing zeros: `95`, `99.9`.
  public static func plain(_ value: Double) -> String {
    var text = fixedPoint(value, digits: 6)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  /// `1,234,567`.
  public static func count(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var grouped = ""
    for (index, digit) in digits.enumerated() {
      if index > 0 && (digits.count - index) % 3 == 0 { grouped.append(",") }
      grouped.append(digit)
    }
    return value < 0 ? "-\(grouped)" : grouped
  }

  /// `40.7` or `14,700`: three significant digits, whole ones from 100 on.
  public static func rate(_ perSecond: Double) -> String {
    guard perSecond.isFinite, abs(perSecond) < 1e15 else { return "-" }
    return abs(perSecond) < 999.5 ? significant(perSecond) : count(Int(perSecond.rounded()))
  }

  /// Three significant digits without an exponent; nothing after the point from 99.95 on.
  static func significant(_ value: Double) -> String {
    guard value.isFinite else { return "-" }
    let size = abs(value)
    if size == 0 { return "0" }
    if size >= 99.95 { return fixedPoint(value, digits: 0) }
    if size >= 9.995 { return fixedPoint(value, digits: 1) }
    if size >= 0.9995 { return fixedPoint(value, digits: 2) }
    if size >= 0.099_95 { return fixedPoint(value, digits: 3) }
    return fixedPoint(value, digits: 4)
  }
}
