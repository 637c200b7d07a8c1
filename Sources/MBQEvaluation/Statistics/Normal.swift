import Foundation

/// The standard normal distribution.
enum Normal {
  /// The value below which the share `probability` (above 0 and below 1) lies.
  ///
  /// Wichura, "Algorithm AS 241: the percentage points of the normal distribution", 1988 (PPND16):
  /// right to about 1 part in 10^16.
  static func quantile(_ probability: Double) -> Double {
    precondition(probability > 0 && probability < 1, "a share strictly between 0 and 1")
    let q = probability - 0.5
    if abs(q) <= 0.425 {
      let r = 0.180625 - q * q
      return q * polynomial(central.above, r) / polynomial(central.below, r)
    }
    let r = (-log(q < 0 ? probability : 1 - probability)).squareRoot()
    let (part, shift) = r <= 5 ? (near, 1.6) : (far, 5.0)
    let value = polynomial(part.above, r - shift) / polynomial(part.below, r - shift)
    return q < 0 ? -value : value
  }

  /// The point that a two-sided interval of this confidence reaches on either side: 1.96 at 0.95.
  static func twoSided(confidence: Double) -> Double { -quantile((1 - confidence) / 2) }

  /// The point that a one-sided bound of this confidence reaches: 1.64 at 0.95.
  static func oneSided(confidence: Double) -> Double { -quantile(1 - confidence) }

  private typealias Fraction = (above: [Double], below: [Double])

  private static let central: Fraction = (
    [
      3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
      45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
    ],
    [
      1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077,
      21213.794301586595867, 39307.89580009271061, 28729.085735721942674, 5226.495278852545925,
    ]
  )

  private static let near: Fraction = (
    [
      1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504,
      1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833,
      7.7454501427834140764e-4,
    ],
    [
      1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455,
      0.14810397642748007459, 0.0151986665636164571966, 5.475938084995344946e-4,
      1.05075007164441684324e-9,
    ]
  )

  private static let far: Fraction = (
    [
      6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358,
      0.29656057182850489123, 0.026532189526576123093, 0.0012426609473880784386,
      2.71155556874348757815e-5, 2.01033439929228813265e-7,
    ],
    [
      1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525,
      7.868691311456132591e-4, 1.8463183175100546818e-5, 1.4215117583164458887e-7,
      2.04426310338993978564e-15,
    ]
  )

  private static func polynomial(_ coefficients: [Double], _ x: Double) -> Double {
    coefficients.reversed().reduce(0) { $0 * x + $1 }
  }
}
