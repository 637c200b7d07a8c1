import MBQCore
import MBQKernels

/// Rows of floats laid out as the kernels are promised: 64-byte aligned, a row every `stride` floats.
///
/// Everything a kernel has no business with holds a NaN of its own, so that reading it shows in the
/// result and writing it shows in `guardsHold`.
final class GuardedRows {
  let rows: Int
  let width: Int
  /// Columns a kernel may use in each row: the width and, after it, zeros.
  let usable: Int
  let stride: Int
  private let memory: UnsafeMutablePointer<Float>
  private let count: Int

  private static let margin = 32
  private static let guardBits: UInt32 = 0x7FC0_BEEF

  /// `gap` floats lie between the usable columns of a row and the next row.
  init(rows: Int, width: Int, usable: Int? = nil, gap: Int = 16) {
    self.rows = rows
    self.width = width
    self.usable = usable ?? roundUp(width, to: 16)
    stride = roundUp(self.usable, to: 16) + gap
    count = rows * stride + 2 * Self.margin
    let bytes = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
    memory = bytes.bindMemory(to: Float.self, capacity: count)
    memory.initialize(repeating: Float(bitPattern: Self.guardBits), count: count)
  }

  /// Filled with (rows, width) values, zeros behind each row.
  convenience init(_ values: [Float], rows: Int, width: Int, usable: Int? = nil, gap: Int = 16) {
    self.init(rows: rows, width: width, usable: usable, gap: gap)
    for row in 0..<rows {
      for column in 0..<self.usable {
        base[row * stride + column] = column < width ? values[row * width + column] : 0
      }
    }
  }

  deinit { UnsafeMutableRawPointer(memory).deallocate() }

  var base: UnsafeMutablePointer<Float> { memory + Self.margin }

  func row(_ index: Int) -> UnsafeMutablePointer<Float> { base + index * stride }

  /// As kernels take them, from row `first` on.
  func kernelRows(from first: Int = 0) -> KernelRows {
    KernelRows(row(first), stride: stride, width: width)
  }

  /// A single row as a vector.
  var vector: KernelVector { KernelVector(UnsafePointer(base), count: width) }

  /// Shape (rows, width).
  var values: [Float] {
    var result: [Float] = []
    result.reserveCapacity(rows * width)
    for row in 0..<rows {
      result += UnsafeBufferPointer(start: self.row(row), count: width)
    }
    return result
  }

  /// Nothing outside of the usable columns was written.
  var guardsHold: Bool {
    for place in 0..<count {
      let inside = place - Self.margin
      let isUsable = inside >= 0 && inside < rows * stride && inside % stride < usable
      if !isUsable, memory[place].bitPattern != Self.guardBits { return false }
    }
    return true
  }

  /// The usable columns past the width hold zeros, or NaNs in a row that has them.
  var paddingIsZero: Bool {
    for row in 0..<rows {
      for column in width..<max(width, usable) {
        let value = base[row * stride + column]
        if value != 0, !value.isNaN { return false }
      }
    }
    return true
  }
}

/// A vector of per-channel numbers, padded with zeros to 16.
func paddedVector(_ values: [Float]) -> GuardedRows {
  GuardedRows(values, rows: 1, width: values.count, gap: 0)
}

/// Aligned bytes of exactly the size asked for, between guards; full of rubbish at first, because a
/// kernel must not rely on what it finds in its scratch.
final class GuardedBytes {
  let count: Int
  private let memory: UnsafeMutableRawPointer
  private static let margin = 64

  init(count: Int) {
    self.count = count
    memory = .allocate(byteCount: count + 2 * Self.margin, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: count + 2 * Self.margin)
  }

  convenience init<T>(_ values: [T]) {
    self.init(count: values.count * MemoryLayout<T>.stride)
    values.withUnsafeBytes { base.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
  }

  deinit { memory.deallocate() }

  var base: UnsafeMutableRawPointer { memory + Self.margin }

  var bytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base, count: count)
  }

  /// As those who only read take them.
  var stored: UnsafeRawBufferPointer { UnsafeRawBufferPointer(bytes) }

  var guardsHold: Bool {
    (0..<Self.margin).allSatisfy {
      memory.load(fromByteOffset: $0, as: UInt8.self) == 0xA5
        && memory.load(fromByteOffset: Self.margin + count + $0, as: UInt8.self) == 0xA5
    }
  }
}
