import MBQCore
import MBQKernels
import MBQModel

/// Rows of floats, each on a multiple of 16 floats from the first.
public final class HiddenRows: @unchecked Sendable {
  public let count: Int
  public let width: Int
  /// Floats from one row to the next: the width rounded up to 16, the rest zeros.
  public let stride: Int
  private let storage: AlignedBuffer

  init(count: Int, width: Int) {
    self.count = count
    self.width = width
    stride = roundUp(width, to: 16)
    storage = AlignedBuffer(byteCount: count * stride * 4)
  }

  public var base: UnsafeMutablePointer<Float> { storage.pointer(to: Float.self) }

  /// `width` columns from `column` on, from row `first` on.
  func columns(_ column: Int, _ width: Int, from first: Int) -> KernelRows {
    KernelRows(row(first) + column, stride: stride, width: width)
  }

  public func row(_ index: Int) -> UnsafeMutablePointer<Float> { base + index * stride }

  /// The columns from `first` on, each times its factor.
  func scaled(_ factors: [Float], from first: Int) -> HiddenRows {
    let result = HiddenRows(count: count, width: factors.count)
    for index in 0..<count {
      let (from, to) = (row(index) + first, result.row(index))
      for column in factors.indices { to[column] = from[column] * factors[column] }
    }
    return result
  }
}

/// Texts as one ragged batch with every hidden state that is still needed.
public final class HiddenStates {
  public let tokens: [UInt32]
  /// The position of each token in its text.
  let positions: [UInt32]
  /// The first row of each text, and the row after the last.
  public let starts: [Int]
  var buffers: [Int: HiddenRows] = [:]

  public init(_ texts: [[UInt32]]) {
    var tokens: [UInt32] = []
    var positions: [UInt32] = []
    var starts = [0]
    for text in texts {
      tokens += text
      positions += text.indices.map(UInt32.init)
      starts.append(tokens.count)
    }
    self.tokens = tokens
    self.positions = positions
    self.starts = starts
  }

  /// The same states, from which another run may go on; rows are shared, because steps write rows of
  /// their own.
  init(forking other: HiddenStates) {
    tokens = other.tokens
    positions = other.positions
    starts = other.starts
    buffers = other.buffers
  }

  public var textCount: Int { starts.count - 1 }

  func rows(of text: Int) -> Range<Int> { starts[text]..<starts[text + 1] }

  func rowCount(_ domain: RowDomain) -> Int { domain == .tokens ? tokens.count : textCount }

  /// The rows an operand is a stretch of columns of.
  public func rows(_ operand: Operand) -> HiddenRows {
    guard let rows = buffers[operand.buffer] else {
      preconditionFailure("buffer \(operand.buffer) is not computed yet, or was released")
    }
    return rows
  }

  /// Puts rows in a buffer's place.
  public func replace(_ buffer: Int, by rows: HiddenRows) { buffers[buffer] = rows }
}
