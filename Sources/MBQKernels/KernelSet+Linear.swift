internal import CMBQKernels
import MBQCore
package import MBQModel
package import MBQSchemes

/// The arguments of a linear besides its weights:
/// `output = norm(activation((input * smoothing) · weightsᵀ + bias) + residual)` for `rows` rows.
package struct LinearCall {
  package var input: KernelRows
  /// May be the residual, never the input.
  package var output: KernelRows
  package var rows: Int
  package var bias: KernelVector?
  package var activation = LinearActivation.none
  package var residual: KernelRows?
  package var norm: KernelNorm?
  /// Where the input is put for integer weights.
  package var grid = ActivationGrid.int8PerToken
  /// The input is multiplied with it first; integer weights only.
  package var smoothing: KernelVector?
  /// `KernelSet.linearScratch` bytes, 64-byte aligned; none for float weights.
  package var scratch: KernelScratch

  package init(
    input: KernelRows, output: KernelRows, rows: Int,
    scratch: KernelScratch = KernelScratch(start: nil, count: 0)
  ) {
    self.input = input
    self.output = output
    self.rows = rows
    self.scratch = scratch
  }
}

extension KernelSet {
  /// Bytes of scratch a linear of `inputs` inputs needs, whatever its rows.
  package static func linearScratch(
    _ scheme: SchemeCode, inputs: Int, isSmoothed: Bool
  ) -> Int {
    scheme.isInteger
      ? mbq_linear_scratch(
        UInt32(inputs), scheme.groupSize == nil ? 0 : 1, isSmoothed ? 1 : 0) : 0
  }

  /// Runs a linear.
  package func linear(_ call: LinearCall, _ matrix: KernelMatrix) {
    precondition(
      call.input.width == matrix.columns && call.output.width == matrix.rows
        && call.residual?.width ?? matrix.rows == matrix.rows,
      "rows that do not fit their weights")
    precondition(
      call.input.hasWholeBlocks && call.output.hasWholeBlocks
        && call.residual?.hasWholeBlocks ?? true,
      "rows without room for whole blocks")
    precondition(
      call.bias?.count ?? matrix.rows == matrix.rows
        && call.norm?.fits(matrix.rows) ?? true
        && call.smoothing?.count ?? matrix.columns == matrix.columns,
      "vectors that do not fit their weights")
    var c = mbq_linear()
    c.input = UnsafePointer(call.input.base)
    c.input_stride = call.input.stride
    c.weights = matrix.elements
    c.bias = call.bias?.base
    if let residual = call.residual {
      c.residual = UnsafePointer(residual.base)
      c.residual_stride = residual.stride
    }
    if let norm = call.norm {
      c.norm = norm.kind.code
      c.gamma = norm.gamma.base
      c.beta = norm.beta.base
      c.epsilon = norm.epsilon
    }
    c.output = call.output.base
    c.output_stride = call.output.stride
    c.rows = UInt32(call.rows)
    c.inputs = UInt32(matrix.columns)
    c.outputs = UInt32(matrix.rows)
    c.activation = call.activation.code
    switch matrix.product {
    case .float32: pointer.pointee.linear_f32(&c)
    case .float16: pointer.pointee.linear_f16(&c)
    case .int8:
      guard let scales = matrix.scales, let sums = matrix.columnSums else {
        preconditionFailure("integer weights without scales or sums")
      }
      let scratch = mbq_linear_scratch(
        c.inputs, matrix.levels.group_size == 0 ? 0 : 1, call.smoothing == nil ? 0 : 1)
      precondition(call.scratch.fits(scratch), "scratch that is too small or not aligned")
      c.scales = scales.base
      c.column_sums = sums
      c.levels = matrix.levels
      c.smoothing = call.smoothing?.base
      c.scratch = call.scratch.baseAddress
      switch call.grid {
      case .int8PerToken: break
      case .int8Static(let step): c.step = step
      case .int16PerToken: c.wide = 1
      }
      pointer.pointee.linear_i8(&c)
    }
  }
}

extension KernelNorm {
  func fits(_ width: Int) -> Bool { gamma.count == width && beta.count == width }
}

// The C side has numbers of its own, which the file's happen to be.

extension LinearActivation {
  fileprivate var code: UInt32 {
    switch self {
    case .none: UInt32(MBQ_ACTIVATION_NONE)
    case .relu: UInt32(MBQ_ACTIVATION_RELU)
    case .gelu: UInt32(MBQ_ACTIVATION_GELU)
    case .tanh: UInt32(MBQ_ACTIVATION_TANH)
    }
  }
}

extension Norm.Kind {
  var code: UInt32 {
    switch self {
    case .noNorm: UInt32(MBQ_NORM_NO_NORM)
    case .layerNorm: UInt32(MBQ_NORM_LAYER_NORM)
    }
  }
}
