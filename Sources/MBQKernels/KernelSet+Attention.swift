internal import CMBQKernels
import MBQCore
package import MBQModel

/// One head of one text: `output = softmax(query · keyᵀ * scale) · value`.
///
/// The widths of its rows are the head's; what stands behind them is neither read nor written.
package struct AttentionCall {
  package var query: KernelRows
  package var key: KernelRows
  package var value: KernelRows
  package var output: KernelRows
  package var tokens: Int
  /// Query rows to compute, from the first on.
  package var rows: Int
  package var scale: Float
  /// Each token's own if `nil`; integer attention only.
  package var steps: AttentionSteps?
  /// `KernelSet.attentionScratch` bytes, 64-byte aligned.
  package var scratch: KernelScratch

  package init(
    query: KernelRows, key: KernelRows, value: KernelRows, output: KernelRows, tokens: Int,
    rows: Int, scale: Float, steps: AttentionSteps? = nil, scratch: KernelScratch
  ) {
    self.query = query
    self.key = key
    self.value = value
    self.output = output
    self.tokens = tokens
    self.rows = rows
    self.scale = scale
    self.steps = steps
    self.scratch = scratch
  }
}

extension KernelSet {
  /// Bytes of scratch an attention needs.
  package static func attentionScratch(tokens: Int, headSize: Int) -> Int {
    mbq_attention_scratch(UInt32(tokens), UInt32(headSize))
  }

  /// Runs an attention on int8 queries, keys and values, or on floats.
  package func attention(_ call: AttentionCall, isInteger: Bool) {
    let size = call.query.width
    precondition(
      call.key.width == size && call.value.width == size && call.output.width == size,
      "heads of different widths")
    precondition(
      call.tokens >= 1 && call.tokens <= MBQ_MAX_TOKENS && call.rows <= call.tokens
        && size >= 1 && size <= MBQ_MAX_HEAD,
      "an attention longer or wider than kernels take")
    precondition(
      call.scratch.fits(Self.attentionScratch(tokens: call.tokens, headSize: size)),
      "scratch that is too small or not aligned")
    var c = mbq_attention()
    c.query = UnsafePointer(call.query.base)
    c.key = UnsafePointer(call.key.base)
    c.value = UnsafePointer(call.value.base)
    c.query_stride = call.query.stride
    c.key_stride = call.key.stride
    c.value_stride = call.value.stride
    c.output = call.output.base
    c.output_stride = call.output.stride
    c.tokens = UInt32(call.tokens)
    c.head_size = UInt32(size)
    c.row_count = UInt32(call.rows)
    c.scale = call.scale
    if let steps = call.steps {
      c.query_step = steps.query
      c.key_step = steps.key
      c.value_step = steps.value
    }
    c.scratch = call.scratch.baseAddress
    if isInteger { pointer.pointee.attention_i8(&c) } else { pointer.pointee.attention_f32(&c) }
  }
}
