import MBQCore

/// A matrix as it is stored: its elements in the scheme's order, and one bfloat16 scale a row and one
/// byte a group if the scheme has any.
public struct EncodedMatrix: Equatable, Sendable {
  public var scheme: SchemeCode
  public var rows: Int
  public var columns: Int
  public var elements: [UInt8]
  public var scales: [UInt16]
  /// (rows, groups a row): the multiplier in the low nibble, the zero point in the high one.
  ///
  /// Empty for schemes without groups.
  public var groups: [UInt8] = []

  package init(
    scheme: SchemeCode, rows: Int, columns: Int, elements: [UInt8], scales: [UInt16],
    groups: [UInt8] = []
  ) {
    self.scheme = scheme
    self.rows = rows
    self.columns = columns
    self.elements = elements
    self.scales = scales
    self.groups = groups
  }

  /// Bytes in the file: elements, group bytes and scales, alignment not counted.
  public var byteCount: Int {
    elements.count + scheme.groupByteCount(rows: rows, columns: columns) + scales.count * 2
  }
}

/// A way to store one matrix.
///
/// To add one: a file in Schemes/, a code in `SchemeCode`, and a line in `WeightSchemes.all`.
public protocol WeightScheme: Sendable {
  /// The name on the command line and in reports, such as `int8-channel`.
  static var name: String { get }
  static var code: SchemeCode { get }
  /// The largest round-trip error, as a share of the row's largest magnitude.
  ///
  /// Tests hold the scheme to it, for magnitudes the scheme has: half floats end at 65504 and have
  /// steps of 2^-24, and an int8 scale is at least 2^-126.
  static var errorCeiling: Float { get }
  /// `values` is (rows, columns), finite.
  static func encode(
    _ values: UnsafeBufferPointer<Float>, rows: Int, columns: Int
  ) -> EncodedMatrix
  /// (rows, columns)
  static func decode(_ matrix: EncodedMatrix) -> [Float]
}

// Packing needs the list, running does not; Embedded Swift has no metatypes to make it of.
#if !hasFeature(Embedded)
/// Every scheme this build knows.
public enum WeightSchemes {
  public static let all: [any WeightScheme.Type] = [
    Float32Rows.self,
    Float16Rows.self,
    Float32Panels.self,
    Float16Panels.self,
    Int8Channel.self,
    Int8Rows.self,
    Int4Channel32.self,
    Int4Channel64.self,
    Int4Channel128.self,
    Int4Rows32.self,
    Int4Rows64.self,
    Int4Rows128.self,
  ]

  public static func scheme(_ code: SchemeCode) -> any WeightScheme.Type {
    for scheme in all where scheme.code == code { return scheme }
    preconditionFailure("every SchemeCode has a line in WeightSchemes.all")
  }
}
#endif

extension WeightScheme {
  /// Encodes an array of (rows, columns) values.
  public static func encode(_ values: [Float], rows: Int, columns: Int) -> EncodedMatrix {
    precondition(values.count == rows * columns)
    return values.withUnsafeBufferPointer { encode($0, rows: rows, columns: columns) }
  }
}
