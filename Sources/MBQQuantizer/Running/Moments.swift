import MBQCore
import MBQKernels
import MBQSchemes

/// Sums of products of hidden states over tokens, `Σ_t a_t · b_tᵀ`: what least squares, GPTQ and the
/// second-order pruners are made of.
public struct Moments: Sendable {
  /// Columns of a, and of b.
  public let rows: Int
  public let columns: Int
  /// Of shape (rows, columns).
  public private(set) var values: [Float]
  /// Tokens added so far.
  public private(set) var count = 0

  public init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    values = [Float](repeating: 0, count: rows * columns)
  }

  /// Sums that were taken earlier, over `count` tokens.
  init(rows: Int, columns: Int, values: [Float], count: Int) {
    precondition(values.count == rows * columns)
    self.rows = rows
    self.columns = columns
    self.values = values
    self.count = count
  }

  /// `Σ_t x_t · x_tᵀ` of no tokens yet.
  public init(width: Int) { self.init(rows: width, columns: width) }

  /// Tokens whose products are summed before they are added to what was there: enough for the kernels to
  /// run at their peak, few enough that their panels stay in the second cache.
  private static let block = 512

  /// Adds the tokens of `a` and `b`, columns `aColumn ..< aColumn + rows` and `bColumn ..< … + columns`.
  ///
  /// Both have the same number of rows. Runs on the fp32 product kernel: a's columns are its rows, b's
  /// columns its output channels.
  mutating func add(
    _ a: HiddenRows, _ aColumn: Int, _ b: HiddenRows, _ bColumn: Int, _ runner: ModelRunner
  ) {
    precondition(a.count == b.count)
    // Padded so that a tile of 16 columns is always whole.
    let depth = roundUp(min(Self.block, max(a.count, 1)), to: 16)
    let panels = roundUp(columns, to: 16) / 16
    let transposed = AlignedBuffer(byteCount: rows * depth * 4)
    let panelled = AlignedBuffer(byteCount: panels * 16 * depth * 4)
    let stride = panels * 16
    let sums = AlignedBuffer(byteCount: rows * stride * 4)
    let left = transposed.pointer(to: Float.self)
    let right = panelled.pointer(to: Float.self)
    let target = sums.pointer(to: Float.self)
    for row in 0..<rows {
      (target + row * stride).update(
        from: Array(values[(row * columns)..<((row + 1) * columns)]), count: columns)
    }
    let weights = KernelMatrix(
      .float32Panels, rows: stride, columns: depth,
      elements: UnsafeRawBufferPointer(panelled.bytes))
    for start in Swift.stride(from: 0, to: a.count, by: depth) {
      let tokens = min(depth, a.count - start)
      transposed.bytes.initializeMemory(as: UInt8.self, repeating: 0)
      panelled.bytes.initializeMemory(as: UInt8.self, repeating: 0)
      for token in 0..<tokens {
        let x = a.row(start + token) + aColumn
        for column in 0..<rows { left[column * depth + token] = x[column] }
        let y = b.row(start + token) + bColumn
        for column in 0..<columns {
          right[((column >> 4) * depth + token) * 16 + (column & 15)] = y[column]
        }
      }
      runner.tiles(rows) { part, worker in
        let rows = KernelRows(
          target + part.lowerBound * stride, stride: stride, width: stride)
        var call = LinearCall(
          input: KernelRows(left + part.lowerBound * depth, stride: depth, width: depth),
          output: rows, rows: part.count)
        call.residual = rows
        runner.kernels.linear(call, weights)
      }
    }
    for row in 0..<rows {
      for column in 0..<columns { values[row * columns + column] = target[row * stride + column] }
    }
    count += a.count
  }

  /// As if every state had been multiplied with `factors`, one a column; of moments of one state.
  mutating func scale(by factors: [Float]) {
    precondition(rows == columns && factors.count == columns)
    for row in 0..<rows {
      for column in 0..<columns { values[row * columns + column] *= factors[row] * factors[column] }
    }
  }
}
