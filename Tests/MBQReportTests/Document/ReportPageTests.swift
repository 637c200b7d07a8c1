import Foundation
import MBQTestSupport
import Testing

@testable import MBQEvaluation
@testable import MBQReport

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite("Pages of a report")
struct ReportPageTests {
  /// The names of the elements a page has, in order.
  private func elements(_ page: String) -> [Substring] {
    page.split(separator: "<").dropFirst().compactMap { part in
      guard let first = part.first, first.isLetter else { return nil }
      return part.prefix { $0.isLetter || $0.isNumber }
    }
  }

  private func drawings(_ page: String) -> [String] {
    page.components(separatedBy: "<svg").dropFirst().compactMap { part in
      part.range(of: "</svg>").map { "<svg" + part[..<$0.upperBound] }
    }
  }

  @Test("every section and drawing is there, and each drawing is well formed and described")
  func whole() throws {
    let page = ReportPage.render(try SampleReport.usual())
    for section in ReportSections.all {
      #expect(page.contains("<section id=\"\(section.id)\">"), "\(section.id)")
    }
    let drawings = drawings(page)
    // Five for wide and narrow pages, and one confusion matrix a variant.
    #expect(drawings.count == 2 * 5 + 3)
    for drawing in drawings {
      #expect(XMLParser(data: Data(drawing.utf8)).parse(), "\(drawing.prefix(300))")
      #expect(drawing.contains("<title id=") && drawing.contains("<desc id="))
    }
    let ids = page.components(separatedBy: " id=\"").dropFirst().map { $0.prefix { $0 != "\"" } }
    #expect(Set(ids).count == ids.count)
    #expect(!page.contains("NaN") && !page.contains("nan\"") && !page.contains("inf\""))
  }

  @Test("nothing is fetched and nothing runs")
  func alone() throws {
    let page = ReportPage.render(try SampleReport.usual())
    for word in ["<script", "<link", "<img", "@import", "url(", "src=", "javascript:"] {
      #expect(!page.contains(word), "\(word)")
    }
    let addresses = page.components(separatedBy: "http").dropFirst().map { "http" + $0.prefix(22) }
    #expect(Set(addresses) == ["http-equiv=\"Content-Securi", "http://www.w3.org/2000/svg"])
  }

  @Test("hostile words change no element of the page", arguments: SampleReport.hostile.indices)
  func hostile(_ index: Int) throws {
    func page(_ word: String) throws -> String {
      ReportPage.render(
        try SampleReport.make(
          [(word + "1", 900, [1, 2]), (word + "2", 500, [1, 3])], labels: [word + "a", word + "b"],
          excerpt: word))
    }
    let word = SampleReport.hostile[index]
    let (found, expected) = (try page(word), try page("plain"))
    // What a long name is cut to may be on another line of a legend, not in another element.
    #expect(elements(found) == elements(expected))
    #expect(found.utf8.count < expected.utf8.count + 300_000)
    for scalar in ["\u{202E}", "\u{0}", "\u{1B}", "\u{85}", "\u{FFFE}"] {
      #expect(!found.unicodeScalars.contains(Unicode.Scalar(scalar)!))
    }
    for drawing in drawings(found) { #expect(XMLParser(data: Data(drawing.utf8)).parse()) }
  }

  @Test("hostile words stay cells of the Markdown", arguments: SampleReport.hostile.indices)
  func markdown(_ index: Int) throws {
    let word = SampleReport.hostile[index]
    let text = ReportMarkdown.render(
      try SampleReport.make(
        [(word + "1", 900, [1, 2]), (word + "2", 500, [1, 3])], labels: [word + "a", word + "b"],
        excerpt: word))
    #expect(text.count <= ReportMarkdown.limit)
    // Every row of a table has as many bars as its head.
    var columns: Int?
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      guard line.hasPrefix("|") else {
        columns = nil
        continue
      }
      let bars = line.replacing("\\\\", with: "").replacing("\\|", with: "").count { $0 == "|" }
      #expect(bars == columns ?? bars, "\(line.prefix(200))")
      columns = bars
    }
    // What is escaped, and what stands in a code span, is shown as it is.
    let live = text.replacing(/\\./, with: "").replacing(/`[^`\n]*`/, with: "")
    let tags = live.components(separatedBy: "<").dropFirst().map {
      $0.prefix { $0.isLetter || $0 == "/" }
    }
    #expect(Set(tags).isSubset(of: ["details", "summary", "/summary", "/details"]))
  }

  @Test("many variants, labels and layers, or hardly any")
  func extremes() throws {
    let labels = (0..<40).map { "label number \($0)" }
    let many = try SampleReport.make(
      (0..<25).map { ("variant \($0)", 1000 - $0, [$0 + 1]) }, labels: labels)
    let page = ReportPage.render(many)
    #expect(page.contains("The most frequent confusions of variant 3."))
    for drawing in drawings(page) { #expect(XMLParser(data: Data(drawing.utf8)).parse()) }
    let one = ReportPage.render(try SampleReport.make([("only", 1, [])], rows: 1))
    #expect(!one.contains("id=\"flips\"") && !one.contains("id=\"layers\""))
    for drawing in drawings(one) { #expect(XMLParser(data: Data(drawing.utf8)).parse()) }
  }

  @Test("text is never written outside of its drawing")
  func inside() throws {
    let reports = [
      try SampleReport.usual(),
      try SampleReport.make(
        [("a-rather-long-variant-name-of-somebody", 5_000_000_000, [1]), ("b", 3, [])],
        labels: ["a long label of many words", "another such label", "c"]),
    ]
    for page in reports.map(ReportPage.render) {
      for drawing in drawings(page) {
        let box = try #require(drawing.range(of: "viewBox=\"0 0 "))
        let size = drawing[box.upperBound...].prefix { $0 != "\"" }.split(separator: " ")
        let width = try #require(Double(size[0]))
        for text in drawing.components(separatedBy: "<text ").dropFirst() {
          func attribute(_ name: String) -> String {
            text.components(separatedBy: "\(name)=\"").dropFirst().first.map {
              String($0.prefix { $0 != "\"" })
            } ?? ""
          }
          let content = text.components(separatedBy: ">")[1].prefix { $0 != "<" }
          let anchor = PlotCanvas.Anchor(rawValue: attribute("text-anchor")) ?? .start
          let found = PlotCanvas.box(
            String(content), Double(attribute("x")) ?? -1, Double(attribute("y")) ?? -1, anchor)
          #expect(
            found.left >= -3 && found.right <= width + 3, "\(content) in \(drawing.prefix(120))")
        }
      }
    }
  }

  @Test("ticks are round, within the axis, and not too many")
  func ticks() {
    for (low, high) in [(0.0, 1.0), (0.93, 0.961), (0, 98_331_656), (1, 24), (-3, 7), (0, 1e-9)] {
      for count in [3, 5, 8] {
        let ticks = PlotScale.ticks(from: low, to: high, count: count)
        #expect((2...(count + 1)).contains(ticks.count), "\(low) \(high) \(count) \(ticks)")
        #expect(
          ticks.allSatisfy { $0 >= low - 1e-9 * (high - low) && $0 <= high + 1e-9 * (high - low) })
        let steps = zip(ticks, ticks.dropFirst()).map { $1 - $0 }
        #expect(steps.allSatisfy { abs($0 - steps[0]) < 1e-9 * (high - low) })
      }
    }
    let decades = PlotScale(0.0008, 0.3, from: 0, to: 1, isLogarithmic: true)
    #expect(decades.ticks(5).map { PlotCanvas.number($0 * 1000) } == ["1", "10", "100"])
    #expect(abs(decades(0.0008)) < 1e-12 && abs(decades(0.3) - 1) < 1e-12)
  }

  @Test("colours of text and marks stand out from their ground")
  func contrast() {
    func values(_ sheet: String) -> [String: [Double]] {
      Dictionary(
        uniqueKeysWithValues: sheet.split(separator: ";").map { entry in
          let parts = entry.split(separator: ":")
          let digits = Array(parts[1].dropFirst())
          let bytes = stride(from: 0, to: 6, by: 2).map {
            Double(Int(String(digits[$0...($0 + 1)]), radix: 16) ?? 0) / 255
          }
          return (String(parts[0].dropFirst(2)), bytes)
        })
    }
    // WCAG 2.2, relative luminance and contrast ratio.
    func luminance(_ color: [Double]) -> Double {
      let linear = color.map { $0 <= 0.04045 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4) }
      return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    }
    func ratio(_ one: [Double], _ other: [Double]) -> Double {
      let (a, b) = (luminance(one), luminance(other))
      return (max(a, b) + 0.05) / (min(a, b) + 0.05)
    }
    for sheet in [PlotStyle.light, PlotStyle.dark].map(values) {
      guard let paper = sheet["paper"], let panel = sheet["panel"], let ink = sheet["ink"],
        let heat = sheet["heat"]
      else { return }
      for name in ["ink", "soft", "accent"] {
        #expect(ratio(sheet[name] ?? paper, paper) >= 4.5, "\(name)")
        #expect(ratio(sheet[name] ?? panel, panel) >= 4.5, "\(name) on a panel")
      }
      for series in 0..<PlotMark.colors {
        #expect(ratio(sheet["s\(series)"] ?? paper, paper) >= 3, "s\(series)")
      }
      // The fullest cell of a confusion matrix.
      let full = zip(heat, paper).map { 0.38 * $0 + 0.62 * $1 }
      #expect(ratio(ink, full) >= 4.5)
    }
  }
}
