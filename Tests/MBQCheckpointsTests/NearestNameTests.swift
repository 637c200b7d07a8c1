import Testing

@testable import MBQCheckpoints

@Suite("Nearest names")
struct NearestNameTests {
  @Test(
    "names are compared by edit distance",
    arguments: [
      ("kitten", "sitting", 3), ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0),
      ("flaw", "lawn", 2), ("saturday", "sunday", 3),
    ])
  func distance(_ a: String, _ b: String, _ expected: Int) {
    let (a, b) = (Array(a.utf8), Array(b.utf8))
    for limit in 0...8 {
      let found = NearestName.distance(a, b, limit: limit)
      #expect(found == (limit >= expected ? expected : nil))
    }
  }

  @Test("the nearest name is found, or none if all are far")
  func nearest() {
    let names = ["encoder.layer.1.weight", "encoder.layer.2.weight", "classifier.weight"]
    #expect(NearestName.find("encoder.layers.2.weight", in: names) == names[1])
    #expect(NearestName.find("classifier.weights", in: names) == names[2])
    #expect(NearestName.find("pooler.dense.bias", in: names) == nil)
    #expect(NearestName.find(String(repeating: "a", count: 100_000), in: names) == nil)
  }
}
