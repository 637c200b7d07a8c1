/// A key of config.json that holds an integer.
struct IntegerKey: Sendable {
  var name: String
  /// The default of transformers for an absent key.
  var preset: Int
  var allowed: ClosedRange<Int>

  init(_ name: String, _ preset: Int, _ allowed: ClosedRange<Int>) {
    self.name = name
    self.preset = preset
    self.allowed = allowed
  }
}

/// A key of config.json that holds true or false.
struct FlagKey: Sendable {
  var name: String
  /// The default of transformers for an absent key.
  var preset: Bool

  init(_ name: String, _ preset: Bool) {
    self.name = name
    self.preset = preset
  }
}

/// The members of an object in a JSON file, with errors that name the file, the key, the value and the allowed
/// values.
struct ConfigurationFields {
  let path: String
  let object: JSONObject
  /// The place of the object in the file, such as `model.`.
  private let prefix: String

  init(_ value: JSONValue, path: String) throws(CheckpointError) {
    try self.init(value, path: path, key: nil)
  }

  private init(_ value: JSONValue?, path: String, key: String?) throws(CheckpointError) {
    guard case .object(let object)? = value else {
      throw .field(
        path: path, key: key ?? "the file", found: value?.summary ?? "missing",
        allowed: "an object")
    }
    self.path = path
    self.object = object
    prefix = key.map { $0 + "." } ?? ""
  }

  func refuse(_ key: String, _ value: JSONValue?, allowed: String) -> CheckpointError {
    .field(path: path, key: prefix + key, found: value?.summary ?? "missing", allowed: allowed)
  }

  /// The object at `key`.
  func nested(_ key: String) throws(CheckpointError) -> ConfigurationFields {
    try ConfigurationFields(object[key], path: path, key: prefix + key)
  }

  /// `value`, found at `key`, as an object.
  func nested(_ key: String, _ value: JSONValue) throws(CheckpointError) -> ConfigurationFields {
    try ConfigurationFields(value, path: path, key: prefix + key)
  }

  /// nil for an absent key and for null.
  func present(_ key: String) -> JSONValue? {
    if let value = object[key], case .null = value { return nil }
    return object[key]
  }

  func integer(_ key: IntegerKey) throws(CheckpointError) -> Int {
    guard let value = object[key.name] else { return key.preset }
    guard case .integer(let number) = value, key.allowed.contains(number) else {
      throw refuse(
        key.name, value,
        allowed: "a whole number from \(key.allowed.lowerBound) to \(key.allowed.upperBound)")
    }
    return number
  }

  func flag(_ key: FlagKey) throws(CheckpointError) -> Bool {
    guard let value = object[key.name] else { return key.preset }
    guard case .bool(let flag) = value else {
      throw refuse(key.name, value, allowed: "true or false")
    }
    return flag
  }

  /// true, false, or nil for null and an absent key.
  func optionalFlag(_ key: String) throws(CheckpointError) -> Bool? {
    guard let value = present(key) else { return nil }
    guard case .bool(let flag) = value else {
      throw refuse(key, value, allowed: "true, false or null")
    }
    return flag
  }

  func number(
    _ key: String, _ preset: Double, allowed: ClosedRange<Double>
  ) throws(CheckpointError) -> Double {
    let number: Double
    switch object[key] {
    case nil: return preset
    case .integer(let value)?: number = Double(value)
    case .number(let value)?: number = value
    case let value?:
      throw refuse(
        key, value, allowed: "a number from \(allowed.lowerBound) to \(allowed.upperBound)")
    }
    guard allowed.contains(number) else {
      throw refuse(
        key, object[key], allowed: "a number from \(allowed.lowerBound) to \(allowed.upperBound)")
    }
    return number
  }

  /// A text that names one of the cases of `Choice`.
  func choice<Choice: RawRepresentable & CaseIterable>(
    _ key: String, _ preset: Choice
  ) throws(CheckpointError) -> Choice where Choice.RawValue == String {
    guard let value = object[key] else { return preset }
    guard case .string(let text) = value, let choice = Choice(rawValue: text) else {
      let names = Choice.allCases.map { quoted($0.rawValue, "\"") }
      throw refuse(key, value, allowed: listed(names, "or"))
    }
    return choice
  }

  /// A text; nil for null and an absent key.
  func text(_ key: String) throws(CheckpointError) -> String? {
    guard let value = present(key) else { return nil }
    guard case .string(let text) = value else { throw refuse(key, value, allowed: "a text") }
    return text
  }
}
