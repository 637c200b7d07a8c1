import Foundation
import MBQCore
import MBQEvaluation
import Testing

@testable import MBQReport

/// Every plot with as little, as much and as odd data as it can get.
@Suite("Plots of degenerate data")
struct DegeneratePlotTests {
  private func expectDrawn(
    _ text: String, _ what: String, _ location: SourceLocation = #_sourceLocation
  ) -> PlainDrawing? {
    guard let drawing = PlainDrawing(text) else {
      Issue.record("\(what): not well-formed", sourceLocation: location)
      return nil
    }
    #expect(drawing.isPlaced, "\(what)", sourceLocation: location)
    let words = drawing.words.lowercased().split { !$0.isLetter }
    #expect(!words.contains("nan") && !words.contains("inf"), "\(what)", sourceLocation: location)
    let isClean = drawing.words.unicodeScalars.allSatisfy {
      $0.value >= 32 && $0.value != 0x7F && $0.value != 0x202E || $0 == "\n"
    }
    #expect(isClean, "\(what)", sourceLocation: location)
    return drawing
  }

  // MARK: The front

  private func front(
    _ points: [FrontPlot.Point], _ quality: FrontPlot.Quality = .share, title: String = "front",
    maximum: Int? = nil
  ) -> FrontPlot {
    var plot = FrontPlot(title: title, maximumBytes: maximum, points: points)
    plot.quality = quality
    return plot
  }

  @Test("the front of no points, one, equal ones, and ones without a figure")
  func front() throws {
    func point(_ bytes: Int, _ agreement: Double, _ interval: Interval? = nil) -> FrontPlot.Point {
      .init(bytes: bytes, agreement: agreement, name: "m", interval: interval)
    }
    let cases: [(String, [FrontPlot.Point])] = [
      ("none", []), ("one", [point(25_000_000, 0.9)]),
      ("one that is never right", [point(25_000_000, 0)]),
      ("equal", Array(repeating: point(1000, 0.5), count: 4)),
      ("of nothing", [point(0, 1), point(0, 0)]),
      ("largest", [point(1, 0.5), point(.max, 0.6)]),
      ("not numbers", [point(1000, .nan), point(2000, 0.5), point(3000, .infinity)]),
      ("no number alone", [point(1000, .nan)]),
      (
        "intervals of everything",
        [
          point(10, 0.5, Interval(lower: 0, upper: 1)),
          point(20, 0.5, Interval(lower: 0.5, upper: 0.5)),
        ]
      ),
    ]
    for (name, points) in cases {
      for quality in [FrontPlot.Quality.share, .divergence] {
        for maximum in [nil, 0, 1, 26_000_000] {
          var plot = front(points, quality, maximum: maximum)
          for named in [false, true] {
            plot.namesPoints = named
            let drawing = try #require(expectDrawn(plot.svg, "\(name), \(quality)"))
            let figures = points.count { $0.agreement.isFinite }
            #expect(drawing.count("circle") == (named ? 0 : figures), "\(name)")
            for size in PlotSize.allCases {
              _ = expectDrawn(plot.markup(size).rendered, "\(name), \(size)")
            }
          }
        }
      }
    }
    #expect(front([]).front == [])
    // Of equal ones the first stands for all; what is no number is not on the front.
    #expect(front(Array(repeating: point(1000, 0.5), count: 4)).front == [point(1000, 0.5)])
    #expect(front([point(1000, .nan), point(2000, 0.5)]).front == [point(2000, 0.5)])
    #expect(
      front([point(30, 0.9), point(10, 0.5), point(20, 0.5), point(20, 0.7)]).front
        == [point(10, 0.5), point(20, 0.7), point(30, 0.9)])
    // A divergence is the better the smaller.
    #expect(
      front([point(10, 0.5), point(20, 0.6), point(30, 0.1)], .divergence).front
        == [point(10, 0.5), point(30, 0.1)])
  }

  // MARK: The residual stream

  @Test("the stream of no layers, one, equal ones, and ones that are not finite")
  func stream() throws {
    func point(_ largest: Double, _ median: Double, _ equalized: Double) -> StreamPlot.Point {
      .init(name: "1", largest: largest, median: median, equalized: equalized)
    }
    let cases: [(String, [StreamPlot.Point])] = [
      ("none", []), ("one", [point(100, 1, 2)]),
      ("equal", Array(repeating: point(1, 1, 1), count: 24)),
      ("zero", Array(repeating: point(0, 0, 0), count: 3)),
      ("not numbers", [point(.nan, .infinity, -.infinity), point(1, 2, 3)]),
      ("nothing but infinity", [point(.infinity, .infinity, .infinity)]),
      ("tiny and huge", [point(1e300, 1e-300, .leastNonzeroMagnitude)]),
      ("many", (0..<1000).map { point(Double($0), 1, 1) }),
    ]
    for (name, points) in cases {
      let drawing = try #require(
        expectDrawn(StreamPlot(title: "stream", points: points).svg, name))
      // Three lines, and three of their legend.
      #expect(drawing.count("polyline") == 6, "\(name)")
    }
  }

  // MARK: Confusion

  @Test("confusion matrices without labels, of one, and without rows")
  func confusion() throws {
    for (labels, counts) in [
      ([], []), (["a"], [[0]]), (["a"], [[7]]), (["a", "b"], [[0, 0], [0, 0]]),
      (["a", "b"], [[.max / 4, 1], [0, .max / 4]]),
      (["a", "a", "a"], [[1, 1, 1], [1, 1, 1], [1, 1, 1]]),
    ] as [([String], [[Int]])] {
      let plot = ConfusionPlot(name: "m", labels: labels, counts: counts)
      let drawing = try #require(expectDrawn(plot.markup(id: "c").rendered, "\(labels) \(counts)"))
      #expect(drawing.count("rect") == 2 * labels.count * labels.count)
    }
  }

  // MARK: Lengths

  @Test("lengths of no text, one, equal ones, and nothing but cut ones")
  func lengths() throws {
    for (name, lengths, limit) in [
      ("none", [], 128), ("one", [3], 128), ("equal", Array(repeating: 64, count: 500), 128),
      ("all cut", Array(repeating: 1000, count: 9), 16), ("shortest limit", [1, 2, 3, 4], 1),
      ("zero", [0, 0], 8), ("long", [1, 1_000_000], 1_000_000),
    ] as [(String, [Int], Int)] {
      let histogram = LengthHistogram(lengths: lengths, limit: limit)
      #expect(histogram.bins.map(\.rows).reduce(0, +) == lengths.count, "\(name)")
      for size in PlotSize.allCases {
        let drawing = try #require(
          expectDrawn(LengthsPlot(lengths: histogram).markup(size).rendered, "\(name), \(size)"))
        #expect(drawing.count("rect") == histogram.bins.count, "\(name)")
      }
    }
  }

  // MARK: Latency and layers

  private func variants(
    _ times: [[UInt64]], errors: [[Double]] = [], name: (Int) -> String = { "variant \($0)" }
  ) throws -> [VariantFigures] {
    let usual = try SampleReport.usual().variants
    return times.enumerated().map { index, times in
      var variant = usual[index % usual.count]
      variant.name = name(index)
      variant.cost.latencies =
        LatencySample(nanoseconds: times).map {
          [.init(batch: 1, sample: $0, ratioToBaseline: 1)]
        } ?? []
      variant.layerErrors =
        errors.indices.contains(index)
        ? errors[index].enumerated().map { .init(layer: $0.offset + 1, error: $0.element) } : []
      return variant
    }
  }

  @Test("latencies of no variant, of one, of none that was timed, equal, zero, and very long ones")
  func latency() throws {
    for (name, times) in [
      ("none", []), ("one", [[5_000_000]]), ("not timed", [[], []]),
      ("some timed", [[5_000_000], []]), ("equal", Array(repeating: [5_000_000], count: 8)),
      ("zero", [[0], [0, 0]]), ("long", [[.max], [1]]),
    ] as [(String, [[UInt64]])] {
      for size in PlotSize.allCases {
        let drawing = try #require(
          expectDrawn(
            LatencyPlot(variants: try variants(times)).markup(size).rendered, "\(name), \(size)"))
        // Of variants that the first does not share its batches with, none is drawn.
        let drawn = (times.first ?? []).isEmpty ? 0 : times.count { !$0.isEmpty }
        #expect(drawing.count("rect") == drawn, "\(name)")
      }
    }
  }

  @Test("errors after layers: none, one, equal, zero, and ones that are not finite")
  func layers() throws {
    for (name, errors) in [
      ("none", [[], []]), ("one", [[], [0.1]]), ("equal", [[], [0.1, 0.1, 0.1]]),
      ("zero", [[], [0, 0, 0]]), ("zero and not", [[], [0, 0.5, 1e-9]]),
      ("not numbers", [[], [.nan, 0.1, .infinity]]), ("no number at all", [[], [.nan, .nan]]),
      ("nothing but infinity", [[], [.infinity]]),
    ] as [(String, [[Double]])] {
      var report = try SampleReport.usual()
      report.variants = try variants([[1], [1]], errors: errors)
      let markup = LayersSection.html(report)
      let text = markup?.rendered ?? ""
      let drawings = text.components(separatedBy: "<svg").dropFirst().map {
        "<svg" + $0.prefix(upTo: $0.range(of: "</svg>")?.upperBound ?? $0.endIndex)
      }
      let isEmpty = errors[1].allSatisfy { !($0 > 0 && $0.isFinite) }
      #expect(drawings.isEmpty == isEmpty, "\(name)")
      for drawing in drawings { _ = expectDrawn(drawing, name) }
      let lines = (LayersSection.markdown(report) ?? "").split(separator: "\n")
        .filter { $0.hasPrefix("| ") }
      #expect(lines.count == (errors[1].isEmpty ? 0 : errors[1].count + 2), "\(name)")
    }
  }

  // MARK: Names

  @Test("names and titles that are long or hostile", arguments: HardNames.all.indices)
  func names(_ index: Int) throws {
    let name = HardNames.all[index]
    var front = front(
      [
        .init(bytes: 10, agreement: 0.5, name: name), .init(bytes: 20, agreement: 0.6, name: name),
      ], title: name)
    let plain = PlainDrawing(front.svg)?.names
    for named in [false, true] {
      front.namesPoints = named
      _ = expectDrawn(front.svg, "front")
    }
    front.title = "plain"
    front.points = front.points.map { .init(bytes: $0.bytes, agreement: $0.agreement, name: "m") }
    front.namesPoints = false
    #expect(PlainDrawing(front.svg)?.names == plain)
    let stream = StreamPlot(
      title: name, points: [.init(name: name, largest: 1, median: 1, equalized: 1)])
    _ = expectDrawn(stream.svg, "stream")
    let labels = [name, "b"]
    let confusion = ConfusionPlot(name: name, labels: labels, counts: [[1, 2], [3, 4]])
    _ = expectDrawn(confusion.markup(id: "c").rendered, "confusion")
    let variants = try variants([[1], [2]], name: { _ in name })
    for size in PlotSize.allCases {
      _ = expectDrawn(LatencyPlot(variants: variants).markup(size).rendered, "latency")
    }
  }
}
