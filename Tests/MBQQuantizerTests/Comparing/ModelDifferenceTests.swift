import MBQCheckpoints
import MBQCore
import MBQFormat
import MBQModel
import MBQRuntime
import MBQSchemes
import MBQTestSupport
import Testing

@testable import MBQQuantizer

@Suite("Differences of models")
struct ModelDifferenceTests {
  private func packed(
    _ checkpoint: Checkpoint, _ precision: Precision, _ model: WorkingModel
  ) throws -> Model {
    try Model(
      bytes: try Packer(checkpoint, precision: precision, model: model).pack(goldens: []).bytes)
  }

  /// A packed model points into its bytes, which the models keep.
  private func difference(_ a: Model, _ b: Model) throws -> ModelDifference {
    withExtendedLifetime((a, b)) { ModelDifference(a.packed, b.packed) }
  }

  /// Error and largest difference, by the definition.
  private func plain(_ a: [Float], _ b: [Float]) -> (error: Double, largest: Double) {
    var (error, energy, largest) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      error += Double(y - x) * Double(y - x)
      energy += Double(x) * Double(x)
      largest = max(largest, Double(abs(y - x)))
    }
    return ((error / energy).squareRoot(), largest)
  }

  @Test("a model and itself have none; fp32 and int8 have those of rounding")
  func precisions() throws {
    let (checkpoint, model) = try workingModel("mobilebert", "standard")
    let folded = model.folded()
    let float = try packed(checkpoint, .float32, folded)
    let same = try difference(float, float)
    #expect(same.isEmpty && same.sameTensors == float.packed.header.tensors.count)
    let int8 = try packed(checkpoint, .int8, folded)
    let found = try difference(float, int8)
    #expect(found.settings.map(\.name) == ["activations"])
    #expect(found.operations.isEmpty)
    #expect(found.tensors.count + found.sameTensors == folded.graph.tensors.count)
    for (index, tensor) in folded.graph.tensors.enumerated() where tensor.role == .weight {
      let name = float.packed.header.tensorName(index).text
      let change = try #require(found.tensors.first { $0.name == name })
      let (rows, columns) = folded.matrixShape(index)
      #expect(change.a?.scheme == "float32-panels" && change.b?.scheme == "int8-channel")
      #expect(change.a?.bits == 32 && change.b?.bits == 8)
      #expect(change.a?.rows == rows && change.b?.columns == columns)
      let rounded = SchemeCode.int8Channel
        .encode(folded.values[index], rows: rows, columns: columns).decoded()
      let expected = plain(folded.values[index], rounded)
      let difference = try #require(change.difference)
      #expect(difference.rescaled == nil)
      #expect(abs(difference.relativeError - expected.error) < 1e-9)
      #expect(abs(difference.largestDifference - expected.largest) < 1e-9)
    }
  }

  @Test("what was equalized is the same function, and said to be rescaled")
  func rescaled() throws {
    let (checkpoint, model) = try workingModel("mobilebert", "standard")
    let folded = model.folded()
    var generator = SeededGenerator(seed: 4)
    var scaled = folded
    for group in folded.graph.scalingGroups() {
      scaled.scale(
        group, by: (0..<group.width).map { _ in Int.random(in: -6...6, using: &generator) })
    }
    let found = try difference(
      try packed(checkpoint, .float32, folded), try packed(checkpoint, .float32, scaled))
    #expect(found.operations.isEmpty && found.settings.isEmpty && !found.tensors.isEmpty)
    for change in found.tensors {
      let difference = try #require(change.difference)
      #expect(difference.relativeError == 0, "\(change.name)")
      let exponents = try #require(difference.rescaled, "\(change.name)")
      #expect(exponents.lowerBound < 0 || exponents.upperBound > 0)
    }
    // Rounding on top of it, as equalization leaves it, is measured as rounding.
    let texts = someTexts(4, vocabulary: model.tokenizer.pieces.count)
    let (equalized, sites) = Equalizer.equalize(folded, texts: texts)
    try #require(sites.contains { $0.alpha != nil })
    let int8 = try difference(
      try packed(checkpoint, .float32, folded), try packed(checkpoint, .int8, equalized))
    for change in int8.tensors where change.b?.scheme == "int8-channel" {
      #expect((change.difference?.relativeError ?? 1) < 0.02, "\(change.name)")
    }
  }

  @Test("a matrix that is another one is not explained away by powers of two")
  func unrelated() {
    var generator = SeededGenerator(seed: 5)
    func random(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
    }
    let (a, b) = (random(32 * 24), random(32 * 24))
    let difference = TensorDifference(a, b, rows: 32, columns: 24)
    #expect(difference.rescaled == nil)
    #expect(abs(difference.relativeError - plain(a, b).error) < 1e-9)
    let vector = TensorDifference(random(64), random(64), rows: 1, columns: 64)
    #expect(vector.rescaled == nil)
    let zeros = [Float](repeating: 0, count: 8)
    #expect(TensorDifference(zeros, zeros, rows: 2, columns: 4).relativeError == 0)
    #expect(
      TensorDifference(zeros, [Float](repeating: 1, count: 8), rows: 2, columns: 4).relativeError
        == .infinity)
  }

  @Test(
    "the operations and tensors of layers that one has alone are named, and no others",
    arguments: [
      ("bert", "standard", [0]), ("mobilebert", "standard", [1]),
      ("example", "tiny-news", [0, 2, 5]),
    ])
  func layers(family: String, name: String, kept: [Int]) throws {
    let (checkpoint, model) = try workingModel(family, name)
    let whole = try packed(checkpoint, .float32, model.folded())
    let cut = try packed(checkpoint, .float32, try model.keepingLayers(kept).folded())
    /// The layer in a name, such as 3 of `layer.3.ffn.up`.
    func layer(_ name: String) -> Int? {
      let parts = name.split(separator: ".")
      return parts.count > 1 && parts[0] == "layer" ? Int(parts[1]) : nil
    }
    func isGone(_ name: String) -> Bool { layer(name).map { !kept.contains($0) } ?? false }
    let header = whole.packed.header
    let operations = header.steps.indices.map { header.stepName($0).text }.filter(isGone)
    let tensors = header.tensors.indices.map { header.tensorName($0).text }.filter(isGone)
    let count = model.configuration.layerCount
    try #require(Set(operations.compactMap(layer)) == Set(0..<count).subtracting(kept))

    let found = try difference(whole, cut)
    #expect(found.operations.map(\.name) == operations)
    #expect(found.operations.allSatisfy { $0.change == .removed && !$0.what.isEmpty })
    #expect(found.tensors.map(\.name) == tensors)
    #expect(found.tensors.allSatisfy { $0.change == .removed && $0.a != nil && $0.b == nil })
    #expect(found.settings.isEmpty && found.sameTensors + tensors.count == header.tensors.count)

    let back = try difference(cut, whole)
    #expect(back.operations.map(\.name) == operations)
    #expect(back.operations.allSatisfy { $0.change == .added })
    #expect(back.operations.map(\.what) == found.operations.map(\.what))
    #expect(back.tensors.map(\.name) == tensors)
    #expect(back.tensors.allSatisfy { $0.change == .added && $0.a == nil && $0.b != nil })
  }

  @Test("smoothing is named, and taken into the weights")
  func smoothing() throws {
    let (checkpoint, model) = try workingModel("bert", "standard")
    let folded = model.folded()
    var smoothed = folded
    let place = folded.smoothableLinears(folded.graph.scalingGroups())[0]
    _ = smoothed.smooth(
      place.step, by: (0..<place.linear.input.width).map { $0 % 3 - 1 })
    let int8 = try difference(
      try packed(checkpoint, .int8, folded), try packed(checkpoint, .int8, smoothed))
    let site = folded.graph.steps[place.step].site.name
    #expect(
      int8.operations == [
        .init(name: site, change: .changed, what: "smoothing no → yes")
      ])
    let weight = try #require(int8.tensors.first { $0.name == "\(site).weight" })
    #expect((weight.difference?.relativeError ?? 1) < 0.02)
    #expect(weight.difference?.rescaled == nil)
    #expect(int8.tensors.contains { $0.name == "\(site).smoothing" && $0.change == .added })
  }
}
