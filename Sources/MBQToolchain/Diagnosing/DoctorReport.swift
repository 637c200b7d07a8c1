import Foundation
import MBQQuantizer
import MBQReport

/// A diagnosis as facts and tables of at most 80 columns, the worst sites first.
package struct DoctorReport: Sendable {
  var checkpoint: String
  var kernels: String
  /// The texts that were run; `nil`: random word pieces stood in.
  var texts: Int?
  var tokenCount: Int
  var sites: [SiteDiagnosis]
  var times: [LinearTimes.Shape: LinearTimes]
  private static let siteCount = 12

  var linears: [LinearDiagnosis] {
    sites.compactMap { if case .linear(let site) = $0 { site } else { nil } }
  }

  var adds: [AddDiagnosis] {
    sites.compactMap { if case .add(let site) = $0 { site } else { nil } }
  }

  func prescriptions(_ site: LinearDiagnosis) -> [Prescription] {
    site.prescriptions(times[.init(inputs: site.inputs, outputs: site.outputs)])
  }

  // MARK: Text

  package func blocks(all: Bool) -> [Report.Block] {
    let linears = ordered(linears) { $0.noise[.int8] ?? 0 }
    let adds = self.adds.sorted { ($0.health, -$0.scaleRatio) > ($1.health, -$1.scaleRatio) }
    func title(_ kind: String, _ count: Int) -> String {
      all || count <= Self.siteCount
        ? "\(kind), the worst first" : "\(kind): the worst \(Self.siteCount) of \(count)"
    }
    var linearTable = ReportTable(
      title: title("linears", linears.count),
      columns: [
        .text("site", overflow: .wrap), .number("range"), .number("kurtosis", "kurt."),
        .number("int8", "int8"), .number("static", "static"), .number("int4", "int4"),
        .text("prescription", "what to do"),
      ])
    for site in all ? linears : Array(linears.prefix(Self.siteCount)) {
      linearTable.rows.append([
        .text(wrappable(site.site)), .text(Self.short(Double(site.input.largest))),
        Self.kurtosis(site.input), decibels(site.noise[.int8]),
        decibels(site.noise[.int8Static]), decibels(site.noise[.int4]),
        .text(advice(prescriptions(site))),
      ])
    }
    var addTable = ReportTable(
      title: title("residual adds", adds.count),
      columns: [
        .text("site", overflow: .wrap), .number("branch"), .number("residual"),
        .number("ratio"), .number("fp16_overflows", "> fp16"), .number("static"),
        .text("prescription", "what to do"),
      ])
    for site in all ? adds : Array(adds.prefix(Self.siteCount)) {
      addTable.rows.append([
        .text(wrappable(site.site)), .text(Self.short(Double(site.branch.largest))),
        .text(Self.short(Double(site.residual.largest))), .text(Self.power(site.scaleRatio)),
        .count(site.halfOverflows), decibels(site.noise[.int8Static]), .text(advice(site)),
      ])
    }
    return [.facts(facts), .table(linearTable)] + (adds.isEmpty ? [] : [.table(addTable)])
  }

  private func ordered(
    _ sites: [LinearDiagnosis], by value: (LinearDiagnosis) -> Double
  ) -> [LinearDiagnosis] {
    sites.sorted { ($0.health.rawValue, -value($0)) > ($1.health.rawValue, -value($1)) }
  }

  private func wrappable(_ name: String) -> String {
    name.replacingOccurrences(of: "+", with: " + ")
  }

  private func decibels(_ value: Double?) -> ReportCell {
    // Not "-0".
    value.map { .number(abs($0) < 0.5 ? 0 : $0, digits: 0) } ?? .missing
  }

  private static func kurtosis(_ profile: OperandProfile) -> ReportCell {
    profile.tokenKurtosis.map { .number($0.median, digits: $0.median < 9.95 ? 1 : 0) } ?? .missing
  }

  /// Three significant digits, with an exponent where it is short.
  static func short(_ value: Double) -> String {
    value >= 99_950 || value > 0 && value < 0.001
      ? String(format: "%.1e", value).replacingOccurrences(of: "e+0", with: "e")
        .replacingOccurrences(of: "e-0", with: "e-")
      : String(format: value >= 99.95 ? "%.0f" : value >= 9.995 ? "%.1f" : "%.2f", value)
  }

  /// A ratio as a power of two.
  static func power(_ ratio: Double) -> String {
    ratio > 0 ? String(format: "2^%.1f", log2(ratio)) : "0"
  }

  private func advice(_ prescriptions: [Prescription]) -> String {
    guard !prescriptions.isEmpty else { return "nothing" }
    return prescriptions.map { part in
      let name = "\(part.remedy.rawValue) (\(String(format: "%+.0f", part.gain)) dB)"
      guard part.bytes != 0 || part.nanoseconds ?? 1 != 0 else { return "\(name): free" }
      let time = part.nanoseconds.map { String(format: ", %+.3f ms", $0 / 1e6) } ?? ""
      return "\(name): +\(Human.bytes(part.bytes))\(time)"
    }.joined(separator: "; ")
  }

  /// Free, and what is left after it.
  private func advice(_ site: AddDiagnosis) -> String {
    guard !site.prescriptions().isEmpty else { return "nothing" }
    return "equalize: \(Self.power(site.equalizedScaleRatio))"
      + (site.halfOverflows > 0 ? ", \(site.equalizedHalfOverflows) > fp16" : "")
  }

  package static let legend =
    """
    range: largest magnitude of the input; kurt.: of a token's values, median (3 if
    normal). int8, static, int4: signal to noise in dB with int8 steps a token and a
    channel; with one int8 step a tensor, as other tools have; with 4-bit weights.
    10: lost, 20: clean. ratio: of the scales of an add's operands; > fp16: values
    above 65504; after "equalize:" what they become
    """
}
