import Foundation
import MBQTestSupport
import Testing

/// Models that give a text any number of labels, from the command line.
@Suite("multi-label models")
struct MultiLabelTests {
  private let mbq = Program("mbq")
  private let texts = ["the news said", "river", "x"]

  private func packed(_ family: String, in scratch: Scratch) throws -> String {
    let path = scratch.path("\(family).mbq")
    let result = try mbq.run(["quantize", "Formats/\(family)/golden/multi-label", "-o", path])
    try #require(result.code == 0, "\(result.errors)")
    return path
  }

  @Test("no label, one, and several, with the sigmoid of each")
  func classify() throws {
    let scratch = try Scratch()
    let some = try mbq.run(["classify", packed("distilbert", in: scratch)] + texts)
    #expect(
      some.output == """
        sports\t0.7380\tthe news said
        politics,sports\t0.5765,0.8066\triver
        politics,sports\t0.5118,0.7433\tx

        """)
    let none = try mbq.run(["classify", packed("bert", in: scratch), "river"])
    #expect(none.output == "-\t-\triver\n")
  }

  @Test("the JSON form names the labels given in place of the one label")
  func jsonForm() throws {
    let scratch = try Scratch()
    let result = try mbq.run(["classify", packed("distilbert", in: scratch), "--json"] + texts)
    let objects = try result.output.split(separator: "\n").map {
      try #require(
        try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    let labels = objects.map { $0["labels"] as? [String] }
    #expect(labels == [["sports"], ["politics", "sports"], ["politics", "sports"]])
    for object in objects {
      #expect(object["label"] == nil && object["probability"] == nil)
      let probabilities = try #require(object["probabilities"] as? [String: Double])
      let logits = try #require(object["logits"] as? [Double])
      for (name, logit) in zip(["politics", "sports", "health care"], logits) {
        #expect(abs(try #require(probabilities[name]) - 1 / (1 + exp(-logit))) < 1e-6)
      }
    }
  }

  @Test("mbq-classify gives mbq's labels")
  func smallProgram() throws {
    let scratch = try Scratch()
    for family in ["bert", "distilbert"] {
      let model = try packed(family, in: scratch)
      let small = try Program("mbq-classify").run([model] + texts)
      let large = try mbq.run(["classify", model] + texts)
      let labels = { (text: String) in
        text.split(separator: "\n").map { $0.split(separator: "\t")[0] }
      }
      #expect(small.code == 0)
      #expect(labels(small.output) == labels(large.output))
    }
  }

  @Test("inspect says so, of the checkpoint and of what it is packed to")
  func inspect() throws {
    let scratch = try Scratch()
    let checkpoint = "Formats/distilbert/golden/multi-label"
    for path in [checkpoint, try packed("distilbert", in: scratch)] {
      let shown = try mbq.run(["inspect", path])
      #expect(shown.output.contains("labels a text"))
      #expect(shown.output.contains(" any number\n"))
    }
    let single = try mbq.run(["inspect", "Formats/bert/golden/standard"])
    #expect(single.output.contains("labels a text  one\n"))
  }

  @Test("verify holds; evaluate has no metrics for several labels a text")
  func evaluate() throws {
    let scratch = try Scratch()
    let model = try packed("distilbert", in: scratch)
    #expect(try mbq.run(["verify", model]).code == 0)
    let result = try mbq.run(["evaluate", model, "--data", "Examples/tiny-news/test.csv"])
    #expect(result.code == 3)
    #expect(result.output == "")
    #expect(
      result.errors
        == "error: '\(model)' gives a text any number of labels (multi_label_classification), and"
        + " there are no metrics for that yet; 'mbq classify' gives its labels\n")
  }
}
