import Foundation
import MBQQuantizer
import MBQReport

/// What it comes to, and the form for programs.
extension DoctorReport {
  var health: SiteHealth { sites.map(\.health).max() ?? .healthy }

  private var smallestRatio: AddDiagnosis? { adds.min { $0.scaleRatio < $1.scaleRatio } }

  /// One line.
  var verdict: String {
    switch health {
    case .healthy:
      return "healthy: int8 fits every site as it is"
    case .warning:
      return "mbq's int8 holds every site; other tools trip over what follows"
    case .error:
      let count = sites.count { $0.health == .error }
      return "int8 loses \(counted(count, "linear")); follow the prescriptions"
    }
  }

  /// What other tools trip over, a sentence each.
  var hazards: [String] {
    var found: [String] = []
    let overflows = adds.filter { $0.halfOverflows > 0 }
    if let worst = overflows.max(by: { peak($0) < peak($1) }) {
      found.append(
        "fp16 overflows in \(counted(overflows.count, "add")), up to \(Self.short(peak(worst))) (\(worst.site))"
      )
    }
    for (what, part) in [("inputs", \.input), ("weights", \.weight)]
      as [(
        String, KeyPath<LinearDiagnosis, OperandProfile>
      )]
    {
      let large = linears.filter { $0[keyPath: part].halfOverflows > 0 }
      if let worst = large.max(by: { $0[keyPath: part].largest < $1[keyPath: part].largest }) {
        found.append(
          "fp16 overflows in the \(what) of \(counted(large.count, "linear")), up to"
            + " \(Self.short(Double(worst[keyPath: part].largest))) (\(worst.site))")
      }
    }
    let narrow = adds.filter { $0.scaleRatio < DiagnosisLimits.scaleRatio }
    if let worst = narrow.min(by: { $0.scaleRatio < $1.scaleRatio }) {
      found.append(
        "\(counted(narrow.count, "add")) of scales more than 2^10 apart, down to \(Self.power(worst.scaleRatio))"
          + " (\(worst.site)): fixed-point runtimes refuse or crash")
    }
    let lost = linears.filter { ($0.noise[.int8Static] ?? 0) < DiagnosisLimits.lost }
    let lostAdds = adds.count { ($0.noise[.int8Static] ?? 0) < DiagnosisLimits.lost }
    if !lost.isEmpty || lostAdds > 0 {
      found.append(
        "one int8 step a tensor loses \(lost.count) of \(linears.count) linears and \(lostAdds) of"
          + " \(adds.count) adds")
    }
    let perToken = linears.filter { ($0.noise[.int8] ?? 0) < DiagnosisLimits.lost }
    if !perToken.isEmpty {
      found.append("one a token loses \(counted(perToken.count, "linear")), too")
    }
    return found
  }

  /// What `mbq quantize` does, or should be told to do.
  var remedies: [String] {
    var found: [String] = []
    let all = linears.flatMap { site in prescriptions(site).map { (site, $0) } }
    for remedy in Prescription.Remedy.allCases {
      let chosen = all.filter { $0.1.remedy == remedy }
      let mended = remedy == .equalize ? adds.count { !$0.prescriptions().isEmpty } : 0
      guard chosen.count + mended > 0 else { continue }
      let gains = chosen.map(\.1.gain).sorted()
      let time = chosen.compactMap(\.1.nanoseconds).reduce(0, +)
      let bytes = chosen.reduce(0) { $0 + $1.1.bytes }
      var text = "\(remedy.rawValue): \(counted(chosen.count, "linear"))"
      if mended > 0 { text += ", \(counted(mended, "add"))" }
      if let middle = gains.isEmpty ? nil : gains[gains.count / 2] {
        text += String(format: ", %+.0f dB (median)", middle)
      }
      text += ", +\(Human.bytes(bytes)), \(String(format: "%+.2f", time / 1e6)) ms"
      found.append(text)
    }
    return found.isEmpty ? ["nothing to do: int8 fits as it is"] : found
  }

  private func peak(_ site: AddDiagnosis) -> Double {
    Double([site.branch, site.residual, site.sum, site.output].map(\.largest).max() ?? 0)
  }

  package var facts: [Report.Fact] {
    let what =
      texts.map { "\($0) texts, \(Human.count(tokenCount)) tokens" }
      ?? "none: \(Human.count(tokenCount)) seeded random word pieces stand in"
    var facts: [Report.Fact] = [
      .init("checkpoint", checkpoint), .init("verdict", verdict), .init("texts", what),
      .init("sites", "\(linears.count) linears, \(adds.count) residual adds"),
    ]
    for (index, hazard) in hazards.enumerated() {
      facts.append(.init(index == 0 ? "other tools" : "", hazard))
    }
    for (index, remedy) in remedies.enumerated() {
      facts.append(.init(index == 0 ? "mbq" : "", remedy))
    }
    facts.append(.init("times", "at 128 tokens, one thread, \(kernels)"))
    return facts
  }

  /// What to run next.
  package func next(text: String?) -> String? {
    let suffix = text.map { " \\\n        --text \($0)" } ?? ""
    func isNeeded(_ remedy: Prescription.Remedy) -> Bool {
      linears.contains { prescriptions($0).contains { $0.remedy == remedy } }
    }
    // What smoothing mends can only be seen on texts.
    let doctor =
      text == nil ? "mbq doctor \(checkpoint) --text FILE (texts may mend it), or\n      " : ""
    if isNeeded(.floatModel) {
      return "Next: \(doctor)mbq quantize \(checkpoint) --bits 32, or 16 and measure: a file has\n"
        + "      integer products everywhere or nowhere"
    }
    if isNeeded(.int16) {
      return "Next: \(doctor)a recipe that names those sites under activations.int16\n"
        + "      (Calibration/recipes), then\n"
        + "      mbq quantize \(checkpoint) --recipe FILE\(suffix)"
    }
    return "Next: mbq quantize \(checkpoint)\(suffix)"
  }

  /// Layer by layer, what its last add leaves in the residual stream.
  var plot: StreamPlot {
    var points: [StreamPlot.Point] = []
    for add in adds {
      let name = add.layer.map { "\($0)" } ?? "in"
      let point = StreamPlot.Point(
        name: name, largest: Double(max(add.output.largest, add.sum.largest)),
        median: Double(add.output.medianChannel),
        equalized: Double(max(add.equalizedOutput.largest, add.equalizedSum.largest)))
      if points.last?.name == name {
        points[points.count - 1] = point
      } else {
        points.append(point)
      }
    }
    return StreamPlot(title: "Range of the residual stream by layer", points: points)
  }

  // MARK: JSON

  package struct JSON: Encodable {
    var checkpoint: String
    var health: String
    var verdict: String
    var texts: Int
    var tokens: Int
    var randomTexts: Bool
    var hazards: [String]
    var remedies: [String]
    var kernels: String
    var linears: [Linear]
    var adds: [Add]
  }

  struct Linear: Encodable {
    var health: String
    var prescriptions: [Prescription]
    var measured: LinearDiagnosis
    /// Nanoseconds at 128 tokens.
    var nanoseconds: [String: Double]
  }

  struct Add: Encodable {
    var health: String
    var prescriptions: [Prescription]
    var scaleRatio: Double
    var equalizedScaleRatio: Double
    var halfOverflows: Int
    var equalizedHalfOverflows: Int
    var measured: AddDiagnosis
  }

  package var json: JSON {
    JSON(
      checkpoint: checkpoint, health: health.name, verdict: verdict,
      texts: texts ?? 0, tokens: tokenCount,
      randomTexts: texts == nil, hazards: hazards, remedies: remedies, kernels: kernels,
      linears: linears.map { site in
        let times = times[.init(inputs: site.inputs, outputs: site.outputs)]
        return Linear(
          health: site.health.name, prescriptions: prescriptions(site), measured: site,
          nanoseconds: Dictionary(
            uniqueKeysWithValues: (times?.nanoseconds ?? [:]).map { ($0.key.rawValue, $0.value) }))
      },
      adds: adds.map { site in
        Add(
          health: site.health.name, prescriptions: site.prescriptions(),
          scaleRatio: site.scaleRatio,
          equalizedScaleRatio: site.equalizedScaleRatio, halfOverflows: site.halfOverflows,
          equalizedHalfOverflows: site.equalizedHalfOverflows, measured: site)
      })
  }
}

extension SiteHealth {
  var name: String {
    switch self {
    case .healthy: "healthy"
    case .warning: "warning"
    case .error: "error"
    }
  }
}

/// `1 add`, `2 adds`.
private func counted(_ count: Int, _ noun: String) -> String {
  "\(count) \(noun)\(count == 1 ? "" : "s")"
}
