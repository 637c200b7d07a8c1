import CMBQKernels
import MBQCore
import MBQKernels
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
  var activation = MBQ_ACTIVATION_NONE
  var residual = ResidualKind.none
  var norm = MBQ_NORM_NONE
  var epsilon: Float = 1e-5

  /// Every combination.
  static let all: [LinearOptions] = {
    var result: [LinearOptions] = []
    for norm in [MBQ_NORM_NONE, MBQ_NORM_NO_NORM, MBQ_NORM_LAYER_NORM] {
      for residual in ResidualKind.allCases {
        for activation in [
          MBQ_ACTIVATION_NONE, MBQ_ACTIVATION_RELU, MBQ_ACTIVATION_GELU, MBQ_ACTIVATION_TANH,
        ] {
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
  /// Shape (inputs); (17).
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
      let weights = Int4Weights(
        outputs: shape.outputs, inputs: shape.inputs, groupSize: form.groupSize, &generator)
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
      count:
        mbq_linear_scratch(UInt32(inputs), UInt32(form.groupSize), form.smooths ? 1 : 0))
    let scales = paddedVector(scales)
    let bias = paddedVector(bias)
    let smoothing = paddedVector(smoothing)
    let gamma = paddedVector(gamma)
    let beta = paddedVector(beta)
    let sums = GuardedBytes(count: roundUp(outputs, to: 16) * 4)

    var call = mbq_linear()
    call.input = UnsafePointer(x.base)
    call.input_stride = x.stride
    call.weights = UnsafeRawPointer(packed.base)
    if options.hasBias { call.bias = UnsafePointer(bias.base) }
    if options.residual != .none {
      call.residual = UnsafePointer(r.base)
      call.residual_stride = r.stride
    }
    call.gamma = UnsafePointer(gamma.base)
    call.beta = UnsafePointer(beta.base)
    call.output = y.base
    call.output_stride = y.stride
    call.rows = UInt32(range.count)
    call.inputs = UInt32(inputs)
    call.outputs = UInt32(outputs)
    call.activation = UInt32(options.activation)
    call.norm = UInt32(options.norm)
    call.epsilon = options.epsilon
    call.scratch = scratch.base
    switch kind {
    case .int8:
      kernels.functions.column_sums(
        packed.base, UInt32(inputs), UInt32(outputs),
        sums.base.assumingMemoryBound(to: Int32.self), groupBytes, UInt32(form.groupSize))
      call.groups = groupBytes
      call.group_size = UInt32(form.groupSize)
      call.step = form.step
      call.wide = form.isWide ? 1 : 0
      if form.smooths { call.smoothing = UnsafePointer(smoothing.base) }
      call.scales = UnsafePointer(scales.base)
      call.column_sums = UnsafePointer(sums.base.assumingMemoryBound(to: Int32.self))
      kernels.functions.linear_i8(&call)
    case .float32: kernels.functions.linear_f32(&call)
    case .float16: kernels.functions.linear_f16(&call)
    }

    #expect(y.guardsHold, "\(kernels.name) wrote past its output, \(shape)")
    #expect(y.paddingIsZero, "\(kernels.name) left padding that is not zero, \(shape)")
    #expect(
      x.guardsHold && difference(x.values, rows) == nil,
      "\(kernels.name) wrote over its input, \(shape)")
    #expect(
      scratch.guardsHold && sums.guardsHold, "\(kernels.name) wrote past its scratch, \(shape)")
    return y.values
  }

  private var groupBytes: UnsafePointer<UInt8>? {
    form.groupSize == 0 ? nil : UnsafePointer(groups.base.assumingMemoryBound(to: UInt8.self))
  }

  /// The kernel's column sums, padding included.
  func columnSums(_ kernels: KernelSet) -> [Int32] {
    let count = roundUp(shape.outputs, to: 16)
    let sums = GuardedBytes(count: count * 4)
    let first = sums.base.assumingMemoryBound(to: Int32.self)
    kernels.functions.column_sums(
      packed.base, UInt32(shape.inputs), UInt32(shape.outputs), first, groupBytes,
      UInt32(form.groupSize))
    #expect(sums.guardsHold)
    return Array(UnsafeBufferPointer(start: first, count: count))
  }
}
