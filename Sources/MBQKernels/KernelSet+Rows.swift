internal import CMBQKernels
import MBQCore
internal import MBQModel

extension KernelSet {
  /// `output[0 ..< columns]` = row `row`, or added to what is there; zeros behind it up to a multiple of
  /// 16.
  package func widen(
    _ table: KernelTable, row: Int, to output: UnsafeMutablePointer<Float>, adding: Bool
  ) {
    precondition(row >= 0 && row < table.rows, "a row the table has not got")
    var levels = table.levels
    if let first = levels.groups { levels.groups = first + row * table.groupBytes }
    pointer.pointee.widen_row(
      output, table.elements + row * table.rowBytes, table.scale(row), UInt32(table.columns),
      table.kind, adding ? 1 : 0, levels)
  }

  /// `output = norm(input + residual)`, row by row; the output may be the input.
  package func normalize(
    _ norm: KernelNorm?, input: KernelRows, residual: KernelRows?, output: KernelRows, rows: Int
  ) {
    precondition(
      input.width == output.width && residual?.width ?? output.width == output.width
        && norm?.fits(output.width) ?? true,
      "rows and vectors of different widths")
    precondition(
      input.hasWholeBlocks && output.hasWholeBlocks && residual?.hasWholeBlocks ?? true,
      "rows without room for whole blocks")
    var c = mbq_norm()
    c.input = UnsafePointer(input.base)
    c.input_stride = input.stride
    if let residual {
      c.residual = UnsafePointer(residual.base)
      c.residual_stride = residual.stride
    }
    if let norm {
      c.norm = norm.kind.code
      c.gamma = norm.gamma.base
      c.beta = norm.beta.base
      c.epsilon = norm.epsilon
    }
    c.output = output.base
    c.output_stride = output.stride
    c.rows = UInt32(rows)
    c.width = UInt32(output.width)
    pointer.pointee.norm(&c)
  }

  /// The set's peak: multiplications of `iterations` turns that touch no memory, or `nil` in sets whose
  /// product is not made of one instruction's steps.
  package func peak(isInteger: Bool) -> ((_ iterations: UInt64) -> UInt64)? {
    guard let run = isInteger ? pointer.pointee.peak_i8 : pointer.pointee.peak_f32 else {
      return nil
    }
    return { run($0) }
  }
}

/// `e^(logit / temperature)` of each, over their sum (16).
package func softmax(_ logits: [Float], temperature: Float = 1) -> [Float] {
  probabilities(logits) { mbq_softmax($0, UInt32(logits.count), temperature, $1) }
}

/// `1 / (1 + e^-logit)` of each (17).
package func sigmoid(_ logits: [Float]) -> [Float] {
  probabilities(logits) { mbq_sigmoid($0, UInt32(logits.count), $1) }
}

private func probabilities(
  _ logits: [Float], _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
) -> [Float] {
  var result = [Float](repeating: 0, count: logits.count)
  guard !logits.isEmpty else { return result }
  result.withUnsafeMutableBufferPointer { target in
    logits.withUnsafeBufferPointer { body($0.baseAddress!, target.baseAddress!) }
  }
  return result
}
