import MBQCore
package import MBQModel

/// Rows of floats in memory: row `i` starts `i * stride` floats after `base`.
///
/// Kernels read and write columns by sixteens, up to `width` rounded up to 16; those past the width hold
/// zeros. An attention's rows end at their width: behind a head's columns come the next head's.
package struct KernelRows {
  package var base: UnsafeMutablePointer<Float>
  package var stride: Int
  package var width: Int

  package init(_ base: UnsafeMutablePointer<Float>, stride: Int, width: Int) {
    self.base = base
    self.stride = stride
    self.width = width
  }

  /// A row has room for whole blocks of 16 columns, and starts where a block may start.
  var hasWholeBlocks: Bool { stride.isMultiple(of: 16) && stride >= roundUp(width, to: 16) }
}

/// Numbers of channels, padded with zeros to a multiple of 16.
package struct KernelVector: @unchecked Sendable {
  package var base: UnsafePointer<Float>
  /// The channels, without the padding.
  package var count: Int

  package init(_ base: UnsafePointer<Float>, count: Int) {
    self.base = base
    self.count = count
  }
}

/// A norm and its numbers, one a column each.
package struct KernelNorm {
  package var kind: Norm.Kind
  package var gamma: KernelVector
  package var beta: KernelVector
  /// Added to the variance; LayerNorm only.
  package var epsilon: Float

  package init(
    _ kind: Norm.Kind, gamma: KernelVector, beta: KernelVector, epsilon: Float = 0
  ) {
    self.kind = kind
    self.gamma = gamma
    self.beta = beta
    self.epsilon = epsilon
  }
}

/// Memory a kernel uses while it runs; it may hold anything before and after.
package typealias KernelScratch = UnsafeMutableRawBufferPointer

extension UnsafeMutableRawBufferPointer {
  /// Starts on a multiple of 64 bytes and has room for `count`.
  func fits(_ count: Int) -> Bool {
    self.count >= count && Int(bitPattern: baseAddress) % AlignedBuffer.alignment == 0
  }
}
