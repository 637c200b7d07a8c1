import MBQCore
import MBQKernels
import MBQModel
import MBQSchemes
import Testing

/// How the weights of a linear are stored.
enum WeightKind: CaseIterable, Sendable {
  case int8
  case float32
  case float16
}

enum ResidualKind: CaseIterable, Sendable {
  case none
  case apart
  /// The output is written over the residual.
  case inPlace
}

/// What follows a product.
struct LinearOptions: Sendable {
  var hasBias = true
  var activation = LinearActivation.none
  var residual = ResidualKind.none
  var norm: Norm.Kind?
  var epsilon: Float = 1e-5

  /// Every combination.
  static let all: [LinearOptions] = {
    var result: [LinearOptions] = []
    for norm in [nil, Norm.Kind.noNorm, .layerNorm] {
      for residual in ResidualKind.allCases {
        for activation in [LinearActivation.none, .relu, .gelu, .tanh] {
          for hasBias in [true, false] {
            result.append(
              LinearOptions(
                hasBias: hasBias, activation: activation, residual: residual, norm: norm,
                epsilon: 1e-5))
          }
        }
      }
    }
    return result
  }()
}

struct LinearShape: Sendable {
  var rows: Int
  var inputs: Int
  var outputs: Int
}

/// One linear with random numbers: the same seed gives the same problem.
final class LinearProblem {
  let kind: WeightKind
  let shape: LinearShape
  let options: LinearOptions
  let form: IntegerForm
  /// Shape (inputs); (7).
  let smoothing: [Float]
  /// Shape (rows, inputs).
  let input: [Float]
  /// (outputs, inputs) of the kind's numbers.
  private(set) var integers: [Int8] = []
  private(set) var floats: [Float] = []
  private(set) var halves: [UInt16] = []
  // Shape (outputs).
  let scales: [Float]
  let bias: [Float]
  let gamma: [Float]
  let beta: [Float]
  /// Shape (rows, outputs).
  let residual: [Float]
  private let packed: GuardedBytes
  private var groups = GuardedBytes(count: 0)

  init(
    _ kind: WeightKind, _ shape: LinearShape, _ options: LinearOptions, input: [Float]? = nil,
    integers given: [Int8]? = nil, floats givenFloats: [Float]? = nil,
    scales givenScales: [Float]? = nil, form: IntegerForm = IntegerForm()
  ) {
    var generator = SeededGenerator(
      seed: UInt64(shape.rows << 40 | shape.inputs << 20 | shape.outputs))
    self.kind = kind
    self.shape = shape
    self.options = options
    self.form = form
    self.input = input ?? generator.floats(shape.rows * shape.inputs, scale: 3)
    let count = shape.inputs * shape.outputs
    switch kind {
    case .int8 where form.groupSize > 0:
      let weights = LevelWeights(
        outputs: shape.outputs, inputs: shape.inputs, bits: form.bits, groupSize: form.groupSize,
        &generator)
      integers = weights.integers
      packed = GuardedBytes(weights.elements)
      groups = GuardedBytes(weights.groups)
    case .int8:
      integers = given ?? generator.bytes(count)
      packed = GuardedBytes(Self.panels(integers, shape, group: 4, padding: 0))
    case .float32:
      floats = givenFloats ?? generator.floats(count)
      packed = GuardedBytes(Self.panels(floats, shape, group: 1, padding: 0))
    case .float16:
      // Every exponent but the one of infinities and NaNs.
      halves = (0..<count).map { _ in
        let bits = UInt16(truncatingIfNeeded: generator.next())
        return bits & 0x7C00 == 0x7C00 ? bits & 0x83FF : bits & 0xBFFF
      }
      packed = GuardedBytes(Self.panels(halves, shape, group: 1, padding: 0))
    }
    scales =
      givenScales
      ?? (0..<shape.outputs).map { _ in
        float(fromBFloat16: bfloat16(from: abs(generator.unit()) * 0.01))
      }
    bias = generator.floats(shape.outputs)
    gamma = generator.floats(shape.outputs, scale: 2)
    beta = generator.floats(shape.outputs)
    residual = generator.floats(shape.rows * shape.outputs, scale: 2)
    smoothing = form.smooths ? generator.floats(shape.inputs, scale: 2) : []
  }

  /// [outputs/16][inputs/group][16][group], as the header states.
  private static func panels<T>(_ values: [T], _ shape: LinearShape, group: Int, padding: T) -> [T]
  {
    let groups = (shape.inputs + group - 1) / group
    var result = [T](repeating: padding, count: roundUp(shape.outputs, to: 16) * groups * group)
    for output in 0..<shape.outputs {
      for input in 0..<shape.inputs {
        let place =
          ((output / 16 * groups + input / group) * 16 + output % 16) * group + input % group
        result[place] = values[output * shape.inputs + input]
      }
    }
    return result
  }

  /// The kernel's output (rows, outputs) for some of the rows.
  ///
  /// Records an issue if it wrote anywhere else.
  func run(_ kernels: KernelSet, rows range: Range<Int>? = nil) -> [Float] {
    let range = range ?? 0..<shape.rows
    let (inputs, outputs) = (shape.inputs, shape.outputs)
    let rows = Array(input[(range.lowerBound * inputs)..<(range.upperBound * inputs)])
    let x = GuardedRows(rows, rows: range.count, width: inputs)
    let r = GuardedRows(
      Array(residual[(range.lowerBound * outputs)..<(range.upperBound * outputs)]),
      rows: range.count, width: outputs, gap: 32)
    let apart = GuardedRows(rows: range.count, width: outputs, gap: 48)
    let y = options.residual == .inPlace ? r : apart
    let scratch = GuardedBytes(
      count: KernelSet.linearScratch(scheme, inputs: inputs, isSmoothed: form.smooths))
    let scales = paddedVector(scales)
    let bias = paddedVector(bias)
    let smoothing = paddedVector(smoothing)
    let gamma = paddedVector(gamma)
    let beta = paddedVector(beta)
    let sums = GuardedBytes(count: roundUp(outputs, to: 16) * 4)

    var matrix = matrix
    if kind == .int8 {
      let first = sums.base.assumingMemoryBound(to: Int32.self)
      kernels.columnSums(matrix, into: first)
      matrix.setColumnSums(UnsafePointer(first))
      matrix.scales = scales.vector
    }
    var call = LinearCall(
      input: x.kernelRows(), output: y.kernelRows(), rows: range.count, scratch: scratch.bytes)
    if options.hasBias { call.bias = bias.vector }
    if options.residual != .none { call.residual = r.kernelRows() }
    call.norm = options.norm.map {
      KernelNorm($0, gamma: gamma.vector, beta: beta.vector, epsilon: options.epsilon)
    }
    call.activation = options.activation
    call.grid =
      form.isWide ? .int16PerToken : form.step == 0 ? .int8PerToken : .int8Static(step: form.step)
    if form.smooths { call.smoothing = smoothing.vector }
    kernels.linear(call, matrix)

    #expect(y.guardsHold, "\(kernels.name) wrote past its output, \(shape)")
    #expect(y.paddingIsZero, "\(kernels.name) left padding that is not zero, \(shape)")
    #expect(
      x.guardsHold && difference(x.values, rows) == nil,
      "\(kernels.name) wrote over its input, \(shape)")
    #expect(
      scratch.guardsHold && sums.guardsHold, "\(kernels.name) wrote past its scratch, \(shape)")
    return y.values
  }

  private var scheme: SchemeCode {
    switch kind {
    case .int8: form.scheme(inPanels: true)
    case .float32: .float32Panels
    case .float16: .float16Panels
    }
  }

  private var matrix: KernelMatrix {
    KernelMatrix(
      scheme, rows: shape.outputs, columns: shape.inputs,
      elements: UnsafeRawBufferPointer(packed.bytes),
      groups: UnsafeRawBufferPointer(groups.bytes))
  }

  /// The kernel's column sums, padding included.
  func columnSums(_ kernels: KernelSet) -> [Int32] {
    let count = roundUp(shape.outputs, to: 16)
    let sums = GuardedBytes(count: count * 4)
    let first = sums.base.assumingMemoryBound(to: Int32.self)
    kernels.columnSums(matrix, into: first)
    #expect(sums.guardsHold)
    return Array(UnsafeBufferPointer(start: first, count: count))
  }
}
