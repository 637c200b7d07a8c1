internal import CMBQKernels
import MBQCore
import MBQModel
import MBQRuntime

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
    let weights = matrix(o.weight, smoothing: o.smoothing)
    let residual = o.residual.map { (states.rows($0), $0.column) }
    let bias = o.bias.map(vector)
    let norm = o.norm.map { (vector($0.gamma), vector($0.beta)) }
    let smoothing = o.smoothing.map(vector)
    tiles(result.count) { rows, worker in
      var call = mbq_linear()
      call.input = UnsafePointer(input.row(rows.lowerBound) + o.input.column)
      call.input_stride = input.stride
      call.weights = UnsafeRawPointer(weights.elements.bytes.baseAddress!)
      call.scales = UnsafePointer(weights.scales.pointer(to: Float.self))
      call.column_sums = UnsafePointer(weights.sums.pointer(to: Int32.self))
      call.bias = bias?.pointer
      if let (from, column) = residual {
        call.residual = UnsafePointer(from.row(rows.lowerBound) + column)
        call.residual_stride = from.stride
      }
      if let norm, let kind = o.norm {
        call.norm = UInt32(kind.kind.rawValue)
        call.gamma = norm.0.pointer
        call.beta = norm.1.pointer
        call.epsilon = kind.epsilon
      }
      call.output = result.row(rows.lowerBound)
      call.output_stride = result.stride
      call.rows = UInt32(rows.count)
      call.inputs = UInt32(o.input.width)
      call.outputs = UInt32(o.output.width)
      call.activation = UInt32(o.activation.rawValue)
      call.scratch = scratch[worker].bytes
      if weights.isInteger {
        call.smoothing = smoothing?.pointer
        switch o.inputGrid {
        case .int8PerToken: break
        case .int8Static(let step): call.step = step
        case .int16PerToken: call.wide = 1
        }
        set.pointee.linear_i8(&call)
      } else {
        set.pointee.linear_f32(&call)
      }
    }
  }

  func attention(
    _ o: Operation.Attention, _ states: HiddenStates, _ result: HiddenRows
  ) {
    let query = states.rows(o.query)
    let key = states.rows(o.key)
    let value = states.rows(o.value)
    let size = o.query.width / o.heads
    let integer = usesIntegerAttention
    parallel.run(states.textCount * o.heads) { task, worker in
      let rows = states.rows(of: task / o.heads)
      let head = task % o.heads * size
      var call = mbq_attention()
      call.query = UnsafePointer(query.row(rows.lowerBound) + o.query.column + head)
      call.key = UnsafePointer(key.row(rows.lowerBound) + o.key.column + head)
      call.value = UnsafePointer(value.row(rows.lowerBound) + o.value.column + head)
      call.query_stride = query.stride
      call.key_stride = key.stride
      call.value_stride = value.stride
      call.output = result.row(rows.lowerBound) + head
      call.output_stride = result.stride
      call.tokens = UInt32(rows.count)
      call.head_size = UInt32(size)
      call.row_count = UInt32(rows.count)
      call.scale = 1 / Float(size).squareRoot()
      call.scratch = scratch[worker].bytes
      if integer {
        if let steps = o.steps {
          call.query_step = steps.query
          call.key_step = steps.key
          call.value_step = steps.value
        }
        set.pointee.attention_i8(&call)
      } else {
        set.pointee.attention_f32(&call)
      }
    }
  }

  func normalize(
    _ o: Operation.Normalize, _ states: HiddenStates, _ result: HiddenRows
  ) {
    let input = states.rows(o.input)
    let residual = o.residual.map { (states.rows($0), $0.column) }
    let gamma = vector(o.norm.gamma)
    let beta = vector(o.norm.beta)
    tiles(result.count) { rows, _ in
      var call = mbq_norm()
      call.input = UnsafePointer(input.row(rows.lowerBound) + o.input.column)
      call.input_stride = input.stride
      if let (from, column) = residual {
        call.residual = UnsafePointer(from.row(rows.lowerBound) + column)
        call.residual_stride = from.stride
      }
      call.gamma = gamma.pointer
      call.beta = beta.pointer
      call.output = result.row(rows.lowerBound)
      call.output_stride = result.stride
      call.rows = UInt32(rows.count)
      call.width = UInt32(o.output.width)
      call.norm = UInt32(o.norm.kind.rawValue)
      call.epsilon = o.norm.epsilon
      set.pointee.norm(&call)
    }
  }
}
