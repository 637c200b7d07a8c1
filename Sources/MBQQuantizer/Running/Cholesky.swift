import MBQCore

/// A symmetric matrix that has no Cholesky factor, whatever was added to its diagonal.
public struct NotPositiveDefinite: ExplainedError, Equatable {
  /// Rows of the matrix.
  public var order: Int
  /// What was added to the diagonal in the last attempt, as a share of its mean.
  public var damping: Double

  public var explanation: String {
    "a matrix of \(order) × \(order) sums over the calibration texts has no Cholesky factor, even with"
      + " \(damping) of its mean diagonal added; its numbers are not finite or too large: calibrate with"
      + " other texts"
  }
  public var kind: FailureKind { .badInput }
}

/// The factorization `A = Uᵀ·U` of a symmetric positive definite matrix, U upper triangular, in Double.
///
/// Golub & Van Loan, "Matrix Computations", 4th ed., algorithm 4.2.2 (outer product form): its inner
/// loops run along rows, so they are vectorized without reordering a sum.
public struct Cholesky: Sendable {
  /// Rows of the matrix.
  public let order: Int
  /// U, row after row (order, order); zeros below the diagonal.
  public let upper: [Double]
  /// What was added to the diagonal, as a share of its mean.
  public let damping: Double
  /// Rows whose diagonal was zero: channels that never were anything but zero, and are solved as zero.
  public let dead: [Int]

  /// Shares of the mean diagonal that are added one after the other until there is a factor.
  private static let rescues = [1e-10, 1e-8, 1e-6, 1e-4, 1e-2]

  /// Factors `matrix` (order, order) with `damping` times its mean diagonal added to the diagonal.
  ///
  /// Only the upper triangle is read. A matrix that is singular all the same is damped more (`damping`
  /// says how much); a zero on the diagonal takes its row and column out. Refused, with
  /// `NotPositiveDefinite`, is a matrix that a hundredth of its mean diagonal does not help.
  public init(
    _ matrix: [Double], order: Int, damping: Double = 0
  ) throws(NotPositiveDefinite) {
    precondition(matrix.count == order * order)
    let diagonal = (0..<order).map { matrix[$0 * order + $0] }
    let dead = diagonal.indices.filter { diagonal[$0] == 0 }
    let live = order - dead.count
    let mean = live == 0 ? 1 : diagonal.reduce(0, +) / Double(live)
    let attempts = [damping] + Self.rescues.filter { $0 > damping }
    for share in attempts {
      var work = matrix
      for row in dead {
        for column in 0..<order {
          work[row * order + column] = 0
          work[column * order + row] = 0
        }
        work[row * order + row] = 1
      }
      let added = share * mean
      for row in 0..<order where diagonal[row] != 0 { work[row * order + row] += added }
      if Self.factor(&work, order) {
        self.order = order
        upper = work
        self.damping = share
        self.dead = dead
        return
      }
    }
    throw NotPositiveDefinite(order: order, damping: attempts.last ?? damping)
  }

  /// Replaces the upper triangle by U and the rest by zeros; false if a pivot is not positive.
  private static func factor(_ work: inout [Double], _ order: Int) -> Bool {
    work.withUnsafeMutableBufferPointer { buffer in
      guard let a = buffer.baseAddress else { return true }
      for k in 0..<order {
        let pivotRow = a + k * order
        let pivot = pivotRow[k]
        guard pivot > 0, pivot.isFinite else { return false }
        let root = pivot.squareRoot()
        let inverse = 1 / root
        pivotRow[k] = root
        for column in (k + 1)..<max(order, k + 1) { pivotRow[column] *= inverse }
        for row in (k + 1)..<max(order, k + 1) {
          let factor = pivotRow[row]
          if factor == 0 { continue }
          let target = a + row * order
          for column in row..<order { target[column] -= factor * pivotRow[column] }
        }
      }
      for row in 1..<max(order, 1) {
        for column in 0..<row { a[row * order + column] = 0 }
      }
      return true
    }
  }

  /// X of `A·X = right`, both (order, columns).
  public func solve(_ right: [Double], columns: Int) -> [Double] {
    precondition(right.count == order * columns)
    var solution = right
    for row in dead {
      for column in 0..<columns { solution[row * columns + column] = 0 }
    }
    solution.withUnsafeMutableBufferPointer { buffer in
      upper.withUnsafeBufferPointer { upper in
        guard let x = buffer.baseAddress, let u = upper.baseAddress else { return }
        // Uᵀ·Y = right, from the first row on.
        for row in 0..<order {
          let own = x + row * columns
          let inverse = 1 / u[row * order + row]
          for column in 0..<columns { own[column] *= inverse }
          for below in (row + 1)..<max(order, row + 1) {
            let factor = u[row * order + below]
            if factor == 0 { continue }
            let target = x + below * columns
            for column in 0..<columns { target[column] -= factor * own[column] }
          }
        }
        // U·X = Y, from the last row back.
        for row in stride(from: order - 1, through: 0, by: -1) {
          let own = x + row * columns
          for below in (row + 1)..<max(order, row + 1) {
            let factor = u[row * order + below]
            if factor == 0 { continue }
            let known = x + below * columns
            for column in 0..<columns { own[column] -= factor * known[column] }
          }
          let inverse = 1 / u[row * order + row]
          for column in 0..<columns { own[column] *= inverse }
        }
      }
    }
    return solution
  }

  /// `U⁻¹`, upper triangular (order, order).
  public func inverseOfUpper() -> [Double] {
    var result = [Double](repeating: 0, count: order * order)
    result.withUnsafeMutableBufferPointer { buffer in
      upper.withUnsafeBufferPointer { upper in
        guard let x = buffer.baseAddress, let u = upper.baseAddress else { return }
        for row in stride(from: order - 1, through: 0, by: -1) {
          let own = x + row * order
          own[row] = 1
          for below in (row + 1)..<max(order, row + 1) {
            let factor = u[row * order + below]
            if factor == 0 { continue }
            let known = x + below * order
            for column in below..<order { own[column] -= factor * known[column] }
          }
          let inverse = 1 / u[row * order + row]
          for column in row..<order { own[column] *= inverse }
        }
      }
    }
    return result
  }

  /// `A⁻¹` (order, order), symmetric.
  public func inverse() -> [Double] {
    let triangle = inverseOfUpper()
    var result = [Double](repeating: 0, count: order * order)
    result.withUnsafeMutableBufferPointer { buffer in
      triangle.withUnsafeBufferPointer { triangle in
        guard let x = buffer.baseAddress, let v = triangle.baseAddress else { return }
        // V·Vᵀ with V = U⁻¹, as a sum of outer products of V's columns, which are Vᵀ's rows.
        var column = [Double](repeating: 0, count: order)
        for k in 0..<order {
          for row in 0...k { column[row] = v[row * order + k] }
          for row in 0...k {
            let factor = column[row]
            if factor == 0 { continue }
            let target = x + row * order
            for other in 0...k { target[other] += factor * column[other] }
          }
        }
      }
    }
    return result
  }
}
