import MBQCore
import MBQModel

import func Foundation.erf
import func Foundation.exp
import func Foundation.tanh

/// A model's hidden state (rows, width) after one operation.
public struct Tap: Sendable {
  public var site: Site
  public var rows: Int
  public var width: Int
  public var values: [Float]
}

/// The model in plain loops and fp32: what every other execution is judged by.
///
/// One text at a time.
public struct Reference: Sendable {
  public let graph: ModelGraph
  private let weights: [[Float]]

  /// `checkpoint` gives the values of the tensors a graph names.
  public init<Failure: Error>(
    _ graph: ModelGraph, checkpoint: (String) throws(Failure) -> [Float]
  ) throws(Failure) {
    self.graph = graph
    var weights: [[Float]] = []
    for tensor in graph.tensors {
      weights.append(
        try tensor.expression.values(shape: tensor.shape, checkpoint: checkpoint))
    }
    self.weights = weights
  }

  /// Logits of one text given as token ids, special tokens included.
  ///
  /// `tap` sees the output of every operation in order.
  public func logits(_ tokens: [UInt32], tap: ((Tap) -> Void)? = nil) -> [Float] {
    var buffers = graph.buffers.map { _ in [Float]() }
    for step in graph.steps {
      let output = step.operation.output
      let rows = graph.buffers[output.buffer].rows == .tokens ? tokens.count : 1
      let values = run(step.operation, tokens, rows, buffers)
      buffers[output.buffer] = values
      tap?(Tap(site: step.site, rows: rows, width: output.width, values: values))
    }
    return buffers[graph.logits.buffer]
  }

  private func run(
    _ operation: Operation, _ tokens: [UInt32], _ rows: Int, _ buffers: [[Float]]
  ) -> [Float] {
    func read(_ operand: Operand) -> [Float] {
      let width = graph.buffers[operand.buffer].width
      let all = buffers[operand.buffer]
      guard operand.column != 0 || operand.width != width else { return all }
      var part: [Float] = []
      part.reserveCapacity(all.count / width * operand.width)
      for start in stride(from: operand.column, to: all.count, by: width) {
        part += all[start..<(start + operand.width)]
      }
      return part
    }
    switch operation {
    case .embed(let o): return embed(o, tokens)
    case .linear(let o):
      var x = read(o.input)
      // No grid here, so smoothing only undoes what was divided into the weight's columns.
      if let smoothing = o.smoothing { scaleRows(&x, weights[smoothing]) }
      var y = multiply(x, weights[o.weight], rows, o.input.width, o.output.width)
      if let bias = o.bias { addToRows(&y, weights[bias]) }
      activate(&y, o.activation)
      if let residual = o.residual { add(&y, read(residual)) }
      if let norm = o.norm { normalize(&y, norm, o.output.width) }
      return y
    case .attention(let o):
      return attend(o, read(o.query), read(o.key), read(o.value), rows)
    case .normalize(let o):
      var y = read(o.input)
      if let residual = o.residual { add(&y, read(residual)) }
      normalize(&y, o.norm, o.output.width)
      return y
    case .pool(let o):
      return Array(read(o.input).prefix(o.output.width))
    }
  }

  // MARK: Operations

  /// (tokens, width).
  private func embed(_ o: Operation.Embed, _ tokens: [UInt32]) -> [Float] {
    let width = o.output.width
    var y = [Float](repeating: 0, count: tokens.count * width)
    func addRow(_ table: Int, _ row: Int, _ rowWidth: Int, at place: Int) {
      for column in 0..<rowWidth { y[place + column] += weights[table][row * rowWidth + column] }
    }
    for position in tokens.indices {
      let place = position * width
      if o.trigram, let word = o.word {
        // The next token, the token, the previous one; nothing past the ends.
        for (part, neighbour) in [position + 1, position, position - 1].enumerated()
        where tokens.indices.contains(neighbour) {
          addRow(word, Int(tokens[neighbour]), width / 3, at: place + part * width / 3)
        }
        continue
      }
      if let word = o.word { addRow(word, Int(tokens[position]), width, at: place) }
      if let table = o.position { addRow(table, position, width, at: place) }
      if let type = o.type { addRow(type, 0, width, at: place) }
    }
    return y
  }

  /// x (rows, inputs) times weightᵀ (outputs, inputs), summed in sixteen strided parts.
  private func multiply(
    _ x: [Float], _ weight: [Float], _ rows: Int, _ inputs: Int, _ outputs: Int
  ) -> [Float] {
    var y = [Float](repeating: 0, count: rows * outputs)
    x.withUnsafeBufferPointer { x in
      weight.withUnsafeBufferPointer { weight in
        for output in 0..<outputs {
          for row in 0..<rows {
            var sums = SIMD16<Float>.zero
            var k = 0
            while k + 16 <= inputs {
              let a = UnsafeRawPointer(x.baseAddress! + row * inputs + k)
                .loadUnaligned(as: SIMD16<Float>.self)
              let b = UnsafeRawPointer(weight.baseAddress! + output * inputs + k)
                .loadUnaligned(as: SIMD16<Float>.self)
              sums += a * b
              k += 16
            }
            var sum = sums.sum()
            while k < inputs {
              sum += x[row * inputs + k] * weight[output * inputs + k]
              k += 1
            }
            y[row * outputs + output] = sum
          }
        }
      }
    }
    return y
  }

  private func attend(
    _ o: Operation.Attention, _ query: [Float], _ key: [Float], _ value: [Float], _ tokens: Int
  ) -> [Float] {
    let width = o.query.width
    let size = width / o.heads
    let scale = 1 / Float(size).squareRoot()
    var y = [Float](repeating: 0, count: tokens * width)
    for head in 0..<o.heads {
      for row in 0..<tokens {
        var scores = [Float](repeating: 0, count: tokens)
        for other in 0..<tokens {
          var sum: Float = 0
          for d in head * size..<(head + 1) * size {
            sum += query[row * width + d] * key[other * width + d]
          }
          scores[other] = sum * scale
        }
        let top = scores.max() ?? 0
        var total: Float = 0
        for other in 0..<tokens {
          scores[other] = exp(scores[other] - top)
          total += scores[other]
        }
        for other in 0..<tokens {
          let share = scores[other] / total
          for d in head * size..<(head + 1) * size {
            y[row * width + d] += share * value[other * width + d]
          }
        }
      }
    }
    return y
  }

  private func activate(_ y: inout [Float], _ activation: LinearActivation) {
    switch activation {
    case .none: break
    case .relu: for index in y.indices { y[index] = max(y[index], 0) }
    case .gelu:
      for index in y.indices {
        let x = Double(y[index])
        y[index] = Float(x / 2 * (1 + erf(x / 2.0.squareRoot())))
      }
    case .tanh: for index in y.indices { y[index] = Float(tanh(Double(y[index]))) }
    }
  }

  private func normalize(_ y: inout [Float], _ norm: Norm, _ width: Int) {
    let gamma = weights[norm.gamma]
    let beta = weights[norm.beta]
    for start in stride(from: 0, to: y.count, by: width) {
      if norm.kind == .layerNorm {
        let row = y[start..<(start + width)].map(Double.init)
        let mean = row.reduce(0, +) / Double(width)
        let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
        let inverse = 1 / (variance + Double(norm.epsilon)).squareRoot()
        for column in 0..<width { y[start + column] = Float((row[column] - mean) * inverse) }
      }
      for column in 0..<width {
        y[start + column] = y[start + column] * gamma[column] + beta[column]
      }
    }
  }

  private func scaleRows(_ y: inout [Float], _ vector: [Float]) {
    for start in stride(from: 0, to: y.count, by: vector.count) {
      for column in vector.indices { y[start + column] *= vector[column] }
    }
  }

  private func addToRows(_ y: inout [Float], _ vector: [Float]) {
    for start in stride(from: 0, to: y.count, by: vector.count) {
      for column in vector.indices { y[start + column] += vector[column] }
    }
  }

  private func add(_ y: inout [Float], _ other: [Float]) {
    for index in y.indices { y[index] += other[index] }
  }
}
