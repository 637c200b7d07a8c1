import MBQCore
import MBQKernels
import MBQModel
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
  /// (5); 0 for each token's own.
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
    let scratch = GuardedBytes(
      count: KernelSet.attentionScratch(tokens: tokens, headSize: headSize))
    let untouched = y.row(0)[0].bitPattern
    // The rows of a slice are the first rows of a call that starts there.
    let call = AttentionCall(
      query: q.kernelRows(from: range.lowerBound), key: k.kernelRows(), value: v.kernelRows(),
      output: y.kernelRows(from: range.lowerBound), tokens: tokens, rows: range.count,
      scale: scale,
      steps: AttentionSteps(query: steps.query, key: steps.key, value: steps.value),
      scratch: scratch.bytes)
    kernels.attention(call, isInteger: kind == .int8)
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
