/// The time of one text by batch size: a bar to the median, a line on to the 90th percentile.
struct LatencyPlot {
  var variants: [VariantFigures]

  private var batches: [Int] {
    variants.first?.cost.latencies.map(\.batch) ?? []
  }

  func markup(_ size: PlotSize) -> Markup {
    let names = variants.map { DisplayText.clean($0.name, limit: 200) }
    let room = size == .wide ? 180.0 : 96
    let left = min(room, names.map { PlotCanvas.textWidth($0) }.max() ?? 0) + 12
    let (bar, gap, heading) = (20.0, 6.0, 30.0)
    let group = heading + Double(variants.count) * (bar + gap) + 8
    var canvas = PlotCanvas(width: size.width, height: Double(batches.count) * group + 48)
    let longest = variants.flatMap { $0.cost.latencies.map(\.p90) }.max() ?? 1
    let right = size.width - 70
    let scale = PlotScale(0, max(longest, 1), from: left, to: right)
    for (place, batch) in batches.enumerated() {
      let top = Double(place) * group
      canvas.text(
        "\(batch) text\(batch == 1 ? "" : "s") a batch", 2, top + 20, .start, style: "t b")
      for (index, variant) in variants.enumerated() {
        guard let latency = variant.latency(batch: batch) else { continue }
        let y = top + heading + Double(index) * (bar + gap)
        canvas.text(
          PlotCanvas.fitted(names[index], to: left - 12), left - 8, y + bar * 0.72, .end)
        canvas.rectangle(
          .init(left: left, top: y, right: max(scale(latency.p50), left + 1), bottom: y + bar),
          "m s\(index % PlotMark.colors)",
          tip: "\(names[index]): p50 \(Human.milliseconds(nanoseconds: latency.p50)), "
            + "p90 \(Human.milliseconds(nanoseconds: latency.p90)), "
            + "p99 \(Human.milliseconds(nanoseconds: latency.p99)) a text")
        canvas.line(scale(latency.p50), y + bar / 2, scale(latency.p90), y + bar / 2, "tail")
        canvas.line(
          scale(latency.p90), y + bar / 2 - 4, scale(latency.p90), y + bar / 2 + 4, "tail")
        canvas.text(
          Human.milliseconds(nanoseconds: latency.p50), scale(latency.p90) + 6, y + bar * 0.72)
      }
    }
    let bottom = Double(batches.count) * group + 4
    canvas.line(left, bottom, right, bottom, "axis")
    for tick in scale.ticks(size == .wide ? 6 : 3) {
      canvas.line(scale(tick), bottom, scale(tick), bottom + 4, "axis")
      canvas.text(PlotCanvas.number(tick / 1e6), scale(tick), bottom + 18, .middle)
    }
    canvas.text("ms a text", (left + right) / 2, bottom + 37, .middle, style: "t n")
    return canvas.svg(
      "latency-\(size.suffix)", title: "Latency of one text by batch size", describing: summary)
  }

  private var summary: String {
    batches.map { batch in
      "\(batch) a batch: "
        + variants.compactMap { variant in
          variant.latency(batch: batch).map {
            "\(DisplayText.clean(variant.name, limit: 80)) "
              + Human.milliseconds(nanoseconds: $0.p50)
          }
        }.joined(separator: ", ")
    }.joined(separator: "; ") + " a text (medians)."
  }
}
