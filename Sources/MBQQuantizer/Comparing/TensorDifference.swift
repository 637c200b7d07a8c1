import MBQCore
public import MBQFormat
public import MBQSchemes

import func Foundation.log2

/// How far the values of two tensors of one shape are apart.
public struct TensorDifference: Equatable, Sendable {
  /// ‖B - A‖ / ‖A‖, Frobenius; infinite where A is all zeros and B is not.
  public var relativeError: Double
  public var largestDifference: Double
  /// The powers of two B's channels are of A's, from the smallest to the largest, where they differ:
  /// equalization's, which other tensors undo.
  ///
  /// The figures are then of A rescaled.
  public var rescaled: ClosedRange<Int>?

  /// `a` and `b` are (rows, columns).
  ///
  /// As they are, or, where that explains most of the difference, with each row and each column of `a` times
  /// a power of two of its own.
  public init(_ a: [Float], _ b: [Float], rows: Int, columns: Int) {
    precondition(a.count == rows * columns && b.count == a.count)
    self.init(plain: a, b)
    guard relativeError > 1e-3, let scaled = Self.rescaled(a, b, rows, columns) else { return }
    let other = TensorDifference(plain: scaled.values, b)
    // A vector can be bent to within 41 % of any other: only a close fit means something.
    let most = rows == 1 ? 0.02 : relativeError / 2
    guard other.relativeError < most else { return }
    self = other
    rescaled = scaled.exponents
  }

  private init(plain a: [Float], _ b: [Float]) {
    var (error, energy, largest) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      let difference = Double(y) - Double(x)
      error += difference * difference
      energy += Double(x) * Double(x)
      largest = max(largest, abs(difference))
    }
    relativeError = error == 0 ? 0 : energy == 0 ? .infinity : (error / energy).squareRoot()
    largestDifference = largest
  }

  /// `a` with the exponents of rows and columns that explain the ratios of `b`'s elements to its own.
  ///
  /// The ratios' logarithms are a row's exponent plus a column's plus noise: medians over the rows give the
  /// columns', and medians of what is left the rows', whatever the others are.
  private static func rescaled(
    _ a: [Float], _ b: [Float], _ rows: Int, _ columns: Int
  ) -> (values: [Float], exponents: ClosedRange<Int>)? {
    func power(_ exponent: Int) -> Double {
      Double(sign: .plus, exponent: exponent, significand: 1)
    }
    /// Nil without an element that says anything.
    func median(_ places: some Sequence<Int>, less exponent: (Int) -> Int) -> Int? {
      var ratios: [Double] = []
      for place in places where a[place] != 0 && b[place] != 0 {
        ratios.append(
          log2(abs(Double(b[place])) / abs(Double(a[place]))) - Double(exponent(place)))
      }
      guard !ratios.isEmpty else { return nil }
      ratios.sort()
      return Int(min(max(ratios[ratios.count / 2].rounded(), -200), 200))
    }
    let found = (0..<columns).map { column in
      median(stride(from: column, to: a.count, by: columns), less: { _ in 0 })
    }
    // A column that rounding took to zero was a small one.
    let smallest = found.compactMap { $0 }.min() ?? 0
    let columnExponents = found.map { $0 ?? smallest }
    var rowExponents = [Int](repeating: 0, count: rows)
    if rows > 1 {
      for row in 0..<rows {
        let places = (row * columns)..<((row + 1) * columns)
        rowExponents[row] = median(places, less: { columnExponents[$0 % columns] }) ?? 0
      }
    }
    var values = a
    var (least, most) = (Int.max, Int.min)
    for row in 0..<rows {
      for column in 0..<columns {
        let exponent = rowExponents[row] + columnExponents[column]
        (least, most) = (min(least, exponent), max(most, exponent))
        values[row * columns + column] = Float(
          Double(a[row * columns + column]) * power(exponent))
      }
    }
    guard least <= most, (least, most) != (0, 0) else { return nil }
    return (values, least...most)
  }
}

extension PackedModel {
  public func matrix(_ index: Int) -> EncodedMatrix { matrix(header.tensors[index]) }

  /// A tensor's values, (rows, columns).
  public func values(_ index: Int) -> [Float] { matrix(index).decoded() }
}
