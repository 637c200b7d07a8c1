import MBQCore
import Testing

@testable import MBQEvaluation

@Suite("Reliability")
struct ReliabilityTests {
  @Test("reliability bins are scikit-learn's calibration curve")
  func reliability() throws {
    struct Golden: Decodable {
      var seed: UInt64
      var labels: Int
      var rows: Int
      var bins: [Int]
      var counts: [Int]
      var accuracy: [Double]
      var confidence: [Double]
    }
    for golden in try Goldens.decode([Golden].self, from: "reliability.json") {
      var generator = SeededGenerator(seed: golden.seed)
      func draw(_ bound: Int) -> Int { Int(generator.next() % UInt64(bound)) }
      var predictions = try Predictions(labelCount: golden.labels)
      for _ in 0..<golden.rows {
        let truth = draw(golden.labels)
        var logits = (0..<golden.labels).map { _ in Float(draw(1024) - 512) / 256 }
        logits[truth] += 1
        try predictions.append(truth: truth, logits: logits)
      }
      let bins = ReliabilityBins.bins(of: predictions)
      #expect(bins.count == 15)
      let full = bins.indices.filter { bins[$0].rows > 0 }
      #expect(full == golden.bins)
      #expect(full.map { bins[$0].rows } == golden.counts)
      for (place, bin) in full.enumerated() {
        #expect(abs(bins[bin].accuracy - golden.accuracy[place]) < 1e-12)
        #expect(abs(bins[bin].confidence - golden.confidence[place]) < 1e-12)
      }
    }
  }
}
