/// JSON of any `Encodable` value; the same value always gives the same bytes.
///
/// Members stand in the order in which the type encodes them; members of dictionaries are sorted by name.
/// Unlike Foundation's encoder, this one never fails on a number: NaN and infinities become `null`.
public enum JSONText {
  /// The document, indented, with a line break at its end.
  public static func encode(_ value: some Encodable) throws -> String {
    try JSONValue(encoding: value).text
  }
}

extension JSONValue {
  /// The JSON value that `value` encodes.
  ///
  /// Throws only what its `encode(to:)` throws.
  public init(encoding value: some Encodable) throws { self = try box(value, at: []) }
}

/// The value of an element after its encoder has finished.
///
/// It is a class, because containers outlive the call that creates them.
private final class Node {
  var value = JSONValue.null
  private var members: [(name: String, node: Node)]?
  private var elements: [Node]?

  func member(_ name: String) -> Node {
    let node = Node()
    members = (members ?? []) + [(name, node)]
    return node
  }

  func element() -> Node {
    let node = Node()
    elements = (elements ?? []) + [node]
    return node
  }

  func beginObject() { members = members ?? [] }
  func beginArray() { elements = elements ?? [] }
  var elementCount: Int { elements?.count ?? 0 }

  var json: JSONValue {
    if let members { return .object(members.map { JSONMember($0.name, $0.node.json) }) }
    if let elements { return .array(elements.map(\.json)) }
    return value
  }
}

/// Dictionaries encode their members in no particular order.
private protocol Unordered {}
extension Dictionary: Unordered {}

private func box<Value: Encodable>(
  _ value: Value, at path: [any CodingKey]
) throws -> JSONValue {
  let node = Node()
  try value.encode(to: NodeEncoder(node: node, codingPath: path))
  let json = node.json
  guard value is any Unordered, case .object(let members) = json else { return json }
  return .object(members.sorted { $0.name < $1.name })
}

private struct NodeEncoder: Encoder {
  let node: Node
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    node.beginObject()
    return KeyedEncodingContainer(Members(node: node, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    node.beginArray()
    return Elements(node: node, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    Single(node: node, codingPath: codingPath)
  }
}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let node: Node
  let codingPath: [any CodingKey]

  func encodeNil(forKey key: Key) { node.member(key.stringValue).value = .null }

  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
    node.member(key.stringValue).value = try box(value, at: codingPath + [key])
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> {
    encoder(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    encoder(key).unkeyedContainer()
  }

  func superEncoder() -> any Encoder {
    NodeEncoder(node: node.member("super"), codingPath: codingPath)
  }

  func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }

  private func encoder(_ key: Key) -> NodeEncoder {
    NodeEncoder(node: node.member(key.stringValue), codingPath: codingPath + [key])
  }
}

private struct Elements: UnkeyedEncodingContainer {
  let node: Node
  let codingPath: [any CodingKey]
  var count: Int { node.elementCount }

  func encodeNil() { node.element().value = .null }

  func encode<Value: Encodable>(_ value: Value) throws {
    node.element().value = try box(value, at: codingPath)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) -> KeyedEncodingContainer<Nested> {
    superEncoder().container(keyedBy: type)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    superEncoder().unkeyedContainer()
  }

  func superEncoder() -> any Encoder { NodeEncoder(node: node.element(), codingPath: codingPath) }
}

private struct Single: SingleValueEncodingContainer {
  let node: Node
  let codingPath: [any CodingKey]

  func encodeNil() { node.value = .null }
  func encode(_ value: Bool) { node.value = .boolean(value) }
  func encode(_ value: String) { node.value = .string(value) }
  func encode(_ value: Double) { node.value = .number(value) }
  // Converted through its digits: the float 0.1 must print as 0.1, not as the nearest double.
  func encode(_ value: Float) { node.value = .number(Double("\(value)") ?? Double(value)) }
  func encode(_ value: Int) { node.value = .integer(value) }
  func encode(_ value: Int8) { encode(whole: value) }
  func encode(_ value: Int16) { encode(whole: value) }
  func encode(_ value: Int32) { encode(whole: value) }
  func encode(_ value: Int64) { encode(whole: value) }
  func encode(_ value: UInt) { encode(whole: value) }
  func encode(_ value: UInt8) { encode(whole: value) }
  func encode(_ value: UInt16) { encode(whole: value) }
  func encode(_ value: UInt32) { encode(whole: value) }
  func encode(_ value: UInt64) { encode(whole: value) }

  func encode<Value: Encodable>(_ value: Value) throws {
    node.value = try box(value, at: codingPath)
  }

  private func encode(whole value: some BinaryInteger) {
    // Most JSON readers turn an integer of more than 63 bits into a double.
    node.value = Int(exactly: value).map { .integer($0) } ?? .number(Double(value))
  }
}
