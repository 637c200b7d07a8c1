/// The classes of a dataset's rows, in the order in which NumPy sorts the values that pandas reads.
///
/// Numbers are sorted by value, and `1`, `1.0` and `01` are one class; `false` is before `true`;
/// other values are sorted by their characters.
///
/// Memory is 4 bytes a row, and the classes' names.
struct ClassTable {
  /// The most classes.
  static let limit = 1 << 16

  private(set) var classes: [Int32] = []
  private(set) var names: [String] = []
  /// Keyed by bytes: as strings, two encodings of é would be equal.
  private var places: [[UInt8]: Int32] = [:]

  /// Adds a row; `false` if there are too many classes.
  mutating func append(_ name: String) -> Bool {
    let key = Array(name.utf8)
    if let place = places[key] {
      classes.append(place)
      return true
    }
    guard names.count < Self.limit else { return false }
    let place = Int32(names.count)
    places[key] = place
    names.append(name)
    classes.append(place)
    return true
  }

  /// Renumbers the classes in NumPy's order; spellings of the same number become one class under the
  /// first of them.
  mutating func sort() {
    // Python compares code points, and bytes of UTF-8 have the same order.
    let keys = Self.numbers(names)
    let order = names.indices.sorted { first, second in
      if let keys, keys[first] != keys[second] { return keys[first] < keys[second] }
      if keys != nil { return first < second }
      return names[first].utf8.lexicographicallyPrecedes(names[second].utf8)
    }
    var renumbered = [Int32](repeating: 0, count: names.count)
    var sorted: [String] = []
    var last: Int?
    for place in order {
      let isSame = if let keys, let last { keys[last] == keys[place] } else { false }
      if !isSame { sorted.append(names[place]) }
      renumbered[place] = Int32(sorted.count - 1)
      last = place
    }
    for row in classes.indices { classes[row] = renumbered[Int(classes[row])] }
    names = sorted
    places = [:]
  }

  /// The values of `names` if all of them are numbers, or all of them `true` or `false`.
  private static func numbers(_ names: [String]) -> [Double]? {
    let truths = names.compactMap { ["false": 0.0, "true": 1.0][$0.lowercased()] }
    if truths.count == names.count { return truths }
    let numbers = names.compactMap { name -> Double? in
      // Spaces around a number do not count.
      let digits = name.utf8.drop { $0 == 0x20 }.reversed().drop { $0 == 0x20 }.reversed()
      let isPlain = digits.allSatisfy {
        (0x30...0x39).contains($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0)
      }
      return isPlain ? Double(String(decoding: digits, as: UTF8.self)) : nil
    }
    return numbers.count == names.count ? numbers : nil
  }
}
