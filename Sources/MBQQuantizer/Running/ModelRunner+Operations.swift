import MBQCore
import MBQKernels
import MBQModel
import MBQRuntime
import MBQSchemes

/// One operation over all rows, on the runtime's kernels.
extension ModelRunner {
  func embed(_ o: Operation.Embed, _ states: HiddenStates, _ result: HiddenRows) {
    let width = o.trigram ? o.output.width / 3 : o.output.width
    func copy(_ table: Int, _ row: Int, _ target: UnsafeMutablePointer<Float>, add: Bool) {
      precondition(
        (row + 1) * width <= model.values[table].count, "a token or position the model has not got")
      model.values[table].withUnsafeBufferPointer { values in
        let source = values.baseAddress! + row * width
        if add {
          for column in 0..<width { target[column] += source[column] }
        } else {
          target.update(from: source, count: width)
        }
      }
    }
    for text in 0..<states.textCount {
      let rows = states.rows(of: text)
      for row in rows {
        let target = result.row(row)
        if o.trigram, let word = o.word {
          for (part, neighbour) in [row + 1, row, row - 1].enumerated()
          where rows.contains(neighbour) {
            copy(word, Int(states.tokens[neighbour]), target + part * width, add: false)
          }
          continue
        }
        var add = false
        if let word = o.word {
          copy(word, Int(states.tokens[row]), target, add: false)
          add = true
        }
        if let table = o.position {
          copy(table, Int(states.positions[row]), target, add: add)
          add = true
        }
        if let table = o.type { copy(table, 0, target, add: add) }
      }
    }
  }

  func linear(_ o: Operation.Linear, _ states: HiddenStates, _ result: HiddenRows) {
    let input = states.rows(o.input)
    let weights = matrix(o.weight, smoothing: o.smoothing).kernelMatrix
    let residual = o.residual.map { (states.rows($0), $0.column) }
    let bias = o.bias.map(vector)
    let norm = o.norm.map(norm)
    let smoothing = weights.scheme.isInteger ? o.smoothing.map(vector) : nil
    tiles(result.count) { rows, worker in
      let (first, width) = (rows.lowerBound, o.output.width)
      var call = LinearCall(
        input: input.columns(o.input.column, o.input.width, from: first),
        output: result.columns(0, width, from: first), rows: rows.count,
        scratch: scratch[worker].bytes)
      call.bias = bias
      call.residual = residual.map { $0.columns($1, width, from: first) }
      call.norm = norm
      call.activation = o.activation
      call.grid = o.inputGrid
      call.smoothing = smoothing
      kernels.linear(call, weights)
    }
  }

  func attention(
    _ o: Operation.Attention, _ states: HiddenStates, _ result: HiddenRows
  ) {
    let query = states.rows(o.query)
    let key = states.rows(o.key)
    let value = states.rows(o.value)
    let size = o.query.width / o.heads
    let isInteger = usesIntegerAttention
    parallel.run(states.textCount * o.heads) { task, worker in
      let rows = states.rows(of: task / o.heads)
      let (first, head) = (rows.lowerBound, task % o.heads * size)
      kernels.attention(
        AttentionCall(
          query: query.columns(o.query.column + head, size, from: first),
          key: key.columns(o.key.column + head, size, from: first),
          value: value.columns(o.value.column + head, size, from: first),
          output: result.columns(head, size, from: first), tokens: rows.count, rows: rows.count,
          scale: 1 / Float(size).squareRoot(), steps: isInteger ? o.steps : nil,
          scratch: scratch[worker].bytes),
        isInteger: isInteger)
    }
  }

  func normalize(
    _ o: Operation.Normalize, _ states: HiddenStates, _ result: HiddenRows
  ) {
    let input = states.rows(o.input)
    let residual = o.residual.map { (states.rows($0), $0.column) }
    let norm = norm(o.norm)
    tiles(result.count) { rows, _ in
      let (first, width) = (rows.lowerBound, o.output.width)
      kernels.normalize(
        norm, input: input.columns(o.input.column, width, from: first),
        residual: residual.map { $0.columns($1, width, from: first) },
        output: result.columns(0, width, from: first), rows: rows.count)
    }
  }

  private func norm(_ norm: Norm) -> KernelNorm {
    KernelNorm(
      norm.kind, gamma: vector(norm.gamma), beta: vector(norm.beta), epsilon: norm.epsilon)
  }
}
