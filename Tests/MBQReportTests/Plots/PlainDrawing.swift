import Foundation
import MBQCore
import Testing

@testable import MBQReport

#if canImport(FoundationXML)
import FoundationXML
#endif

/// A drawing, read by another reader of XML than the one that wrote it.
final class PlainDrawing: NSObject, XMLParserDelegate {
  private(set) var names: [String] = []
  /// Attributes that are numbers in SVG, and what they hold.
  private(set) var numbers: [(name: String, value: String)] = []
  private(set) var paths: [String] = []
  /// What stands in elements, titles and descriptions among them.
  private(set) var words = ""

  /// `nil` if `text` is not well-formed XML.
  init?(_ text: String) {
    super.init()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = self
    guard parser.parse() else { return nil }
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    names.append(name)
    for (key, value) in attributes {
      if ["x", "y", "x1", "x2", "y1", "y2", "width", "height", "cx", "cy", "r"].contains(key) {
        numbers.append((key, value))
      }
      if key == "d" || key == "points" { paths.append(value) }
    }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { words += string }

  func count(_ name: String) -> Int { names.count { $0 == name } }

  /// Whether each coordinate is a number near the drawing, and each path made of such.
  var isPlaced: Bool {
    let coordinates = numbers.map(\.value) + paths.flatMap(Self.coordinates)
    return coordinates.allSatisfy { text in
      Double(text).map { $0.isFinite && abs($0) < 10_000 } ?? false
    }
  }

  private static func coordinates(_ path: String) -> [String] {
    path.split { $0 == " " || $0 == "," || "MLZa".contains($0) }.map(String.init)
  }
}

/// Names that a plot has to survive: empty, very long, of other scripts, and steering.
enum HardNames {
  static let all = SampleReport.hostile
}
