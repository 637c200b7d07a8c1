/// One row of a dataset: its fields' bytes, without quotes or escapes.
///
/// Readers fill the same value again and again, so that a long file needs no allocation per row.
public struct DatasetRow: Sendable {
  /// The fields one after the other.
  public private(set) var bytes: [UInt8] = []
  /// Where each field ends in `bytes`.
  public private(set) var ends: [Int] = []
  /// The line of the file on which the row starts, from 1.
  public internal(set) var line = 0
  /// The fields with nested values, such as a list in JSON; their bytes are the source text.
  public internal(set) var nestedFields: [Int] = []

  public init() {}

  /// The number of fields.
  public var count: Int { ends.count }

  /// The bytes of field `index` as in the file, without quoting; they may be invalid UTF-8.
  public subscript(index: Int) -> ArraySlice<UInt8> {
    bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
  }

  /// Field `index` as text; invalid UTF-8 becomes U+FFFD as in Python's `errors="replace"`.
  public func text(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }

  /// Calls `body` with the bytes of field `index`.
  func withBytes<Result>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    let range = (index == 0 ? 0 : ends[index - 1])..<ends[index]
    return bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[range])) }
  }

  /// The length of the field being written.
  var openFieldCount: Int { bytes.count - (ends.last ?? 0) }

  mutating func clear() {
    bytes.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }

  mutating func append(_ part: UnsafeRawBufferPointer) { bytes.append(contentsOf: part) }

  mutating func endField() { ends.append(bytes.count) }
}
