import MBQCore
import MBQModel
import MBQReference
import Testing

@Suite("Smoothing in the reference")
struct SmoothingTests {
  /// Logits of one linear over an embedding of 3 tokens × 4 columns.
  private func logits(_ weight: [Float], smoothing: [Float]?) -> [Float] {
    var graph = ModelGraph()
    let table = graph.add(ModelTensor("table", [3, 4], .table, .checkpoint("table")))
    let matrix = graph.add(ModelTensor("weight", [2, 4], .weight, .checkpoint("weight")))
    let vector = graph.add(ModelTensor("smoothing", [4], .vector, .checkpoint("smoothing")))
    let words = graph.addBuffer(width: 4)
    let pooled = graph.addBuffer(width: 4, rows: .texts)
    graph.logits = graph.addBuffer(width: 2, rows: .texts)
    graph.append(
      Site(nil, "words"),
      .embed(.init(word: table, position: nil, type: nil, trigram: false, output: words)))
    graph.append(Site(nil, "pool"), .pool(.init(input: words, output: pooled)))
    graph.append(
      Site(nil, "linear"),
      .linear(
        .init(
          weight: matrix, bias: nil, input: pooled, output: graph.logits,
          inputGrid: .int8Static(step: 1), smoothing: smoothing == nil ? nil : vector)))
    let reference = Reference(graph) { name in
      switch name {
      case "table": (0..<12).map { Float($0) - 3.5 }
      case "weight": weight
      default: smoothing ?? [1, 1, 1, 1]
      }
    }
    return reference.logits([2])
  }

  @Test(
    "columns divided by what the input is multiplied with leave the result; grids are none of it")
  func undone() {
    let weight: [Float] = [1, -2, 3, -4, 0.5, 7, -0.25, 2]
    // Powers of two, so that nothing is rounded.
    let smoothing: [Float] = [0.5, 4, 0.125, 2]
    let divided = weight.indices.map { weight[$0] / smoothing[$0 % 4] }
    // The row 4.5, 5.5, 6.5, 7.5 by hand.
    let expected: [Float] = [4.5 - 11 + 19.5 - 30, 2.25 + 38.5 - 1.625 + 15]
    #expect(logits(weight, smoothing: nil) == expected)
    #expect(logits(divided, smoothing: smoothing) == expected)
    #expect(logits(weight, smoothing: smoothing) != expected)
  }
}
