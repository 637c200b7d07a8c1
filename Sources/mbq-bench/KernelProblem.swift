internal import CMBQKernels
import MBQCore

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
  private let buffers: Buffers
  private let call: (Buffers) -> Void

  private init(
    _ kernel: String, _ element: Element, rows: Int, shape: String, epilogue: String,
    multiplications: Int, _ buffers: Buffers, call: @escaping (Buffers) -> Void
  ) {
    (self.kernel, self.element, self.rows, self.shape) = (kernel, element, rows, shape)
    (self.epilogue, self.multiplications) = (epilogue, multiplications)
    (self.buffers, self.call) = (buffers, call)
  }

  func run() { call(buffers) }

  /// A linear, from float rows to float rows: what quantizes the rows and what follows the product are
  /// in it.
  static func linear(
    _ set: mbq_kernel_set, _ element: Element, rows: Int, _ inputs: Int, _ outputs: Int,
    _ epilogue: Epilogue
  ) -> KernelProblem {
    var generator = SeededGenerator(seed: 7)
    let buffers = Buffers([
      rows * inputs * 4, outputs * inputs * 4, outputs * 4, outputs * 4, rows * outputs * 4,
      rows * outputs * 4, mbq_linear_scratch(UInt32(inputs), 0, 0),
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
    let sums = Buffers([outputs * 4])
    set.column_sums(
      buffers.address(1), UInt32(inputs), UInt32(outputs),
      sums.address(0).assumingMemoryBound(to: Int32.self), nil, 0)
    return KernelProblem(
      "linear_\(element)", element, rows: rows, shape: "\(inputs)→\(outputs)",
      epilogue: epilogue.rawValue, multiplications: rows * inputs * outputs, buffers
    ) { buffers in
      var call = mbq_linear()
      call.input = UnsafePointer(buffers.floats(0))
      call.input_stride = inputs
      call.weights = UnsafeRawPointer(buffers.address(1))
      if element == .i8 {
        call.scales = UnsafePointer(buffers.floats(2))
        call.column_sums = UnsafePointer(sums.address(0).assumingMemoryBound(to: Int32.self))
      }
      if epilogue == .bias || epilogue == .biasRelu { call.bias = UnsafePointer(buffers.floats(3)) }
      if epilogue == .biasRelu { call.activation = UInt32(MBQ_ACTIVATION_RELU) }
      if epilogue == .residualNorm {
        call.residual = UnsafePointer(buffers.floats(4))
        call.residual_stride = outputs
      }
      if epilogue == .norm || epilogue == .residualNorm {
        call.norm = UInt32(MBQ_NORM_NO_NORM)
        call.gamma = UnsafePointer(buffers.floats(2))
        call.beta = UnsafePointer(buffers.floats(3))
      }
      call.output = buffers.floats(5)
      call.output_stride = outputs
      call.rows = UInt32(rows)
      call.inputs = UInt32(inputs)
      call.outputs = UInt32(outputs)
      call.scratch = buffers.address(6)
      if element == .i8 { set.linear_i8(&call) } else { set.linear_f32(&call) }
    }
  }

  /// All heads of one text.
  static func attention(
    _ set: mbq_kernel_set, _ element: Element, tokens: Int, heads: Int, size: Int
  ) -> KernelProblem {
    var generator = SeededGenerator(seed: 8)
    let width = heads * size
    let bytes = tokens * width * 4
    let buffers = Buffers([
      bytes, bytes, bytes, bytes, mbq_attention_scratch(UInt32(tokens), UInt32(size)),
    ])
    for index in 0..<3 { buffers.fill(index, scale: 1, &generator) }
    return KernelProblem(
      "attention_\(element)", element, rows: tokens, shape: "\(heads) of \(size)", epilogue: "",
      multiplications: 2 * tokens * tokens * width, buffers
    ) { buffers in
      for head in 0..<heads {
        var call = mbq_attention()
        call.query = UnsafePointer(buffers.floats(0) + head * size)
        call.key = UnsafePointer(buffers.floats(1) + head * size)
        call.value = UnsafePointer(buffers.floats(2) + head * size)
        call.output = buffers.floats(3) + head * size
        (call.query_stride, call.key_stride) = (width, width)
        (call.value_stride, call.output_stride) = (width, width)
        (call.tokens, call.row_count) = (UInt32(tokens), UInt32(tokens))
        call.head_size = UInt32(size)
        call.scale = 1 / Float(size).squareRoot()
        call.scratch = buffers.address(4)
        if element == .i8 { set.attention_i8(&call) } else { set.attention_f32(&call) }
      }
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
