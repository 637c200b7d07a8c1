import MBQModel

/// The limits that the families share: the size of a model, and the division of its width into heads.
enum EncoderLimits {
  static let vocabulary = 1...1 << 20
  static let types = 1...1024
  /// The attention kernel sums at most 1024 products of two bytes in an int32.
  static let positions = 2...1024
  static let widths = 1...8192
  static let layers = 1...256
  static let heads = 1...256
  private static let maximumHeadSize = 256
  static let epsilon = 1e-30...1.0

  /// Refuses heads that do not divide the width inside a layer, or are too wide; `width` and `heads`
  /// are the keys of the two.
  static func checkHeads(
    _ configuration: ModelConfiguration, _ fields: ConfigurationFields, width: String,
    ofWidth size: Int, heads: String
  ) throws(CheckpointError) {
    guard size % configuration.headCount == 0 else {
      throw .field(
        path: fields.path, key: heads, found: "\(configuration.headCount)",
        allowed: "a divisor of \(width), which is \(size)")
    }
    guard configuration.headSize <= maximumHeadSize else {
      throw .field(
        path: fields.path, key: "\(width) / \(heads)", found: "\(configuration.headSize)",
        allowed: "a head size of at most \(maximumHeadSize)")
    }
  }
}
