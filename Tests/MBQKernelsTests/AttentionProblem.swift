import CMBQKernels
import MBQCore
import MBQKernels
import Testing

/// One head of one text with random numbers: the same sizes give the same problem.
struct AttentionProblem: Sendable {
  var tokens: Int
  var headSize: Int
  // (tokens, headSize) each.
  var query: [Float]
  var key: [Float]
  var value: [Float]
  var scale: Float
  /// (14); 0 for each token's own.
  var steps: (query: Float, key: Float, value: Float) = (0, 0, 0)

  /// `sharpness` is how large the scores become: 1 gives nearly equal weights, 30 nearly one token each.
  init(tokens: Int, headSize: Int, sharpness: Float = 3) {
    self.tokens = tokens
    self.headSize = headSize
    var generator = SeededGenerator(seed: UInt64(tokens << 20 | headSize))
    query = generator.floats(tokens * headSize, scale: sharpness)
    key = generator.floats(tokens * headSize, scale: 1.5)
    value = generator.floats(tokens * headSize, scale: 4)
    scale = 1 / Float(headSize).squareRoot()
  }

  enum Kind: CaseIterable, Sendable {
    case int8
    case float32
  }

  /// The kernel's output (rows, headSize) for some of the query rows.
  ///
  /// Records an issue if it wrote anywhere else.
  func run(_ kernels: KernelSet, _ kind: Kind, rows range: Range<Int>? = nil) -> [Float] {
    let range = range ?? 0..<tokens
    // A head's neighbours are other heads: nothing past its columns may be used.
    let q = GuardedRows(query, rows: tokens, width: headSize, usable: headSize, gap: 16)
    let k = GuardedRows(key, rows: tokens, width: headSize, usable: headSize, gap: 32)
    let v = GuardedRows(value, rows: tokens, width: headSize, usable: headSize, gap: 0)
    let y = GuardedRows(rows: tokens, width: headSize, usable: headSize, gap: 48)
    let scratch = GuardedBytes(count: mbq_attention_scratch(UInt32(tokens), UInt32(headSize)))
    let untouched = y.row(0)[0].bitPattern
    var call = mbq_attention()
    call.query = UnsafePointer(q.base)
    call.key = UnsafePointer(k.base)
    call.value = UnsafePointer(v.base)
    call.query_stride = q.stride
    call.key_stride = k.stride
    call.value_stride = v.stride
    call.output = y.base
    call.output_stride = y.stride
    call.tokens = UInt32(tokens)
    call.head_size = UInt32(headSize)
    call.first_row = UInt32(range.lowerBound)
    call.row_count = UInt32(range.count)
    call.scale = scale
    call.query_step = steps.query
    call.key_step = steps.key
    call.value_step = steps.value
    call.scratch = scratch.base
    switch kind {
    case .int8: kernels.functions.attention_i8(&call)
    case .float32: kernels.functions.attention_f32(&call)
    }
    #expect(
      y.guardsHold && q.guardsHold && k.guardsHold && v.guardsHold,
      "\(kernels.name) wrote past a head of \(tokens) × \(headSize)")
    #expect(scratch.guardsHold, "\(kernels.name) wrote past its scratch, \(tokens) × \(headSize)")
    let values = y.values
    for row in 0..<tokens where !range.contains(row) {
      let places = values[(row * headSize)..<((row + 1) * headSize)]
      #expect(places.allSatisfy { $0.bitPattern == untouched }, "\(kernels.name) wrote row \(row)")
    }
    return Array(values[(range.lowerBound * headSize)..<(range.upperBound * headSize)])
  }
}
