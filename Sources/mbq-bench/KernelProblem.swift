import MBQCore
import MBQKernels
import MBQModel
import MBQSchemes

/// What follows the product of a linear.
enum Epilogue: String {
  case bias
  case biasRelu = "bias, relu"
  case norm = "no-norm"
  case residualNorm = "residual, no-norm"
}

/// One call of a kernel with its arguments.
final class KernelProblem {
  enum Element: String { case i8, f32 }

  let kernel: String
  let element: Element
  let rows: Int
  let shape: String
  let epilogue: String
  /// Products the result needs: paddings and what a kernel does besides are not counted.
  let multiplications: Int
  /// What the call's pointers point to.
  private let buffers: Buffers
  private let call: () -> Void

  private init(
    _ kernel: String, _ element: Element, rows: Int, shape: String, epilogue: String,
    multiplications: Int, _ buffers: Buffers, call: @escaping () -> Void
  ) {
    (self.kernel, self.element, self.rows, self.shape) = (kernel, element, rows, shape)
    (self.epilogue, self.multiplications) = (epilogue, multiplications)
    (self.buffers, self.call) = (buffers, call)
  }

  func run() { call() }

  /// A linear, from float rows to float rows: what quantizes the rows and what follows the product are
  /// in it.
  static func linear(
    _ kernels: KernelSet, _ element: Element, rows: Int, _ inputs: Int, _ outputs: Int,
    _ epilogue: Epilogue
  ) -> KernelProblem {
    var generator = SeededGenerator(seed: 7)
    let scheme: SchemeCode = element == .i8 ? .int8Channel : .float32Panels
    let buffers = Buffers([
      rows * inputs * 4, scheme.byteCount(rows: outputs, columns: inputs), outputs * 4, outputs * 4,
      rows * outputs * 4, rows * outputs * 4,
      KernelSet.linearScratch(scheme, inputs: inputs, isSmoothed: false), outputs * 4,
    ])
    buffers.fill(0, scale: 1, &generator)
    if element == .i8 {
      for index in 0..<(outputs * inputs) {
        buffers.address(1).storeBytes(
          of: Int8(truncatingIfNeeded: Int(generator.next() % 255) - 127), toByteOffset: index,
          as: Int8.self)
      }
    } else {
      buffers.fill(1, scale: 1, &generator)
    }
    for index in 2...4 { buffers.fill(index, scale: 0.01, &generator) }
    func vector(_ index: Int) -> KernelVector {
      KernelVector(UnsafePointer(buffers.floats(index)), count: outputs)
    }
    var matrix = KernelMatrix(
      scheme, rows: outputs, columns: inputs,
      elements: UnsafeRawBufferPointer(buffers.bytes(1)))
    if element == .i8 {
      let sums = buffers.address(7).assumingMemoryBound(to: Int32.self)
      matrix.scales = vector(2)
      kernels.columnSums(matrix, into: sums)
      matrix.setColumnSums(UnsafePointer(sums))
    }
    var call = LinearCall(
      input: KernelRows(buffers.floats(0), stride: inputs, width: inputs),
      output: KernelRows(buffers.floats(5), stride: outputs, width: outputs), rows: rows,
      scratch: buffers.bytes(6))
    switch epilogue {
    case .bias: call.bias = vector(3)
    case .biasRelu: (call.bias, call.activation) = (vector(3), .relu)
    case .norm: call.norm = KernelNorm(.noNorm, gamma: vector(2), beta: vector(3))
    case .residualNorm:
      call.residual = KernelRows(buffers.floats(4), stride: outputs, width: outputs)
      call.norm = KernelNorm(.noNorm, gamma: vector(2), beta: vector(3))
    }
    return KernelProblem(
      "linear_\(element)", element, rows: rows, shape: "\(inputs)→\(outputs)",
      epilogue: epilogue.rawValue, multiplications: rows * inputs * outputs, buffers
    ) { [call, matrix] in kernels.linear(call, matrix) }
  }

  /// All heads of one text.
  static func attention(
    _ kernels: KernelSet, _ element: Element, tokens: Int, heads: Int, size: Int
  ) -> KernelProblem {
    var generator = SeededGenerator(seed: 8)
    let width = heads * size
    let bytes = tokens * width * 4
    let buffers = Buffers([
      bytes, bytes, bytes, bytes, KernelSet.attentionScratch(tokens: tokens, headSize: size),
    ])
    for index in 0..<3 { buffers.fill(index, scale: 1, &generator) }
    let calls = (0..<heads).map { head in
      func rows(_ index: Int) -> KernelRows {
        KernelRows(buffers.floats(index) + head * size, stride: width, width: size)
      }
      return AttentionCall(
        query: rows(0), key: rows(1), value: rows(2), output: rows(3), tokens: tokens,
        rows: tokens, scale: 1 / Float(size).squareRoot(), scratch: buffers.bytes(4))
    }
    return KernelProblem(
      "attention_\(element)", element, rows: tokens, shape: "\(heads) of \(size)", epilogue: "",
      multiplications: 2 * tokens * tokens * width, buffers
    ) {
      for call in calls { kernels.attention(call, isInteger: element == .i8) }
    }
  }
}

/// Aligned memory in pieces.
final class Buffers {
  private let storage: AlignedBuffer
  private var places: [(offset: Int, count: Int)] = []

  init(_ byteCounts: [Int]) {
    var end = 0
    for count in byteCounts {
      places.append((end, count))
      end = roundUp(end + count, to: AlignedBuffer.alignment)
    }
    storage = AlignedBuffer(byteCount: end)
  }

  func address(_ index: Int) -> UnsafeMutableRawPointer {
    storage.bytes.baseAddress! + places[index].offset
  }

  func bytes(_ index: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: address(index), count: places[index].count)
  }

  func floats(_ index: Int) -> UnsafeMutablePointer<Float> {
    address(index).assumingMemoryBound(to: Float.self)
  }

  /// Random floats within ±scale.
  func fill(_ index: Int, scale: Float, _ generator: inout SeededGenerator) {
    let floats = floats(index)
    for place in 0..<(places[index].count / 4) {
      floats[place] = Float(Int32(truncatingIfNeeded: generator.next())) * 0x1p-31 * scale
    }
  }
}
