import Foundation
import MBQCheckpoints
import MBQModel
import MBQReference
import MBQTestSupport
import Testing

@testable import MBQQuantizer

@Suite("Sensitivity")
struct SensitivityTests {
  private struct Stop: Error {}

  @Test("is the change of the reference's logits when that linear alone is rounded")
  func reference() throws {
    let model = try workingModel("mobilebert", "standard").1.folded()
    let texts = someTexts(4, vocabulary: model.tokenizer.pieces.count)
    let sites = SensitivityAnalysis(model, texts: texts).run { _ in }
    #expect(sites.map(\.site) == SensitivityAnalysis(model, texts: texts).sites)
    func logits(_ model: WorkingModel) -> [Float] {
      var graph = model.graph
      for index in graph.tensors.indices {
        graph.tensors[index].expression = .checkpoint("\(index)")
      }
      let reference = Reference(graph) { model.values[Int($0) ?? 0] }
      return texts.flatMap { reference.logits($0) }
    }
    let truth = logits(model)
    for (index, step) in model.graph.steps.enumerated() where index % 5 == 2 {
      guard case .linear(let linear) = step.operation,
        let site = sites.first(where: { $0.site == step.site.name })
      else { continue }
      // The same rounding as a whole model of 3 bits has there, found another way: from a plan.
      var plan = RoundingPlan(
        weights: .init(grid: .float, method: .nearest),
        embeddings: .init(grid: .float, method: .nearest))
      plan.overrides[step.site.name] = .init(
        grid: .int4(bits: 3, group: 64, zeroPoint: false), method: .mse)
      plan.correctsBias = false
      plan.roundsActivations = false
      let rounded = try ModelRounding.round(model, plan, texts: texts).model
      var alone = model
      alone.values[linear.weight] = rounded.values[linear.weight]
      let change =
        zip(logits(alone), truth).reduce(0.0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        / Double(truth.count)
      #expect(abs(change - site.logitChange) <= 0.01 * change + 1e-9, "\(site.site)")
      #expect(site.relativeError[2, default: 0] > site.relativeError[3, default: 1])
      #expect(site.relativeError[4, default: 0] > site.relativeError[8, default: 1])
    }
  }

  @Test("an interrupted run goes on, to the same figures")
  func resumed() throws {
    let model = try workingModel("mobilebert", "standard").1.folded()
    let analysis = SensitivityAnalysis(
      model, texts: someTexts(3, vocabulary: model.tokenizer.pieces.count))
    let whole = analysis.run { _ in }
    let scratch = try Scratch()
    let key = SensitivityFile.Key(
      checkpoint: "c", texts: "t", group: 64, measuredBits: 3, structure: "s")
    var file = SensitivityFile(key: key)
    #expect(throws: Stop.self) {
      _ = try analysis.run { site in
        if file.sites.count == 4 { throw Stop() }
        file.sites.append(site)
      }
    }
    let path = scratch.path("s.json")
    try file.write(to: path)
    let kept = try SensitivityFile.read(path: path, key: key)
    #expect(kept == file)
    var measured = 0
    let rest = analysis.run(known: kept.known) { _ in measured += 1 }
    #expect(rest == whole)
    #expect(measured == whole.count - 4)
  }
}
