import MBQCore
import MBQModel
import MBQPacking
import MBQRuntime
import MBQTestSupport
import Testing

@testable import MBQFormat

@Suite("Temperature and threshold")
struct DecisionTests {
  private func file(_ name: String) throws -> [UInt8] {
    try Repository.bytes("Formats/mbq/golden/good/\(name).mbq")
  }

  @Test(
    "stored and taken out again, a file is what it was, and the plain decoder reads them",
    arguments: ["int8", "int4-g64-compressed", "int8-mixed", "float16"])
  func roundTrip(_ name: String) throws {
    let names = SmallModel.all.map(\.name)
    let name = names.contains(name) ? name : try #require(names.first { $0.hasPrefix("int4-g64") })
    let before = try file(name)
    let isBinary = try PlainModel(before).labels.count == 2
    let decision = Decision(temperature: 3.25, threshold: isBinary ? 0.125 : 0.5)
    let after = try PackedWriter.file(before, deciding: decision)
    #expect(after.count == before.count + 64 || after.count == before.count)
    let (old, new) = (try PlainModel(before), try PlainModel(after))
    #expect(new.version.minor == 3)
    #expect(new.temperature == decision.temperature && new.threshold == decision.threshold)
    #expect(new.sections.map(\.kind) == old.sections.map(\.kind))
    for (a, b) in zip(old.sections, new.sections) where a.kind != "CONF" {
      #expect(a.contents == b.contents, "\(a.kind)")
    }
    expectSame(try header(of: after), new)
    #expect(new.digest == sha256(of: Array(after[64...])))
    let restored = try PackedWriter.file(after, deciding: Decision())
    if old.sections[0].length == old.sections[0].contents.count {
      #expect(restored == before)
    } else {
      #expect(try PlainModel(restored).sections.map(\.contents) == old.sections.map(\.contents))
    }
    // Golden vectors are logits, which stay the same bits.
    let model = try Model(bytes: after)
    let state = RunState(model: model)
    for golden in new.goldens {
      #expect(try state.logits([golden.tokens]).map(\.bitPattern) == golden.logitBits)
    }
  }

  @Test("the label changes at the threshold, and probabilities with the temperature")
  func labels() throws {
    let before = try file("int8")
    let plain = try RunState(model: try Model(bytes: before)).classify(SmallModel.texts)
    for said in plain {
      #expect(said.label == (said.logits[1] > said.logits[0] ? 1 : 0))
    }
    func answers(_ temperature: Float, _ threshold: Float) throws -> [Classification] {
      let bytes = try PackedWriter.file(
        before, deciding: Decision(temperature: temperature, threshold: threshold))
      return try RunState(model: try Model(bytes: bytes)).classify(SmallModel.texts)
    }
    for temperature in [0.5, 1, 4] as [Float] {
      let reference = try answers(temperature, 0.5)
      for (said, old) in zip(reference, plain) {
        #expect(said.logits == old.logits && said.label == old.label)
        let scaled = Classification(
          logits: old.logits.map { $0 / temperature }, tokenCount: 0, isTruncated: false,
          isMultiLabel: false)
        for (a, b) in zip(said.probabilities, scaled.probabilities) { #expect(abs(a - b) < 1e-6) }
      }
      for index in reference.indices {
        let p = reference[index].probabilities[1]
        for (threshold, label) in [(p, 1), (p.nextUp, 0), (p.nextDown, 1), (0, 1)]
        where threshold != 0.5 {
          let said = try answers(temperature, threshold)[index]
          #expect(said.label == label && said.labels == [label], "\(threshold) for \(p)")
          #expect(said.probabilities == reference[index].probabilities)
        }
      }
    }
  }

  @Test("what no reader takes is not written")
  func refused() throws {
    let binary = try file("int8")
    for temperature in [0, -1, .nan, .infinity, 0x1p-11, 1025] as [Float] {
      #expect(throws: FormatError.self) {
        try PackedWriter.file(binary, deciding: Decision(temperature: temperature))
      }
    }
    for threshold in [-0.25, 1.0625, .nan, .infinity] as [Float] {
      #expect(throws: FormatError.self) {
        try PackedWriter.file(binary, deciding: Decision(threshold: threshold))
      }
    }
    // Five labels have no threshold, and any number of labels no temperature either.
    let five = try file("int8-mixed")
    #expect(throws: FormatError.self) {
      try PackedWriter.file(five, deciding: Decision(threshold: 0.25))
    }
    let name = try #require(SmallModel.all.first { $0.model.task == .multiLabel }?.name)
    #expect(throws: FormatError.self) {
      try PackedWriter.file(try file(name), deciding: Decision(temperature: 2))
    }
    #expect(throws: FormatError.self) { try PackedWriter.file([1, 2, 3], deciding: Decision()) }
  }
}
