import MBQCore
import MBQKernels
import MBQModel
import MBQPacking
import MBQRuntime
import MBQSchemes
import MBQTestSupport
import Testing

@testable import MBQFormat

/// Whole models of what versions 1.2 and 1.4 brought.
@Suite("Models of levels and other grids")
struct LevelModelTests {
  private static let names = [
    "int4", "int4-g64-compressed", "int4-g128-grids", "int3", "int3-g128-grids", "int3-g32-decided",
    "int2", "int2-g64", "int2-g128-compressed", "int8-static",
  ]

  private static func model(_ name: String) throws -> SmallModel {
    try #require(SmallModel.all.first { $0.name == name }?.model)
  }

  private static let texts: [[UInt32]] = [
    [2, 3], [2, 4, 5, 6, 7, 3], [2, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 3], [2],
  ]

  @Test(
    "levels give the bits of the int8 weights they stand for", arguments: names.dropLast())
  func widened(_ name: String) throws {
    let file = try Self.model(name).build().file()
    let plain = try PlainModel(file)
    // The same header over weights written out as int8.
    var writer = PackedWriter()
    for (index, tensor) in try header(of: file).tensors.enumerated() {
      let values = plain.tensors[index]
      guard tensor.scheme.bits <= 8 else {
        let scheme = tensor.scheme
        writer.add(scheme.encode(values.values, rows: tensor.rows, columns: tensor.columns))
        continue
      }
      writer.add(
        .int8(
          tensor.scheme.isInteger ? .int8Channel : .int8Rows, rows: tensor.rows,
          columns: tensor.columns, levels: values.integers,
          scales: values.scales.map { UInt16($0.bitPattern >> 16) }))
    }
    let (options, vocabulary) = try SmallModel.tokenizerSections()
    let wide = writer.file(
      try header(of: file), tokenizerOptions: options, vocabulary: vocabulary)
    for kernels in KernelSets.runnable {
      let found = try RunState(model: Model(bytes: file, kernels: kernels)).logits(Self.texts)
      let expected = try RunState(model: Model(bytes: wide, kernels: kernels)).logits(Self.texts)
      #expect(found.map(\.bitPattern) == expected.map(\.bitPattern), "\(kernels.name)")
    }
  }

  @Test("every set, thread count and batch gives the same bits", arguments: names)
  func sameBits(_ name: String) throws {
    let file = try Self.model(name).build().file()
    // Enough rows for tiles of their own, and for blocks that are not full.
    let texts = (0..<30).flatMap { _ in Self.texts }
    var alone: [UInt32] = []
    let first = RunState(
      model: try Model(bytes: file, kernels: KernelSets.all[KernelSets.all.count - 1]))
    for text in Self.texts { alone += try first.logits([text]).map(\.bitPattern) }
    let expected = (0..<30).flatMap { _ in alone }
    for kernels in KernelSets.runnable {
      let model = try Model(bytes: file, kernels: kernels)
      for threads in [1, 2, 3] {
        let pool = ThreadPool(workerCount: threads)
        let state = RunState(model: model, parallel: pool.parallel)
        let found = try state.logits(texts).map(\.bitPattern)
        #expect(found == expected, "\(kernels.name), \(threads) threads")
      }
    }
  }

  @Test("compressed weights give the bits of the same weights as they are")
  func compressed() throws {
    var model = try Self.model("int4-g64-compressed")
    let short = try model.build().file()
    model.compressesWeights = false
    let long = try model.build().file()
    #expect(short.count < long.count)
    #expect(try PlainModel(short).contents("WIGT") == PlainModel(long).contents("WIGT"))
    let found = try RunState(model: Model(bytes: short)).logits(Self.texts)
    #expect(try RunState(model: Model(bytes: long)).logits(Self.texts) == found)
  }

  @Test("16 bits come closer to float arithmetic than 8, and calibrated steps stay near")
  func grids() throws {
    var model = try Self.model("int8-static")
    model.smooths = false
    func logits(_ grids: [ActivationGrid], _ steps: AttentionSteps? = nil) throws -> [Float] {
      model.grids = grids
      model.steps = steps
      return try RunState(model: Model(bytes: model.build().file())).logits(Self.texts)
    }
    let (eight, sixteen) = (try logits([.int8PerToken]), try logits([.int16PerToken]))
    let fixed = try logits([.int8Static(step: 0.05)])
    let steps = try logits([.int8PerToken], AttentionSteps(query: 0.02, key: 0.03, value: 0.01))

    // The same integers as floats.
    model.grids = [.int8PerToken]
    model.steps = nil
    let file = try model.build().file()
    var exact = try header(of: file)
    exact.activations = .float32
    var writer = PackedWriter()
    for (tensor, plain) in zip(exact.tensors, try PlainModel(file).tensors) {
      var isTable = false
      if case .rows = tensor.scheme.layout { isTable = true }
      let scheme: SchemeCode = isTable ? .float32 : .float32Panels
      writer.add(scheme.encode(plain.values, rows: tensor.rows, columns: tensor.columns))
    }
    let (options, vocabulary) = try SmallModel.tokenizerSections()
    let floats = try RunState(
      model: Model(
        bytes: writer.file(exact, tokenizerOptions: options, vocabulary: vocabulary))
    ).logits(Self.texts)
    func distance(_ logits: [Float]) -> Float {
      zip(logits, floats).map { abs($0 - $1) }.max() ?? .infinity
    }
    #expect(Set([eight, sixteen, fixed, steps]).count == 4)
    #expect(distance(sixteen) < distance(eight) / 2)
    #expect(distance(fixed) < 0.5 && distance(steps) < 0.5)
  }
}
