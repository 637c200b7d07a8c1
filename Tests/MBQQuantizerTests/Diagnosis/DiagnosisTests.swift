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
    // What is the same for every token is no signal, and hides nothing: of 1000 ± 1, where an error of 1 is
    // made in every row, nothing is left (0 dB), though it is a thousandth of the value.
    let (truth, noisy) = (HiddenRows(count: 4, width: 2), HiddenRows(count: 4, width: 2))
    for row in 0..<4 {
      truth.row(row)[0] = row.isMultiple(of: 2) ? 1001 : 999
      noisy.row(row)[0] = 1000
      truth.row(row)[1] = 5
      noisy.row(row)[1] = 9
    }
    #expect(abs(SiteView.signalToNoise(truth, noisy)) < 1e-12)
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

  @Test("outliers are found where they are, and equalization is prescribed there and nowhere else")
  func outliers() throws {
    let models = try OutlierModels()
    let texts = try LogitGolden.read(
      Repository.root.appendingPathComponent("Examples/tiny-news/golden.jsonl")
    ).prefix(4).map(\.inputIds)
    let times = LinearTimes(
      shape: .init(inputs: 1, outputs: 1),
      nanoseconds: [.float: 40, .int8: 10, .int16: 21, .smoothed: 12, .int4: 9])
    for site in try Diagnosis(models.clean, texts: texts).run() {
      #expect(site.health == .healthy, "\(site.site)")
      switch site {
      case .linear(let linear): #expect(linear.prescriptions(times) == [], "\(site.site)")
      case .add(let add):
        #expect(add.prescriptions() == [] && add.halfOverflows == 0, "\(site.site)")
        #expect(add.scaleRatio > DiagnosisLimits.scaleRatio)
      }
    }
    // Who reads or adds to the stream is known from the graph.
    let graph = models.outliers.graph
    var readers = Set<String>()
    var adders = Set<String>()
    for step in graph.steps {
      guard case .linear(let linear) = step.operation else { continue }
      // The embeddings of the words are not in the stream yet.
      if graph.isStream(linear.input), step.site.name != "embeddings.transformation" {
        readers.insert(step.site.name)
      }
      if let residual = linear.residual, graph.isStream(residual) { adders.insert(step.site.name) }
    }
    #expect(readers.count >= models.outliers.configuration.layerCount)
    for site in try Diagnosis(models.outliers, texts: texts).run() {
      switch site {
      case .linear(let linear):
        #expect((linear.health == .warning) == readers.contains(linear.site), "\(linear.site)")
        let prescribed = linear.prescriptions(times)
        guard readers.contains(linear.site) else {
          #expect(prescribed == [], "\(linear.site)")
          continue
        }
        #expect(prescribed.first?.remedy == .equalize, "\(linear.site)")
        #expect(prescribed.first?.bytes == 0 && prescribed.first?.nanoseconds == 0)
        #expect((linear.equalized[.int8] ?? 0) > 30, "\(linear.site)")
        #expect((linear.noise[.int8Static] ?? 99) < 10, "\(linear.site)")
        #expect(linear.input.halfOverflows > 0 && linear.input.largest > 2e7)
      case .add(let add):
        #expect((add.halfOverflows > 0) == (add.output.largest > 1e6), "\(add.site)")
        guard adders.contains(add.site) else { continue }
        #expect(add.health == .warning && add.halfOverflows > 0)
        // What the last one gives is read by the head alone, which is in fp32: it stays as it is.
        if add.site == "layer.5.bottleneck.output" { continue }
        #expect(add.equalizedHalfOverflows == 0, "\(add.site) \(add.equalizedHalfOverflows)")
        #expect(add.prescriptions().map(\.remedy) == [.equalize])
      }
    }
  }

  /// A site of given figures.
  private func linear(_ noise: SignalToNoise, _ equalized: SignalToNoise, smoothed: Bool = false)
    -> LinearDiagnosis
  {
    let profile = OperandProfile([1, -2, 3, 4], rows: 2, columns: 2, parallel: .serial)
    return LinearDiagnosis(
      site: "s", layer: nil, inputs: 128, outputs: 32, input: profile, weight: profile,
      noise: noise, equalized: equalized, isSmoothed: smoothed)
  }

  @Test("prescriptions and their prices")
  func prescriptions() {
    let times = LinearTimes(
      shape: .init(inputs: 128, outputs: 32),
      nanoseconds: [.float: 400, .int8: 100, .int16: 210, .smoothed: 112, .int4: 90])
    let fine: SignalToNoise = [.int8: 40, .int4: 19, .int8Static: 30, .int16: 45]
    #expect(linear(fine, fine).prescriptions(times) == [])
    #expect(linear(fine, fine).health == .healthy)
    // A vector of 128 floats is kept, and multiplied with.
    let bad: SignalToNoise = [.int8: 6, .int4: 5, .int8Static: 2, .int16: 44]
    #expect(
      linear(bad, fine, smoothed: true).prescriptions(times) == [
        Prescription(remedy: .smooth, gain: 34, bytes: 512, nanoseconds: 12)
      ])
    #expect(linear(bad, fine).health == .warning)
    // Nothing rescales it: 16 bits do, at no byte; 4 bits are out of the question.
    #expect(
      linear(bad, bad).prescriptions(times) == [
        Prescription(remedy: .int16, gain: 38, bytes: 0, nanoseconds: 110)
      ])
    #expect(linear(bad, bad).health == .error)
    let weights: SignalToNoise = [.int8: 7, .int4: 1, .int8Static: 5, .int16: 9]
    let found = linear(weights, weights).prescriptions(times)
    // 128 · 32 elements: 4 bytes for 1, 2 of each row's scale less. What is not rounded needs no 8 bits.
    #expect(found.map(\.remedy) == [.floatModel])
    #expect(found.map(\.bytes) == [4096 * 3 - 64])
    #expect(found.map(\.nanoseconds) == [300])
    // Only 4 bits are too few: half a byte for 1, and 2 group bytes a row less.
    let coarse: SignalToNoise = [.int8: 30, .int4: 1, .int8Static: 30, .int16: 31]
    let kept = linear(coarse, coarse).prescriptions(times)
    #expect(kept.map(\.remedy) == [.keep8])
    #expect(kept.map(\.bytes) == [4096 / 2 - 64])
    #expect(kept.map(\.nanoseconds) == [10])
    #expect(linear(weights, weights).prescriptions(nil).allSatisfy { $0.nanoseconds == nil })
  }

  @Test("every form of a linear is timed")
  func times() {
    let times = LinearTimes.measure(.init(inputs: 48, outputs: 20), tokens: 10, rounds: 3)
    #expect(Set(times.nanoseconds.keys) == Set(LinearTimes.Form.allCases))
    #expect(times.nanoseconds.values.allSatisfy { $0 > 0 })
  }
}
