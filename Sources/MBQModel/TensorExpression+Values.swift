extension TensorExpression {
  /// The values, row after row; `checkpoint` gives those of a named tensor.
  ///
  /// `shape` is the tensor's.
  public func values<Failure: Error>(
    shape: [Int], checkpoint: (String) throws(Failure) -> [Float]
  ) throws(Failure) -> [Float] {
    switch self {
    case .checkpoint(let name):
      return try checkpoint(name)
    case .rows(let parts):
      var result: [Float] = []
      result.reserveCapacity(shape.reduce(1, *))
      for part in parts { result += try part.values(shape: shape, checkpoint: checkpoint) }
      return result
    case .scaled(let base, let factors):
      var result = try base.values(shape: shape, checkpoint: checkpoint)
      let factors = try factors.values(shape: [shape[0]], checkpoint: checkpoint)
      let width = result.count / factors.count
      for row in factors.indices {
        for column in 0..<width { result[row * width + column] *= factors[row] }
      }
      return result
    case .sum(let first, let second):
      var result = try first.values(shape: shape, checkpoint: checkpoint)
      let more = try second.values(shape: shape, checkpoint: checkpoint)
      for index in result.indices { result[index] += more[index] }
      return result
    case .zeros:
      return [Float](repeating: 0, count: shape.reduce(1, *))
    }
  }
}
