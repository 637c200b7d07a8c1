import MBQCore

/// A tensor in a file; not every tensor can be a weight.
struct StoredTensor: Sendable {
  var name: String
  var elementType: ElementType
  /// (out, in) for the matrix of a linear, in any file.
  var shape: [Int]
  /// Steps between neighbours of each dimension, in elements; nil if the last dimension changes
  /// fastest and there are no gaps.
  ///
  /// Never negative.
  var strides: [Int]?
  var isBigEndian = false
  /// Where the bytes are in `source`: from the first element to the end of the last.
  var range: Range<Int>
  var source: SourceFile

  /// - Precondition: `range` is as long as type, shape and strides need and inside `source`.
  init(
    name: String, elementType: ElementType, shape: [Int], strides: [Int]? = nil,
    isBigEndian: Bool = false, range: Range<Int>, source: SourceFile
  ) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.strides = strides
    self.isBigEndian = isBigEndian
    self.range = range
    self.source = source
  }

  /// The number of values; readers have checked that it fits an `Int`.
  var count: Int { shape.reduce(1, *) }

  /// The size of the values, in whole bytes.
  var byteCount: Int { count * elementType.bitWidth / 8 }
}

/// The result of a reader.
struct StoredWeights: Sendable {
  /// In the order of the file.
  var tensors: [StoredTensor]
  /// Every file that was read, the one that was named first.
  var files: [SourceFile]
  var warnings: [String] = []
}

/// Steps between neighbours of a tensor without gaps, the last dimension fastest.
func contiguousStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for place in shape.indices.dropLast().reversed() {
    strides[place] = strides[place + 1] &* max(shape[place + 1], 1)
  }
  return strides
}

extension StoredTensor {
  /// Places `strides` unless they are those of a tensor without gaps; the step of a dimension of one
  /// element says nothing.
  static func normalized(strides: [Int], shape: [Int]) -> [Int]? {
    let plain = contiguousStrides(shape)
    let isPlain = shape.indices.allSatisfy { shape[$0] <= 1 || strides[$0] == plain[$0] }
    return isPlain || shape.contains(0) ? nil : strides
  }
}
