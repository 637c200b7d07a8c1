import Foundation
import MBQTestSupport
import Testing

@testable import MBQEvaluation
@testable import MBQReport

#if canImport(FoundationXML)
import FoundationXML
#endif

@Suite("Forms of a check")
struct GateFormTests {
  private func gate(path: String = "models/int8.mbq", allows: Bool = false) throws -> GateSummary {
    var comparison = try Comparisons.small()
    comparison.candidate.path = path
    if !comparison.listedFlips.isEmpty {
      comparison.listedFlips[0].excerpt = "<b>\"&'\u{1B}[31m\u{0}\u{FFFE}\n]]>"
    }
    let limits: [GateLimit?] = [
      .drop(.init(bothRight: 990, lost: 1, bothWrong: 9), limit: 0.01, confidence: 0.95),
      .drop(.init(bothRight: 90, lost: 30, bothWrong: 9), limit: 0.01, confidence: 0.95),
      .flips(1, of: 100, limit: 0.02, confidence: 0.95), .size(27_000_000, limit: 26_000_000),
    ]
    return GateSummary(
      limits: limits.compactMap { $0 }, comparison: comparison, confidence: 0.95,
      allowsInconclusive: allows)
  }

  private final class Events: NSObject, XMLParserDelegate {
    var names: [String: Int] = [:]
    var attributes: [[String: String]] = []
    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      names[name, default: 0] += 1
      self.attributes.append(attributes)
    }
  }

  @Test("JUnit is well-formed XML, whatever texts and paths hold")
  func junit() throws {
    for allows in [false, true] {
      let text = JUnitText.render(
        try gate(path: "a<b>&\"c'\u{1}.mbq", allows: allows))
      let parser = XMLParser(data: Data(text.utf8))
      let events = Events()
      parser.delegate = events
      #expect(parser.parse(), "\(String(describing: parser.parserError))")
      #expect(events.names["testcase"] == 4)
      #expect(events.names["failure"] == (allows ? 2 : 3))
      #expect(events.names["skipped", default: 0] == (allows ? 1 : 0))
      #expect(events.attributes[0]["tests"] == "4")
      #expect(events.attributes[0]["failures"] == (allows ? "2" : "3"))
      #expect(events.attributes[1]["name"] == "mbq check a<b>&\"c'\u{FFFD}.mbq")
    }
  }

  @Test("annotations are escaped as GitHub reads them")
  func annotations() throws {
    let lines = GitHubAnnotations.lines(try gate(allows: true))
    #expect(
      lines[0]
        == "::notice title=mbq check%3A accuracy drop at most 1 points::the accuracy fell by 0.1 "
        + "points, 1 points allowed: at most 0.603 points, with 95 %25 confidence")
    #expect(lines[1].hasPrefix("::error title=mbq check%3A "))
    #expect(lines[2].hasPrefix("::warning "))
    #expect(lines[3].hasSuffix("::the file has 27.0 MB, 26.0 MB allowed"))
    #expect(
      GitHubAnnotations.escaped("50 %: a,b\r\nc", isProperty: true) == "50 %25%3A a%2Cb%0D%0Ac")
    #expect(
      GitHubAnnotations.escaped("50 %: a,b\r\nc", isProperty: false) == "50 %25: a,b%0D%0Ac")
  }

  @Test("words that look like commands are not obeyed, and others are left as they are")
  func inert() {
    for text in ["  ::error::x\n", "a\n\u{A0}::x::y", "a ##[add-mask]b", "a\r::x::", "::\u{301}"] {
      let line = text.hasSuffix("\n") ? text : text + "\n"
      #expect(
        GitHubAnnotations.inert(text, token: "t") == "::stop-commands::t\n\(line)::t::")
    }
    for text in ["", "a ::error::x\n", "a: b\n", "## [x]", ":\n:"] {
      #expect(GitHubAnnotations.inert(text, token: "t") == text)
    }
  }

  @Test("the reasons say what was found, what is allowed and what would help")
  func reasons() throws {
    let gate = try gate()
    #expect(gate.failures.count == 3)
    #expect(
      gate.failures[1].hasPrefix(
        "1 % of the answers changed, 2 % allowed: this data cannot tell, with 95 % confidence it may "
          + "be anything from 0.051 to 4.656 %; about "))
    for line in TextRenderer.render(gate.report()).split(separator: "\n") {
      #expect(DisplayText.width(line) <= 80, "\(line)")
    }
  }
}
