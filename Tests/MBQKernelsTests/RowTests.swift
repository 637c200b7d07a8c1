import MBQCore
import MBQKernels
import MBQModel
import MBQSchemes
import Testing

@Suite("Norms and stored rows")
struct RowTests {
  private struct Options {
    var norm: Norm.Kind?
    var hasResidual: Bool
    /// Written over the input.
    var inPlace: Bool
  }

  private static let options: [Options] = [nil, Norm.Kind.noNorm, .layerNorm]
    .flatMap { norm in
      [false, true].flatMap { hasResidual in
        [false, true].map { Options(norm: norm, hasResidual: hasResidual, inPlace: $0) }
      }
    }

  private func norm(
    _ kernels: KernelSet, _ input: [Float], width: Int, _ options: Options
  ) -> [Float] {
    let rows = input.count / width
    var generator = SeededGenerator(seed: 5)
    let x = GuardedRows(input, rows: rows, width: width)
    let r = GuardedRows(generator.floats(input.count), rows: rows, width: width, gap: 0)
    let apart = GuardedRows(rows: rows, width: width, gap: 32)
    let y = options.inPlace ? x : apart
    let gamma = paddedVector(generator.floats(width))
    let beta = paddedVector(generator.floats(width))
    kernels.normalize(
      options.norm.map {
        KernelNorm($0, gamma: gamma.vector, beta: beta.vector, epsilon: 1e-12)
      },
      input: x.kernelRows(), residual: options.hasResidual ? r.kernelRows() : nil,
      output: y.kernelRows(), rows: rows)
    #expect(y.guardsHold && y.paddingIsZero && x.guardsHold && r.guardsHold)
    return y.values
  }

  @Test("norms, awkward rows included", arguments: KernelSets.others)
  func norms(kernels: KernelSet) {
    for width in [1, 2, 15, 16, 17, 24, 48, 100, 128, 512] {
      var generator = SeededGenerator(seed: UInt64(width))
      for input in [awkwardRows(width: width), generator.floats(width * 30, scale: 10)] {
        for options in Self.options {
          let found = difference(
            norm(kernels, input, width: width, options),
            norm(KernelSets.generic, input, width: width, options))
          #expect(found == nil, "\(kernels.name), width \(width), \(options)")
        }
      }
    }
  }

  /// `row` widened to floats over what `start` holds; bfloat16 has the scale.
  private func widen<T>(
    _ kernels: KernelSet, _ row: [T], _ scheme: SchemeCode, scale: Float, adding start: [Float]?
  ) -> [Float] {
    let stored = GuardedBytes(row)
    let scales = GuardedBytes([bfloat16(from: scale)])
    let y = GuardedRows(
      start ?? [Float](repeating: .nan, count: row.count), rows: 1, width: row.count)
    kernels.widen(
      KernelTable(
        scheme, rows: 1, columns: row.count, elements: stored.stored, scales: scales.stored),
      row: 0, to: y.base, adding: start != nil)
    #expect(y.guardsHold && y.paddingIsZero)
    return y.values
  }

  @Test("every half float is widened exactly", arguments: KernelSets.runnable)
  func halves(kernels: KernelSet) {
    let halves = (0...UInt16.max).map { $0 }
    let widened = widen(kernels, halves, .float16, scale: 1, adding: nil)
    #if arch(arm64) || os(Linux)
    #expect(difference(widened, halves.map { Float(Float16(bitPattern: $0)) }) == nil)
    #endif
    #expect(difference(widened, halves.map(float(fromHalf:))) == nil)
  }

  @Test("every byte is widened and scaled", arguments: KernelSets.runnable)
  func bytes(kernels: KernelSet) {
    let bytes = (-128...127).map { Int8($0) }
    for scale in ([1, 0.1, 1e-38, 3e36] as [Float]).map({ float(fromBFloat16: bfloat16(from: $0)) })
    {
      let widened = widen(kernels, bytes, .int8Rows, scale: scale, adding: nil)
      #expect(difference(widened, bytes.map { Float($0) * scale }) == nil)
    }
  }

  @Test("rows of every width, alone and added up", arguments: KernelSets.runnable)
  func widths(kernels: KernelSet) {
    var generator = SeededGenerator(seed: 11)
    for width in Array(1...50) + [128, 512] {
      let floats = generator.floats(width, scale: 100)
      let start = generator.floats(width)
      let sum = zip(floats, start).map { $0 + $1 }
      #expect(widen(kernels, floats, .float32, scale: 1, adding: nil) == floats)
      #expect(widen(kernels, floats, .float32, scale: 1, adding: start) == sum)
      let halves = floats.map(half(from:))
      #expect(
        widen(kernels, halves, .float16, scale: 1, adding: start)
          == zip(halves, start).map { float(fromHalf: $0) + $1 })
      let bytes = generator.bytes(width)
      #expect(
        widen(kernels, bytes, .int8Rows, scale: 0.25, adding: start)
          == zip(bytes, start).map { Float($0) * 0.25 + $1 })
    }
  }
}
