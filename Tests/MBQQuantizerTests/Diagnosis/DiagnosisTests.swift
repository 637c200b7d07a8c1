import Foundation
import MBQCheckpoints
import MBQModel
import MBQRuntime
import MBQTestSupport
import Testing

@testable import MBQQuantizer

@Suite("Diagnosis")
struct DiagnosisTests {
  /// What numpy and scipy say of one linear with a residual (Tests/Oracles/doctor/make_doctor.py).
  struct Goldens: Decodable {
    struct Profile: Decodable {
      struct Spread: Decodable { var median, largest: Double }
      var minimum, maximum, largest, medianChannel, rootMeanSquare, halfSubnormals: Double
      var tokenKurtosis, channelKurtosis: Spread
      var halfOverflows: Int
    }

    struct Case: Decodable {
      var name: String
      var input, weight, branch, residual: Profile
      var scaleRatio: Double
      var linear, add: [String: Double]
    }

    var tokens, inputs, outputs: Int
    var cases: [Case]

    static func read() throws -> (goldens: Goldens, values: [Float]) {
      let folder = URL(fileURLWithPath: Repository.path("Tests/Oracles/doctor"))
      let bytes = try Data(contentsOf: folder.appendingPathComponent("values.f32"))
      return (
        try JSONDecoder().decode(
          Goldens.self, from: try Data(contentsOf: folder.appendingPathComponent("doctor.json"))),
        stride(from: 0, to: bytes.count, by: 4).map { place in
          Float(
            bitPattern: bytes[place..<(place + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) })
        }
      )
    }
  }

  /// Token i and position i give row i of `x` and of `r`: out comes `x · wᵀ + r`.
  private func model(
    _ goldens: Goldens, _ x: [Float], _ r: [Float], _ w: [Float]
  ) throws -> WorkingModel {
    let base = try workingModel("mobilebert", "standard").1
    var graph = ModelGraph()
    let word = graph.add(ModelTensor("word", [goldens.tokens, goldens.inputs], .table, .zeros))
    let position = graph.add(
      ModelTensor("position", [goldens.tokens, goldens.outputs], .table, .zeros))
    let weight = graph.add(ModelTensor("w", [goldens.outputs, goldens.inputs], .weight, .zeros))
    let states = graph.addBuffer(width: goldens.inputs)
    let places = graph.addBuffer(width: goldens.outputs)
    let output = graph.addBuffer(width: goldens.outputs)
    graph.append(
      Site(nil, "words"),
      .embed(.init(word: word, position: nil, type: nil, trigram: false, output: states)))
    graph.append(
      Site(nil, "positions"),
      .embed(.init(word: nil, position: position, type: nil, trigram: false, output: places)))
    graph.append(
      Site(0, "dense"),
      .linear(.init(weight: weight, bias: nil, input: states, residual: places, output: output)))
    graph.logits = output
    return WorkingModel(
      configuration: base.configuration, tokenizer: base.tokenizer, graph: graph,
      values: [x, r, w])
  }

  private func check(_ found: OperandProfile, _ golden: Goldens.Profile, _ name: String) {
    func near(_ a: Double, _ b: Double, _ what: String, _ share: Double = 1e-5) {
      #expect(abs(a - b) <= share * abs(b) + 1e-12, "\(name) \(what): \(a), numpy \(b)")
    }
    near(Double(found.minimum), golden.minimum, "minimum")
    near(Double(found.maximum), golden.maximum, "maximum")
    near(Double(found.largest), golden.largest, "largest")
    near(Double(found.medianChannel), golden.medianChannel, "median channel")
    near(found.rootMeanSquare, golden.rootMeanSquare, "root mean square")
    near(found.tokenKurtosis?.median ?? 0, golden.tokenKurtosis.median, "token kurtosis", 1e-4)
    near(found.tokenKurtosis?.largest ?? 0, golden.tokenKurtosis.largest, "largest token kurtosis")
    near(
      found.channelKurtosis?.median ?? 0, golden.channelKurtosis.median, "channel kurtosis", 1e-4)
    near(
      found.channelKurtosis?.largest ?? 0, golden.channelKurtosis.largest,
      "largest channel kurtosis")
    #expect(found.halfOverflows == golden.halfOverflows, "\(name)")
    near(found.halfSubnormals, golden.halfSubnormals, "subnormals")
  }

  @Test("ranges, kurtosis and signal to noise are numpy's and scipy's")
  func goldens() throws {
    let (goldens, values) = try Goldens.read()
    #expect(goldens.cases.map(\.name) == ["plain", "outliers"])
    var rest = values[...]
    func take(_ count: Int) -> [Float] {
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
    for golden in goldens.cases {
      let (x, r) = (take(goldens.tokens * goldens.inputs), take(goldens.tokens * goldens.outputs))
      let w = take(goldens.outputs * goldens.inputs)
      let text = (0..<goldens.tokens).map { UInt32($0) }
      let sites = try Diagnosis(try model(goldens, x, r, w), texts: [text]).run()
      guard case .linear(let linear) = sites.first, case .add(let add) = sites.last else {
        Issue.record("a linear and an add were expected, found \(sites.map(\.site))")
        return
      }
      #expect(sites.map(\.site) == ["layer.0.dense", "layer.0.dense"])
      check(linear.input, golden.input, "\(golden.name) input")
      check(linear.weight, golden.weight, "\(golden.name) weight")
      check(add.branch, golden.branch, "\(golden.name) branch")
      check(add.residual, golden.residual, "\(golden.name) residual")
      #expect(abs(add.scaleRatio / golden.scaleRatio - 1) < 1e-5)
      for (form, decibels) in golden.linear {
        let found = linear.noise[try #require(GridForm(rawValue: form))] ?? .nan
        #expect(abs(found - decibels) < 0.05, "\(golden.name) \(form): \(found), numpy \(decibels)")
      }
      for (form, decibels) in golden.add {
        let found = add.noise[try #require(GridForm(rawValue: form))] ?? .nan
        #expect(
          abs(found - decibels) < 0.05, "\(golden.name) add \(form): \(found), numpy \(decibels)")
      }
    }
    #expect(rest.isEmpty)
  }

  @Test("constant and empty signals have no kurtosis and all the decibels there are")
  func degenerate() throws {
    let constant = OperandProfile(
      [Float](repeating: 2.5, count: 12), rows: 3, columns: 4, parallel: .serial)
    #expect(constant.tokenKurtosis == nil && constant.channelKurtosis == nil)
    #expect(constant.largest == 2.5 && constant.rootMeanSquare == 2.5)
    // One value among n that are alike has kurtosis n - 2 + 1 / (n - 1).
    var spike = [Float](repeating: 0, count: 10)
    spike[3] = -7
    let profile = OperandProfile(spike, rows: 1, columns: 10, parallel: .serial)
    let expected = 10.0 - 2 + 1.0 / 9
    #expect(abs((profile.tokenKurtosis?.largest ?? 0) - expected) < 1e-12)
    let zeros = HiddenRows(count: 2, width: 3)
    #expect(SiteView.signalToNoise(zeros, zeros) == 140)
  }

  @Test("the same on any number of threads, and every linear and add is there once")
  func threads() throws {
    let model = try workingModel("mobilebert", "standard").1.folded()
    let texts = someTexts(3, vocabulary: model.tokenizer.pieces.count)
    let sites = try Diagnosis(model, texts: texts).run()
    var names: [String] = []
    for step in model.graph.steps {
      guard case .linear(let linear) = step.operation else { continue }
      if model.graph.tensors[linear.weight].role == .weight { names.append(step.site.name) }
      if linear.residual != nil { names.append(step.site.name) }
    }
    #expect(sites.map(\.site) == names)
    let pool = ThreadPool(workerCount: 3)
    #expect(try Diagnosis(model, texts: texts, parallel: pool.parallel).run() == sites)
    withExtendedLifetime(pool) {}
  }

  @Test("hidden states that overflow fp32 are refused by name")
  func overflow() throws {
    var model = try workingModel("mobilebert", "standard").1.folded()
    for step in model.graph.steps {
      guard case .linear(let o) = step.operation, let norm = o.norm else { continue }
      model.values[norm.gamma] = model.values[norm.gamma].map { $0 * 1e30 }
    }
    let texts = someTexts(2, vocabulary: model.tokenizer.pieces.count)
    #expect(throws: QuantizerError.self) { _ = try Diagnosis(model, texts: texts).run() }
  }
}
