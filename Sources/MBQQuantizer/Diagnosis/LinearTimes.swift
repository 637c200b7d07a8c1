import MBQCore
public import MBQKernels
import MBQModel
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
  private let kernels: KernelSet
  private let input: HiddenRows
  private let output: HiddenRows
  private let float: RunnerMatrix
  private let int8: RunnerMatrix
  private let int4: RunnerMatrix
  private let smoothing: RunnerVector
  private let scratch: AlignedBytes

  init(_ shape: LinearTimes.Shape, _ tokens: Int, _ kernels: KernelSet) {
    self.shape = shape
    self.tokens = tokens
    self.kernels = kernels
    var generator = SeededGenerator(seed: 11)
    func random() -> Float { Float(Int32(truncatingIfNeeded: generator.next())) * 0x1p-31 }
    input = HiddenRows(count: tokens, width: shape.inputs)
    output = HiddenRows(count: tokens, width: shape.outputs)
    for row in 0..<tokens {
      for column in 0..<shape.inputs { input.row(row)[column] = random() }
    }
    let weights = (0..<(shape.inputs * shape.outputs)).map { _ in random() }
    func matrix(_ scheme: SchemeCode) -> RunnerMatrix {
      RunnerMatrix(scheme.encode(weights, rows: shape.outputs, columns: shape.inputs), kernels)
    }
    float = matrix(.float32Panels)
    int8 = matrix(.int8Channel)
    int4 = matrix(.int4ChannelGroup64)
    smoothing = RunnerVector([Float](repeating: 1, count: shape.inputs))
    scratch = AlignedBytes(
      KernelSet.linearScratch(.int4ChannelGroup64, inputs: shape.inputs, isSmoothed: true))
  }

  /// Nanoseconds of one call, over `repetitions` of them.
  func time(_ form: LinearTimes.Form, _ repetitions: Int) -> Double {
    let start = Standard.nanoseconds
    for _ in 0..<repetitions { run(form) }
    return Double(Standard.nanoseconds - start) / Double(repetitions)
  }

  private func run(_ form: LinearTimes.Form) {
    let matrix =
      switch form {
      case .float: float
      case .int8, .int16, .smoothed: int8
      case .int4: int4
      }
    let tiles = KernelSet.tileCount(rows: tokens)
    for tile in 0..<tiles {
      let rows = (tokens * tile / tiles)..<(tokens * (tile + 1) / tiles)
      var call = LinearCall(
        input: input.columns(0, shape.inputs, from: rows.lowerBound),
        output: output.columns(0, shape.outputs, from: rows.lowerBound), rows: rows.count,
        scratch: scratch.bytes)
      if form == .int16 { call.grid = .int16PerToken }
      if form == .smoothed { call.smoothing = smoothing.vector }
      kernels.linear(call, matrix.kernelMatrix)
    }
  }
}
