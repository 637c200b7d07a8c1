/// The upper triangular U of H⁻¹ = UᵀU, which tells how an error in one input is best made up for by
/// the inputs after it.
///
/// H = R·Rᵀ with R upper triangular (a Cholesky factorization from the last row up) gives U = R⁻¹ without
/// ever forming H⁻¹. In double precision.
struct InverseFactor: Sendable {
  let width: Int
  /// (width, width), zeros below the diagonal.
  private(set) var values: [Float]
  /// Inputs that are always zero: H has nothing to say of their weights.
  private(set) var dead: [Bool]
  /// The share of the mean diagonal that was added to it.
  private(set) var damping: Double

  /// `moments` is Σ x·xᵀ (width, width), symmetric.
  ///
  /// `damping`, a share of the mean diagonal, is added to it and raised tenfold until the matrix is
  /// positive definite, as a singular one (fewer tokens than inputs, inputs that repeat others) needs.
  /// Dead inputs get a diagonal of 1. Returns nil if `moments` holds a value that is not finite.
  init?(_ moments: [Float], width: Int, damping: Double = 0.01) {
    precondition(moments.count == width * width)
    self.width = width
    dead = (0..<width).map { moments[$0 * width + $0] <= 0 }
    self.damping = damping
    values = []
    guard moments.allSatisfy(\.isFinite) else { return nil }
    let live = dead.count { !$0 }
    let mean =
      (0..<width).reduce(0.0) { $0 + Double(moments[$1 * width + $1]) } / Double(max(live, 1))
    var share = damping
    while share < 1e6 {
      if let factor = Self.factor(moments, width, dead, added: max(mean, 1e-30) * share) {
        self.damping = share
        values = Self.inverse(factor, width).map { Float($0) }
        return
      }
      share = max(share * 10, 1e-10)
    }
    return nil
  }

  /// The identity: every error stands alone.
  init(identity width: Int) {
    self.width = width
    dead = [Bool](repeating: false, count: width)
    damping = 0
    values = [Float](repeating: 0, count: width * width)
    for index in 0..<width { values[index * width + index] = 1 }
  }

  /// R with H + added·I = R·Rᵀ, or nil if that is not positive definite.
  private static func factor(
    _ moments: [Float], _ width: Int, _ dead: [Bool], added: Double
  ) -> [Double]? {
    var r = moments.map(Double.init)
    for index in 0..<width { r[index * width + index] += dead[index] ? 1 : added }
    let positive = r.withUnsafeMutableBufferPointer { r in
      for j in stride(from: width - 1, through: 0, by: -1) {
        let pivot = r[j * width + j]
        guard pivot > 0, pivot.isFinite else { return false }
        let root = pivot.squareRoot()
        // Column j of R stands in row j of the symmetric matrix, where it is contiguous.
        for i in 0...j { r[j * width + i] /= root }
        for i in 0..<j {
          let factor = r[j * width + i]
          guard factor != 0 else { continue }
          for k in 0...i { r[i * width + k] -= factor * r[j * width + k] }
        }
      }
      return true
    }
    return positive ? r : nil
  }

  /// R⁻¹ (upper triangular) of R given as its transpose, row j holding column j.
  private static func inverse(_ columns: [Double], _ width: Int) -> [Double] {
    var u = [Double](repeating: 0, count: width * width)
    u.withUnsafeMutableBufferPointer { u in
      columns.withUnsafeBufferPointer { r in
        // Row i of U solves u·R = e_i from the diagonal on.
        for i in 0..<width {
          u[i * width + i] = 1 / r[i * width + i]
          for j in (i + 1)..<max(width, i + 1) {
            var sum = 0.0
            for k in i..<j { sum += u[i * width + k] * r[j * width + k] }
            u[i * width + j] = -sum / r[j * width + j]
          }
        }
      }
    }
    return u
  }
}
