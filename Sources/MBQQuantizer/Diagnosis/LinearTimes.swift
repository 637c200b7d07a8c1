internal import CMBQKernels
import MBQCore
public import MBQKernels
import MBQSchemes

/// How long the forms of a linear of one shape take on this machine, in nanoseconds a call.
public struct LinearTimes: Equatable, Sendable {
  public struct Shape: Hashable, Sendable {
    public var inputs: Int
    public var outputs: Int

    public init(inputs: Int, outputs: Int) {
      self.inputs = inputs
      self.outputs = outputs
    }
  }

  public enum Form: String, CaseIterable, Sendable {
    case float
    case int8
    /// int8 weights, hidden states of 16 bits.
    case int16
    /// int8, the input multiplied with a vector first.
    case smoothed
    case int4
  }

  public var shape: Shape
  /// The medians of the rounds, by form.
  public var nanoseconds: [Form: Double]

  /// Times every form on one thread, on `tokens` random rows.
  ///
  /// The forms take turns in each round, so that a machine that is busy is so for all of them.
  public static func measure(
    _ shape: Shape, tokens: Int = 128, rounds: Int = 9, kernels: KernelSet = KernelSets.best
  ) -> LinearTimes {
    let bench = Bench(shape, tokens, kernels)
    var times: [Form: [Double]] = [:]
    let repetitions = max(1, Int(400_000 / max(bench.time(.int8, 1), 1)))
    for round in 0...rounds {
      for form in Form.allCases {
        let time = bench.time(form, repetitions)
        // The first round warms caches up.
        if round > 0 { times[form, default: []].append(time) }
      }
    }
    return LinearTimes(
      shape: shape, nanoseconds: times.mapValues { $0.sorted()[$0.count / 2] })
  }
}

/// Arguments of the kernels for one shape.
private struct Bench {
  private let shape: LinearTimes.Shape
  private let tokens: Int
  private let set: UnsafePointer<mbq_kernel_set>
  private let input: HiddenRows
  private let output: HiddenRows
  private let float: RunnerMatrix
  private let int8: RunnerMatrix
  private let int4: StoredInt4
  private let smoothing: RunnerVector
  private let scratch: AlignedBytes
  /// Rows a call takes, as the runtime cuts a batch.
  private static let tileRows = 72

  init(_ shape: LinearTimes.Shape, _ tokens: Int, _ kernels: KernelSet) {
    self.shape = shape
    self.tokens = tokens
    set = kernels.address.assumingMemoryBound(to: mbq_kernel_set.self)
    var generator = SeededGenerator(seed: 11)
    func random() -> Float { Float(Int32(truncatingIfNeeded: generator.next())) * 0x1p-31 }
    input = HiddenRows(count: tokens, width: shape.inputs)
    output = HiddenRows(count: tokens, width: shape.outputs)
    for row in 0..<tokens {
      for column in 0..<shape.inputs { input.row(row)[column] = random() }
    }
    let weights = (0..<(shape.inputs * shape.outputs)).map { _ in random() }
    float = RunnerMatrix(weights, rows: shape.outputs, columns: shape.inputs)
    int8 = RunnerMatrix(
      Int8Channel.encode(weights, rows: shape.outputs, columns: shape.inputs), set)
    int4 = StoredInt4(
      Int4Channel64.encode(weights, rows: shape.outputs, columns: shape.inputs), set)
    smoothing = RunnerVector([Float](repeating: 1, count: shape.inputs))
    scratch = AlignedBytes(max(mbq_linear_scratch(UInt32(shape.inputs), 64, 1), 64))
  }

  /// Nanoseconds of one call, over `repetitions` of them.
  func time(_ form: LinearTimes.Form, _ repetitions: Int) -> Double {
    let start = Standard.nanoseconds
    for _ in 0..<repetitions { run(form) }
    return Double(Standard.nanoseconds - start) / Double(repetitions)
  }

  private func run(_ form: LinearTimes.Form) {
    let tiles = (tokens + Self.tileRows - 1) / Self.tileRows
    for tile in 0..<tiles {
      let rows = (tokens * tile / tiles)..<(tokens * (tile + 1) / tiles)
      var call = mbq_linear()
      call.input = UnsafePointer(input.row(rows.lowerBound))
      call.input_stride = input.stride
      call.output = output.row(rows.lowerBound)
      call.output_stride = output.stride
      call.rows = UInt32(rows.count)
      call.inputs = UInt32(shape.inputs)
      call.outputs = UInt32(shape.outputs)
      call.scratch = scratch.bytes
      guard form != .float else {
        call.weights = UnsafeRawPointer(float.elements.bytes.baseAddress!)
        set.pointee.linear_f32(&call)
        continue
      }
      let matrix = form == .int4 ? int4.matrix : int8
      call.weights = UnsafeRawPointer(matrix.elements.bytes.baseAddress!)
      call.scales = UnsafePointer(matrix.scales.pointer(to: Float.self))
      call.column_sums = UnsafePointer(matrix.sums.pointer(to: Int32.self))
      if form == .int16 { call.wide = 1 }
      if form == .smoothed { call.smoothing = smoothing.pointer }
      if form == .int4 {
        call.groups = UnsafePointer(int4.groups.bytes.assumingMemoryBound(to: UInt8.self))
        call.group_size = 64
      }
      set.pointee.linear_i8(&call)
    }
  }
}

/// 4-bit weights as a packed model has them, not widened.
private struct StoredInt4 {
  let matrix: RunnerMatrix
  let groups: AlignedBytes

  init(_ encoded: EncodedMatrix, _ set: UnsafePointer<mbq_kernel_set>) {
    let count = (encoded.columns + 63) / 64
    groups = AlignedBytes(
      encoded.scheme.groupByteCount(rows: encoded.rows, columns: encoded.columns))
    let bytes = groups.bytes.assumingMemoryBound(to: UInt8.self)
    for row in 0..<encoded.rows {
      for group in 0..<count {
        let place = encoded.scheme.groupIndex(row: row, group: group, columns: encoded.columns)
        bytes[place] = encoded.groups[row * count + group]
      }
    }
    // Scales and elements are an int8 matrix's; the sums depend on the groups.
    matrix = RunnerMatrix(encoded, nil)
    let scales = matrix.scales.pointer(to: Float.self)
    for row in 0..<encoded.rows { scales[row] = MBQCore.float(fromBFloat16: encoded.scales[row]) }
    set.pointee.column_sums(
      matrix.elements.bytes.baseAddress, UInt32(encoded.columns), UInt32(encoded.rows),
      matrix.sums.pointer(to: Int32.self), bytes, 64)
  }
}
