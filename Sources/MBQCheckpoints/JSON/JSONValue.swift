/// A JSON value as `JSONParser` reads it.
public enum JSONValue: Sendable {
  case null
  case bool(Bool)
  /// A number written without fraction or exponent that fits an `Int`: exact.
  case integer(Int)
  /// Any other number, rounded to the nearest double; always finite.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// The kind of the value, in words that complete "found …".
  public var summary: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "the text \(quoted(value, "\""))"
    case .array(let values): values.isEmpty ? "an empty list" : "a list"
    case .object: "an object"
    }
  }
}

/// The members of a JSON object in the order of the file; no two have the same key.
///
/// Keys are compared byte by byte, not by Unicode equivalence: a vocabulary may hold both "é" and "e"
/// with a combining accent.
public struct JSONObject: Sendable {
  public struct Member: Sendable {
    public var key: String
    public var value: JSONValue
  }

  public let members: [Member]
  /// Indices into `members` by key; empty while there are so few that a linear search is as fast.
  private let places: [ExactString: Int]

  /// Refuses a second member with a key by returning its place; `members` must be as read.
  init(members: [Member]) throws(DuplicateKey) {
    self.members = members
    if members.count <= Self.indexedFrom {
      for (place, member) in members.enumerated() {
        for other in members[..<place] where ExactString(other.key) == ExactString(member.key) {
          throw DuplicateKey(key: member.key)
        }
      }
      places = [:]
      return
    }
    var places: [ExactString: Int] = [:]
    places.reserveCapacity(members.count)
    for (place, member) in members.enumerated() {
      guard places.updateValue(place, forKey: ExactString(member.key)) == nil else {
        throw DuplicateKey(key: member.key)
      }
    }
    self.places = places
  }

  struct DuplicateKey: Error {
    var key: String
  }

  private static let indexedFrom = 8

  public subscript(key: String) -> JSONValue? {
    let key = ExactString(key)
    if places.isEmpty {
      return members.first { ExactString($0.key) == key }?.value
    }
    return places[key].map { members[$0].value }
  }
}

/// A string equal to another only if both have the same bytes.
///
/// Hashed with the random seed of the process, so that a file cannot force collisions.
struct ExactString: Hashable, Sendable {
  let text: String

  init(_ text: String) { self.text = text }

  static func == (a: ExactString, b: ExactString) -> Bool {
    a.text.utf8.count == b.text.utf8.count && a.text.utf8.elementsEqual(b.text.utf8)
  }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
  }
}
