import MBQCheckpoints
import MBQModel
import MBQRuntime
import MBQSchemes
import MBQTestSupport
import Testing

@testable import MBQQuantizer

@Suite("Recovery")
struct RecoveryTests {
  static let checkpoints = [
    ("mobilebert", "standard"), ("mobilebert", "no-bottleneck"), ("mobilebert", "layer-norm"),
    ("mobilebert", "classifier-activation"), ("bert", "standard"), ("distilbert", "standard"),
  ]

  private func texts(_ model: WorkingModel, _ count: Int = 60, seed: UInt64 = 5) -> [[UInt32]] {
    someTexts(count, vocabulary: model.tokenizer.pieces.count, seed: seed)
  }

  private func meanSquare(_ first: [Float], _ second: [Float]) -> Double {
    zip(first, second).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
      / Double(first.count)
  }

  @Test("what was not compressed comes back bit for bit", arguments: checkpoints)
  func nothing(family: String, name: String) throws {
    let original = try workingModel(family, name).1.folded()
    var steps = 0
    for penalties in [[0.01], [0.01, 1]] {
      var options = Recovery.Options()
      options.penalties = penalties
      let result = try Recovery.recover(
        compressed: original, original: original, texts: texts(original, 10), options: options
      ) { _, report in if report != nil { steps += 1 } }
      #expect(result.values == original.values)
    }
    #expect(steps > 10)
  }

  @Test("after a dropped layer the logits of other texts are closer", arguments: checkpoints)
  func layers(family: String, name: String) throws {
    let (checkpoint, model) = try workingModel(family, name)
    let original = model.folded()
    let small = try model.keepingLayers([0]).folded()
    let fresh = texts(model, 40, seed: 99)
    let truth = ModelRunner(original).logits(fresh)
    let before = meanSquare(ModelRunner(small).logits(fresh), truth)
    for targets in [Recovery.Options.Targets.gaps, .spread] {
      var options = Recovery.Options()
      options.targets = targets
      let mended = try Recovery.recover(
        compressed: small, original: original, texts: texts(model, 300), options: options)
      let after = meanSquare(ModelRunner(mended).logits(fresh), truth)
      #expect(after < 0.7 * before, "\(targets): \(before) to \(after)")
      #expect(mended.graph == small.graph)
      _ = try Packer(checkpoint, precision: .int8, model: mended).pack()
    }
  }

  @Test("no step's error grows on the texts that were held out", arguments: checkpoints)
  func reports(family: String, name: String) throws {
    let model = try workingModel(family, name).1
    let original = model.folded()
    var reports: [Recovery.StepReport] = []
    var shares: [Double] = []
    _ = try Recovery.recover(
      compressed: try model.keepingLayers([0]).folded(), original: original,
      texts: texts(model)
    ) { share, report in
      shares.append(share)
      if let report { reports.append(report) }
    }
    #expect(shares == shares.sorted() && shares.last == 1)
    #expect(reports.contains { $0.penalty != nil })
    for report in reports where report.penalty != nil {
      #expect(report.errorAfter <= report.errorBefore, "\(report.site.name)")
    }
  }

  /// With everything else the same, the errors are constants, or multiples of what gamma multiplies.
  @Test("moved biases, gammas and betas are found again", arguments: checkpoints)
  func affine(family: String, name: String) throws {
    let original = try workingModel(family, name).1.folded()
    var broken = original
    for step in original.graph.steps {
      guard case .linear(let linear) = step.operation, linear.activation == .none else { continue }
      // A LayerNorm does not see a bias that moves every channel.
      let bias = linear.norm == nil ? linear.bias : nil
      for tensor in [bias, linear.norm?.beta].compactMap({ $0 }) {
        broken.values[tensor] = broken.values[tensor].map { $0 + 0.25 }
      }
      if let gamma = linear.norm?.gamma {
        broken.values[gamma] = broken.values[gamma].map { $0 * 1.5 }
      }
    }
    var options = Recovery.Options()
    options.weights = .none
    options.penalties = [1e-9]
    let mended = try Recovery.recover(
      compressed: broken, original: original, texts: texts(original), options: options)
    for tensor in original.values.indices {
      for (found, expected) in zip(mended.values[tensor], original.values[tensor]) {
        #expect(abs(found - expected) < 2e-3 * max(1, abs(expected)))
      }
    }
  }

  @Test("pruned weights stay zero when asked, and rounded tensors stay on their grid")
  func masks() throws {
    let original = try workingModel("mobilebert", "standard").1.folded()
    var pruned = original
    for (index, tensor) in original.graph.tensors.enumerated() where tensor.role == .weight {
      pruned.values[index] = original.values[index].enumerated().map { $0 % 3 == 1 ? 0 : $1 }
    }
    var options = Recovery.Options()
    options.keepsZeros = true
    let fresh = texts(original, 40, seed: 98)
    let truth = ModelRunner(original).logits(fresh)
    let mended = try Recovery.recover(
      compressed: pruned, original: original, texts: texts(original, 200), options: options)
    var changed = 0
    for (index, tensor) in original.graph.tensors.enumerated() where tensor.role == .weight {
      for (place, value) in mended.values[index].enumerated() {
        if place % 3 == 1 {
          #expect(value == 0)
        } else if value != pruned.values[index][place] {
          changed += 1
        }
      }
    }
    #expect(changed > 1000)
    let before = meanSquare(ModelRunner(pruned).logits(fresh), truth)
    let after = meanSquare(ModelRunner(mended).logits(fresh), truth)
    #expect(after < before)

    var rounded = original
    let scheme = Precision.int8
    for (index, tensor) in original.graph.tensors.enumerated() where tensor.role == .weight {
      let (rows, columns) = original.matrixShape(index)
      rounded.round(
        index,
        to: scheme.scheme(tensor.role, largest: 1).encode(
          original.values[index], rows: rows, columns: columns))
    }
    let corrected = try Recovery.recover(
      compressed: rounded, original: original, texts: texts(original))
    #expect(Set(corrected.rounded.keys) == Set(rounded.rounded.keys))
    for index in rounded.rounded.keys {
      #expect(corrected.values[index] == rounded.values[index])
    }
    #expect(corrected.values != rounded.values)
  }
}
