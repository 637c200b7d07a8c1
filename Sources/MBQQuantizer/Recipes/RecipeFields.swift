import MBQSchemes
import Yams

/// The values of one mapping of a recipe, checked.
struct RecipeFields {
  private let mapping: Node.Mapping
  private let path: String
  private let file: String

  init(_ node: Node, path: String, file: String) throws(RecipeError) {
    guard case .mapping(let mapping) = node else {
      throw .invalid(
        file: file, path: path.isEmpty ? "the recipe" : path, line: node.mark?.line ?? 1,
        found: Self.text(node), allowed: "keys and values, such as 'bits: 4'")
    }
    self.mapping = mapping
    self.path = path
    self.file = file
  }

  /// A value in a few words.
  static func text(_ node: Node) -> String {
    switch node {
    case .scalar(let scalar):
      scalar.string.isEmpty ? "empty" : "'\(String(scalar.string.prefix(40)))'"
    case .sequence: "a list"
    case .mapping: "keys and values"
    case .alias: "an alias"
    }
  }

  func failure(_ key: String, _ node: Node, _ allowed: String) -> RecipeError {
    .invalid(
      file: file, path: path.isEmpty ? key : "\(path).\(key)", line: node.mark?.line ?? 1,
      found: Self.text(node), allowed: allowed)
  }

  private func node(_ key: String) -> Node? {
    mapping.first { $0.key.scalar?.string == key }?.value
  }

  /// A value that is not quoted.
  private static func plain(_ node: Node) -> String? {
    guard case .scalar(let scalar) = node, scalar.style == .plain else { return nil }
    return scalar.string
  }

  // MARK: Kinds of values

  func text(_ key: String) throws(RecipeError) -> String? {
    guard let node = node(key) else { return nil }
    guard case .scalar(let scalar) = node, !scalar.string.isEmpty else {
      throw failure(key, node, "a text")
    }
    return scalar.string
  }

  func flag(_ key: String) throws(RecipeError) -> Bool? {
    guard let node = node(key) else { return nil }
    switch Self.plain(node) {
    case "true": return true
    case "false": return false
    default: throw failure(key, node, "true or false")
    }
  }

  func integer(_ key: String, _ allowed: ClosedRange<Int>) throws(RecipeError) -> Int? {
    guard let node = node(key) else { return nil }
    guard let value = Self.plain(node).flatMap({ Int($0) }), allowed.contains(value) else {
      throw failure(key, node, "\(allowed.lowerBound) to \(allowed.upperBound)")
    }
    return value
  }

  func integer(_ key: String, among allowed: [Int]) throws(RecipeError) -> Int? {
    guard let node = node(key) else { return nil }
    guard let value = Self.plain(node).flatMap({ Int($0) }), allowed.contains(value) else {
      throw failure(key, node, allowed.map { "\($0)" }.joined(separator: ", "))
    }
    return value
  }

  func number(_ key: String, _ allowed: ClosedRange<Double>) throws(RecipeError) -> Double? {
    guard let node = node(key) else { return nil }
    guard let value = Self.plain(node).flatMap({ Double($0) }), allowed.contains(value) else {
      throw failure(key, node, "\(allowed.lowerBound) to \(allowed.upperBound)")
    }
    return value
  }

  func choice(_ key: String, _ allowed: [String]) throws(RecipeError) -> String? {
    guard let node = node(key) else { return nil }
    guard case .scalar(let scalar) = node, allowed.contains(scalar.string) else {
      throw failure(key, node, allowed.joined(separator: ", "))
    }
    return scalar.string
  }

  func choice<Value: RawRepresentable & CaseIterable>(
    _ key: String, _ type: Value.Type
  ) throws(RecipeError) -> Value? where Value.RawValue == String {
    try choice(key, Value.allCases.map(\.rawValue)).flatMap { Value(rawValue: $0) }
  }

  func texts(_ key: String) throws(RecipeError) -> [String]? {
    guard let node = node(key) else { return nil }
    guard case .sequence(let elements) = node else {
      throw failure(key, node, "a list of names with *, such as [\"*.ffn.*.down\"]")
    }
    var texts: [String] = []
    for element in elements {
      guard case .scalar(let scalar) = element, !scalar.string.isEmpty else {
        throw failure(key, element, "names with *, such as \"*.ffn.*.down\"")
      }
      texts.append(scalar.string)
    }
    return texts
  }

  func fields(_ key: String) throws(RecipeError) -> RecipeFields? {
    guard let node = node(key) else { return nil }
    return try RecipeFields(node, path: key, file: file)
  }

  func list(_ key: String) throws(RecipeError) -> [RecipeFields]? {
    guard let node = node(key) else { return nil }
    guard case .sequence(let elements) = node else {
      throw failure(key, node, "a list of keys and values, each after '- '")
    }
    var list: [RecipeFields] = []
    for (index, element) in elements.enumerated() {
      list.append(try RecipeFields(element, path: "\(key)[\(index)]", file: file))
    }
    return list
  }

  /// A key that must be there.
  func required(_ key: String) throws(RecipeError) -> String {
    if let text = try text(key) { return text }
    throw .invalid(
      file: file, path: "\(path).\(key)", line: mapping.mark?.line ?? 1, found: "missing",
      allowed: "a name with *, such as \"*.ffn.*.down\"")
  }

  /// A number of layers, or their indices.
  func keptLayers(_ key: String) throws(RecipeError) -> Recipe.KeptLayers? {
    guard let node = node(key) else { return nil }
    let allowed = "how many (1 to 1000), or a list of layers from 0 in rising order"
    if let text = Self.plain(node) {
      guard let count = Int(text), 1...1000 ~= count else { throw failure(key, node, allowed) }
      return .first(count)
    }
    guard case .sequence(let elements) = node, elements.count > 0 else {
      throw failure(key, node, allowed)
    }
    var layers: [Int] = []
    for element in elements {
      guard let layer = Self.plain(element).flatMap({ Int($0) }), 0..<1000 ~= layer,
        layer > layers.last ?? -1
      else { throw failure(key, element, allowed) }
      layers.append(layer)
    }
    return .listed(layers)
  }

  /// `group` means something with 4 bits or fewer only.
  func bitsAndGroup() throws(RecipeError) -> (bits: Int?, group: Int?) {
    let bits = try integer("bits", among: SchemeCode.bitChoices)
    let group = try integer("group", among: SchemeCode.groupSizes)
    if let bits, bits > 4, group != nil, let node = node("group") {
      throw failure("group", node, "nothing with \(bits) bits; groups are for 4 bits and fewer")
    }
    return (bits, group)
  }
}
