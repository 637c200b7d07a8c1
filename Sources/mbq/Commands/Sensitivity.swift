import ArgumentParser
import MBQCheckpoints
import MBQCore
import MBQQuantizer
import MBQReport
import MBQRuntime

struct Sensitivity: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures what rounding each linear alone costs: which to spare, which to squeeze.",
    discussion: """
      Every linear in turn is rounded to 3 bits, everything else stays in fp32, and the change of the \
      logits over calibration text is measured. Figures are kept in a file: an interrupted run goes on, \
      and 'mbq quantize --target-size' takes them from there.

      Examples:
        mbq sensitivity ./my-model --text news.csv
        mbq sensitivity ./my-model --text news.csv --texts 64 --threads 4 --json
        mbq quantize ./my-model --text news.csv --target-size 10MB
      """)

  @OptionGroup var source: CheckpointOptions

  @Option(help: ArgumentHelp("Calibration text; needs no labels.", valueName: "file"))
  var text: String

  @Option(help: ArgumentHelp("Texts to draw.", valueName: "n"))
  var texts = KeptSensitivities.texts

  @Option(help: ArgumentHelp("Cut texts to this many tokens.", valueName: "n"))
  var maxTokens = KeptSensitivities.maximumTokens

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Where figures are kept (default: the checkpoint's name and .sensitivity.json).",
      valueName: "file"))
  var output: String?

  @Option(help: ArgumentHelp("Linears to show, the most sensitive first.", valueName: "n"))
  var top = 15

  @Flag(help: "Print the result as JSON, every linear.")
  var json = false

  @OptionGroup var columns: DataOptions
  @OptionGroup var runtime: RuntimeOptions

  func run() throws {
    let checkpoint = try source.open()
    let pool = runtime.pool()
    defer { withExtendedLifetime(pool) {} }
    let drawn = try CalibrationData(
      columns: columns, options: .init(texts: texts, maximumTokens: maxTokens)
    ).texts(text, checkpoint)
    let plan = try Plan(Recipe(), hasText: true)
    var compressor = Compressor(plan, parallel: pool.parallel)
    compressor.texts = drawn.texts
    let prepared = try compressor.prepare(checkpoint)
    let path = output ?? source.sensitivityPath
    let (sites, measured) = try KeptSensitivities(
      path: path, group: plan.weights.group, parallel: pool.parallel
    ).measureShowing(prepared, drawn, of: checkpoint)
    show(sites, measured: measured, path: path, texts: drawn.texts.count)
  }

  private func show(_ sites: [SiteSensitivity], measured: Int, path: String, texts: Int) {
    let ordered = sites.sorted { $0.logitChange > $1.logitChange }
    // People get what fits 80 columns beside names such as layer.10.bottleneck.output.
    let details: [ReportTable.Column] = [.number("weights"), .number("range"), .number("kurtosis")]
    var table = ReportTable(
      title: "most sensitive",
      columns: [.text("site", overflow: .wrap)] + (json ? details : [])
        + [
          .number("peak", "peak/rms"), .number("sqnr8", "dB at 8"), .number("sqnr4", "at 4"),
          .number("change", "Δ logit"), .number("flips"),
        ])
    for site in json ? ordered : Array(ordered.prefix(top)) {
      func decibels(_ bits: Int) -> ReportCell {
        site.sqnr(bits: bits).map { .number($0, digits: 1) } ?? .missing
      }
      let details: [ReportCell] = [
        .count(site.weights), .number(Double(site.range), digits: 1),
        .number(site.channelKurtosis, digits: 1),
      ]
      table.rows.append(
        [.text(site.site)] + (json ? details : [])
          + [
            .number(site.peakRatio, digits: 1), decibels(8), decibels(4),
            .number(site.logitChange.squareRoot(), digits: 4), .integer(site.flips),
          ])
    }
    Output.show(
      Report([
        .facts([
          .init("checkpoint", source.checkpoint), .init("texts", .count(texts)),
          .init("linears", .count(sites.count)), .init("measured now", .count(measured)),
          .init("kept in", path),
        ]), .table(table),
      ]), json: json)
    guard !json else { return }
    Output.show(
      """

      dB: signal to rounding noise of its products. --json also has ranges and kurtosis of channels.
      Δ logit: root mean square change of the logits when it alone has 3 bits.
      Next: mbq quantize \(source.checkpoint) --target-size 10MB \\
              --text \(text)
      """)
  }
}
