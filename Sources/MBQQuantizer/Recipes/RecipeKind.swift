import Yams

/// Why a value is not one of its key's.
struct RecipeRefusal: Error {
  var line: Int
  var found: String
  var allowed: String

  init(_ node: Node, allowed: String) {
    line = node.mark?.line ?? 1
    self.allowed = allowed
    found =
      switch node {
      case .scalar(let scalar):
        scalar.string.isEmpty ? "empty" : "'\(String(scalar.string.prefix(40)))'"
      case .sequence: "a list"
      case .mapping: "keys and values"
      case .alias: "an alias"
      }
  }
}

/// How the values of a key are written, and which are allowed.
struct RecipeKind<Value: Sendable>: Sendable {
  /// In the table of keys.
  let allowed: String
  let read: @Sendable (Node) throws(RecipeRefusal) -> Value

  /// A value that is not quoted.
  private static func plain(_ node: Node) -> String? {
    guard case .scalar(let scalar) = node, scalar.style == .plain else { return nil }
    return scalar.string
  }

  private static func names(_ names: [String]) -> String {
    names.map { "`\($0)`" }.joined(separator: ", ")
  }
}

extension RecipeKind where Value == String {
  static var text: Self {
    .init(allowed: "text") { node throws(RecipeRefusal) in
      guard case .scalar(let scalar) = node, !scalar.string.isEmpty else {
        throw .init(node, allowed: "a text")
      }
      return scalar.string
    }
  }

  static func name(among names: [String]) -> Self {
    .init(allowed: Self.names(names)) { node throws(RecipeRefusal) in
      guard case .scalar(let scalar) = node, names.contains(scalar.string) else {
        throw .init(node, allowed: names.joined(separator: ", "))
      }
      return scalar.string
    }
  }

  static let patternExample = "a name with *, such as \"*.ffn.*.down\""

  static var pattern: Self {
    .init(allowed: "site pattern") { node throws(RecipeRefusal) in
      guard case .scalar(let scalar) = node, !scalar.string.isEmpty else {
        throw .init(node, allowed: patternExample)
      }
      return scalar.string
    }
  }
}

extension RecipeKind where Value == [String] {
  static var patterns: Self {
    .init(allowed: "list of site patterns") { node throws(RecipeRefusal) in
      guard case .sequence(let elements) = node else {
        throw .init(node, allowed: "a list of names with *, such as [\"*.ffn.*.down\"]")
      }
      var texts: [String] = []
      for element in elements {
        guard case .scalar(let scalar) = element, !scalar.string.isEmpty else {
          throw .init(element, allowed: "names with *, such as \"*.ffn.*.down\"")
        }
        texts.append(scalar.string)
      }
      return texts
    }
  }
}

extension RecipeKind where Value == Bool {
  static var flag: Self {
    .init(allowed: "`true`, `false`") { node throws(RecipeRefusal) in
      switch plain(node) {
      case "true": return true
      case "false": return false
      default: throw .init(node, allowed: "true or false")
      }
    }
  }
}

extension RecipeKind where Value == Int {
  static func integer(_ range: ClosedRange<Int>) -> Self {
    let allowed = "\(range.lowerBound) to \(range.upperBound)"
    return .init(allowed: allowed) { node throws(RecipeRefusal) in
      guard let value = plain(node).flatMap({ Int($0) }), range.contains(value) else {
        throw .init(node, allowed: allowed)
      }
      return value
    }
  }

  static func integer(among values: [Int]) -> Self {
    let allowed = values.map { "\($0)" }.joined(separator: ", ")
    return .init(allowed: allowed) { node throws(RecipeRefusal) in
      guard let value = plain(node).flatMap({ Int($0) }), values.contains(value) else {
        throw .init(node, allowed: allowed)
      }
      return value
    }
  }
}

extension RecipeKind where Value == Double {
  static func number(_ range: ClosedRange<Double>) -> Self {
    let allowed = "\(range.lowerBound) to \(range.upperBound)"
    return .init(allowed: allowed) { node throws(RecipeRefusal) in
      guard let value = plain(node).flatMap({ Double($0) }), range.contains(value) else {
        throw .init(node, allowed: allowed)
      }
      return value
    }
  }
}

extension RecipeKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  static func choice() -> Self {
    let values = Value.allCases.map(\.rawValue)
    return .init(allowed: names(values)) { node throws(RecipeRefusal) in
      guard case .scalar(let scalar) = node, let value = Value(rawValue: scalar.string) else {
        throw .init(node, allowed: values.joined(separator: ", "))
      }
      return value
    }
  }
}

extension RecipeKind where Value == Recipe.KeptLayers {
  /// A number of layers, or their indices.
  static var layers: Self {
    .init(allowed: "1 to 1000, or a list of layers") { node throws(RecipeRefusal) in
      let allowed = "how many (1 to 1000), or a list of layers from 0 in rising order"
      if let text = plain(node) {
        guard let count = Int(text), 1...1000 ~= count else { throw .init(node, allowed: allowed) }
        return .first(count)
      }
      guard case .sequence(let elements) = node, elements.count > 0 else {
        throw .init(node, allowed: allowed)
      }
      var layers: [Int] = []
      for element in elements {
        guard let layer = plain(element).flatMap({ Int($0) }), 0..<1000 ~= layer,
          layer > layers.last ?? -1
        else { throw .init(element, allowed: allowed) }
        layers.append(layer)
      }
      return .listed(layers)
    }
  }
}
