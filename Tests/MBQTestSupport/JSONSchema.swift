public import Foundation

/// Any JSON value, with its object members reachable by name.
public enum AnyJSON: Decodable, Equatable, Sendable {
  case null
  case boolean(Bool)
  case number(Double)
  case string(String)
  case array([AnyJSON])
  case object([String: AnyJSON])

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([AnyJSON].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: AnyJSON].self))
    }
  }

  public static func parse(_ data: Data) throws -> AnyJSON {
    try JSONDecoder().decode(AnyJSON.self, from: data)
  }

  public subscript(key: String) -> AnyJSON? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  public var text: String? { if case .string(let text) = self { text } else { nil } }
  public var number: Double? { if case .number(let value) = self { value } else { nil } }
  public var elements: [AnyJSON]? { if case .array(let values) = self { values } else { nil } }

  /// Every copy of the value that lacks one member of one object in it, with that member's place.
  public var withOneMemberLess: [(place: String, value: AnyJSON)] {
    switch self {
    case .null, .boolean, .number, .string: return []
    case .array(let values):
      // The elements of a list are alike; lists of different ones would need all of them.
      guard let first = values.first else { return [] }
      return first.withOneMemberLess.map { place, value in
        ("[0]" + place, .array([value] + values.dropFirst()))
      }
    case .object(let members):
      return members.flatMap { name, value -> [(place: String, value: AnyJSON)] in
        var rest = members
        rest[name] = nil
        return [(".\(name)", .object(rest))]
          + value.withOneMemberLess.map { place, smaller in
            rest[name] = smaller
            return (".\(name)" + place, .object(rest))
          }
      }
    }
  }
}

/// The part of JSON Schema (draft 2020-12) that the published schemas use.
///
/// A keyword it does not know is a problem too: nothing in a schema goes unchecked.
public struct JSONSchema {
  private let root: AnyJSON
  private static let remarks: Set<String> = ["$schema", "$defs", "title", "description"]

  public init(_ data: Data) throws { root = try AnyJSON.parse(data) }

  /// What is wrong with `value`, each with its place; empty if it is valid.
  public func problems(_ value: AnyJSON) -> [String] { problems(value, root, "$") }

  private func problems(_ value: AnyJSON, _ schema: AnyJSON, _ place: String) -> [String] {
    guard case .object(let keywords) = schema else { return ["\(place): the schema is no object"] }
    return keywords.sorted { $0.key < $1.key }.flatMap { name, argument in
      Self.remarks.contains(name)
        ? [] : check(value, name, argument, keywords, place).map { "\(place): \($0)" }
    }
  }

  private func check(
    _ value: AnyJSON, _ keyword: String, _ argument: AnyJSON, _ all: [String: AnyJSON],
    _ place: String
  ) -> [String] {
    func require(_ holds: Bool, _ problem: String) -> [String] { holds ? [] : [problem] }
    switch (keyword, argument, value) {
    case ("$ref", .string(let name), _):
      let prefix = "#/$defs/"
      guard name.hasPrefix(prefix),
        let target = root["$defs"]?[String(name.dropFirst(prefix.count))]
      else { return ["the schema has no \(name)"] }
      return problems(value, target, place)
    case ("type", .string(let type), _): return require(Self.has(value, type), "is no \(type)")
    case ("type", .array(let types), _):
      return require(types.contains { Self.has(value, $0.text ?? "") }, "is of no type allowed")
    case ("const", _, _): return require(value == argument, "is not \(argument)")
    case ("enum", .array(let values), _): return require(values.contains(value), "is not allowed")
    case ("anyOf", .array(let choices), _):
      let found = choices.map { problems(value, $0, place) }
      return found.contains([]) ? [] : ["fits no choice"] + found.joined()
    case ("minimum", .number(let bound), .number(let number)):
      return require(number >= bound, "\(number) is below \(bound)")
    case ("maximum", .number(let bound), .number(let number)):
      return require(number <= bound, "\(number) is above \(bound)")
    case ("minLength", .number(let bound), .string(let text)):
      return require(Double(text.unicodeScalars.count) >= bound, "is too short")
    case ("minItems", .number(let bound), .array(let values)):
      return require(Double(values.count) >= bound, "has too few elements")
    case ("items", _, .array(let values)):
      return values.enumerated().flatMap { problems($1, argument, "\(place)[\($0)]") }
    case ("required", .array(let names), .object(let members)):
      return names.compactMap(\.text).filter { members[$0] == nil }.map { "\($0) is missing" }
    case ("properties", .object(let known), .object(let members)):
      return members.sorted { $0.key < $1.key }.flatMap { name, member in
        known[name].map { problems(member, $0, "\(place).\(name)") } ?? []
      }
    case ("additionalProperties", .boolean(false), .object(let members)):
      let known = all["properties"]
      return members.keys.sorted().filter { known?[$0] == nil }.map { "\($0) is not known" }
    case ("minimum", _, _), ("maximum", _, _), ("minLength", _, _), ("minItems", _, _),
      ("items", _, _), ("required", _, _), ("properties", _, _), ("additionalProperties", _, _):
      // About values of another type, of which they say nothing.
      return []
    default: return ["the schema uses \(keyword), which this validator does not know"]
    }
  }

  private static func has(_ value: AnyJSON, _ type: String) -> Bool {
    switch value {
    case .null: type == "null"
    case .boolean: type == "boolean"
    case .number(let number): type == "number" || type == "integer" && number == number.rounded()
    case .string: type == "string"
    case .array: type == "array"
    case .object: type == "object"
    }
  }
}
