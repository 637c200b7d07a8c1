/// The labels of a model, and their spellings in a dataset.
public struct LabelVocabulary: Sendable, Equatable {
  /// The model's label names, by index.
  public let names: [String]
  private let exact: [String: Int]
  /// Lower-case names, without those that two labels share.
  private let folded: [String: Int]
  /// Set if the user gives a map: then only its values are allowed.
  private var map: Self.Map?

  private struct Map: Sendable, Equatable {
    var exact: [String: Int] = [:]
    var folded: [String: Int] = [:]
    var values: [String] = []
  }

  public init(names: [String]) {
    self.names = names
    exact = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    folded = Dictionary(grouping: names.indices, by: { names[$0].lowercased() })
      .compactMapValues { $0.count == 1 ? $0[0] : nil }
  }

  /// With a map such as `real=0,fake=1` or `REAL=real,false=fake`: the dataset's values on the left,
  /// the model's indices or names on the right.
  ///
  /// Refuses an entry without `=`, a repeated value, and a label the model does not have
  /// (`DatasetError.badLabelMap`).
  public init(names: [String], map text: String) throws(DatasetError) {
    self.init(names: names)
    var map = Map()
    for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let equals = entry.lastIndex(of: "=") else {
        throw .badLabelMap(entry: String(entry), reason: "has no '='")
      }
      let value = trimmed(String(entry[..<equals]))
      let label = trimmed(String(entry[entry.index(after: equals)...]))
      guard let index = index(of: label) else {
        throw .badLabelMap(
          entry: String(entry),
          reason: "names a label the model does not have (allowed are \(allowed))")
      }
      guard map.exact.updateValue(index, forKey: value) == nil else {
        throw .badLabelMap(entry: String(entry), reason: "repeats a value")
      }
      map.values.append(value)
      // Two values that differ only in case keep their own meaning and no shared one.
      let key = value.lowercased()
      let isShared = map.values.dropLast().contains { $0.lowercased() == key }
      map.folded[key] = isShared ? nil : index
    }
    self.map = map
  }

  /// The index of the label that a dataset calls `value`, or `nil`.
  ///
  /// In this order: the name exactly, the index (`1`, or `1.0` as pandas writes a column with gaps),
  /// the name in another case. Spaces around the value do not count.
  public func index(of value: String) -> Int? {
    let value = trimmed(value)
    if let map { return map.exact[value] ?? map.folded[value.lowercased()] }
    if let index = exact[value] { return index }
    let digits = value.hasSuffix(".0") ? value.dropLast(2) : Substring(value)
    if !digits.isEmpty, digits.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
      return Int(digits).flatMap { names.indices.contains($0) ? $0 : nil }
    }
    return folded[value.lowercased()]
  }

  /// The allowed values, for an error: at most 20 of them.
  public var allowed: String {
    let all =
      map.map { $0.values.map { "'\($0)'" } } ?? names.enumerated().map { "\($0) ('\($1)')" }
    let shown = all.prefix(20).joined(separator: ", ")
    return all.count > 20 ? "\(shown) and \(all.count - 20) more" : shown
  }

  private func trimmed(_ text: String) -> String {
    var text = text
    return text.withUTF8 { bytes in
      String(
        decoding: UnsafeBufferPointer(rebasing: bytes[strippedRange(of: bytes)]), as: UTF8.self)
    }
  }
}
