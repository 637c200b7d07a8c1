import MBQCore

/// The upper triangular U of H⁻¹ = UᵀU, which tells how an error in one input is best made up for by
/// the inputs after it.
///
/// With the inputs in reverse order, H' = VᵀV (`Cholesky`), and U is V⁻¹ turned back: U_ij =
/// (V⁻¹)_(n-1-j, n-1-i). H⁻¹ is never formed.
struct InverseFactor: Sendable {
  let width: Int
  /// (width, width), zeros below the diagonal.
  let values: [Float]
  /// Inputs that are always zero: H has nothing to say of their weights.
  let dead: [Bool]
  /// The share of the mean diagonal that was added to it.
  let damping: Double

  /// `moments` is Σ x·xᵀ (width, width), symmetric.
  ///
  /// `damping`, a share of the mean diagonal, is added to it and raised tenfold until the matrix is
  /// positive definite, as a singular one (fewer tokens than inputs, inputs that repeat others) needs.
  /// Dead inputs are left out. Returns nil if `moments` holds a value that is not finite.
  init?(_ moments: [Float], width: Int, damping: Double = 0.01) {
    precondition(moments.count == width * width)
    guard moments.allSatisfy(\.isFinite) else { return nil }
    self.width = width
    // Turned round in both directions, a symmetric matrix is its bytes read backwards.
    let reversed = moments.reversed().map(Double.init)
    var share = damping
    var factor: Cholesky?
    while factor == nil, share < 1e6 {
      factor = try? Cholesky(reversed, order: width, damping: share)
      if factor == nil { share = max(share, 1e-3) * 10 }
    }
    guard let factor else { return nil }
    self.damping = factor.damping
    values = factor.inverseOfUpper().transposed(width).reversed().map { Float($0) }
    var dead = [Bool](repeating: false, count: width)
    for row in factor.dead { dead[width - 1 - row] = true }
    self.dead = dead
  }

  /// The identity: every error stands alone.
  init(identity width: Int) {
    self.width = width
    dead = [Bool](repeating: false, count: width)
    damping = 0
    var values = [Float](repeating: 0, count: width * width)
    for index in 0..<width { values[index * width + index] = 1 }
    self.values = values
  }
}

extension [Double] {
  /// A square matrix's transpose.
  fileprivate func transposed(_ width: Int) -> [Double] {
    var result = self
    for row in 0..<width {
      for column in 0..<width { result[column * width + row] = self[row * width + column] }
    }
    return result
  }
}
