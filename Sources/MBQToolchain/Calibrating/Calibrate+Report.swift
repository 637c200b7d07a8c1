import MBQCore
import MBQQuantizer
import MBQReport

extension CalibrateResult {
  /// The audit of the texts, and the most notable hidden states by the ranges that `observer` chooses.
  package func report(_ observer: any RangeObserver.Type) -> Report {
    let report = CalibrationReport(texts: drawn, statistics: statistics, observer: observer)
    var facts: [Report.Fact] = [
      .init("checkpoint", options.checkpoint.path), .init("written", file),
      .init("second moments", options.secondMoments ? "yes" : "no"),
      .init("took", .milliseconds(nanoseconds: nanoseconds)),
    ]
    if resumedTexts > 0 { facts.insert(.init("continued after", "\(resumedTexts) texts"), at: 1) }
    return Report(
      report.audit(file: options.text, evaluation: options.evaluation) + report.sites() + [
        .facts(facts)
      ])
  }
}
