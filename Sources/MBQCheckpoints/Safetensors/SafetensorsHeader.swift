/// The header of a safetensors file (Formats/safetensors/safetensors.md).
///
/// With a value of this type, the file can be indexed without further checks.
struct SafetensorsHeader: Sendable {
  struct Entry: Sendable {
    var name: String
    var elementType: ElementType
    var shape: [Int]
    /// From the start of the file.
    var range: Range<Int>
  }

  /// In the order of their bytes.
  var entries: [Entry]
  var metadata: [(key: String, value: String)]

  /// The limit of the safetensors crate.
  static let maximumLength = 100_000_000

  /// The only validation of a header.
  ///
  /// It refuses the same files as the safetensors crate, and also duplicate names, which the crate
  /// accepts.
  init(validating file: UnsafeRawBufferPointer, path: String) throws(SafetensorsError) {
    func refuse(_ problem: SafetensorsError.Problem) -> SafetensorsError {
      SafetensorsError(path: path, problem: problem)
    }
    guard file.count >= 8 else { throw refuse(.tooShort(bytes: file.count)) }
    if file.starts(with: "version https://git-lfs".utf8) { throw refuse(.gitLFSPointer) }
    let length = UInt64(littleEndian: file.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(Self.maximumLength) else {
      throw refuse(.headerTooLarge(length: length, limit: Self.maximumLength))
    }
    let dataStart = 8 + Int(length)
    guard dataStart <= file.count else {
      throw refuse(.headerBeyondEnd(length: Int(length), available: file.count - 8))
    }
    let available = file.count - dataStart

    let json: JSONValue
    do throws(JSONError) {
      var limits = JSONParser.Limits(bytes: Self.maximumLength)
      limits.values = 1 << 21
      json = try JSONParser.parse(
        UnsafeRawBufferPointer(rebasing: file[8..<dataStart]), source: "header", limits: limits)
    } catch {
      throw refuse(.header(error))
    }
    guard case .object(let object) = json else {
      throw refuse(.headerNotAnObject(found: json.summary))
    }

    entries = []
    metadata = []
    entries.reserveCapacity(object.members.count)
    for member in object.members {
      do throws(SafetensorsError.Problem) {
        if member.key == "__metadata__" {
          metadata = try Self.metadata(member.value)
        } else {
          entries.append(try Self.entry(member.key, member.value))
        }
      } catch {
        throw refuse(error)
      }
    }
    entries.sort {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }

    // No gap, no overlap, and nothing left over: no byte belongs to two tensors or to none.
    var end = 0
    for index in entries.indices {
      let entry = entries[index]
      guard entry.range.lowerBound == end else {
        throw refuse(
          .notContiguous(
            tensor: entry.name, start: entry.range.lowerBound, previousEnd: end))
      }
      end = entry.range.upperBound
    }
    guard end == available else { throw refuse(.wrongEnd(end: end, available: available)) }
    for index in entries.indices {
      let range = entries[index].range
      entries[index].range = (range.lowerBound + dataStart)..<(range.upperBound + dataStart)
    }
  }

  private static func metadata(
    _ value: JSONValue
  ) throws(SafetensorsError.Problem) -> [(key: String, value: String)] {
    guard case .object(let object) = value else {
      throw .metadata(key: nil, found: value.summary)
    }
    var result: [(key: String, value: String)] = []
    for member in object.members {
      guard case .string(let text) = member.value else {
        throw .metadata(key: member.key, found: member.value.summary)
      }
      result.append((member.key, text))
    }
    return result
  }

  /// One tensor; its range is from the start of the data.
  private static func entry(
    _ name: String, _ value: JSONValue
  ) throws(SafetensorsError.Problem) -> Entry {
    guard case .object(let object) = value else {
      throw .entry(
        tensor: name, field: "the entry", found: value.summary,
        needed: "an object with dtype, shape and data_offsets")
    }
    guard case .string(let typeName)? = object["dtype"] else {
      throw .entry(
        tensor: name, field: "dtype", found: object["dtype"]?.summary ?? "missing",
        needed: "the name of a type")
    }
    guard let type = ElementType(rawValue: typeName) else {
      throw .unknownType(tensor: name, found: typeName)
    }
    let shape = try sizes("shape", of: name, object, needed: "a list of sizes from 0")
    let offsetsNeeded = "two offsets from 0"
    let offsets = try sizes("data_offsets", of: name, object, needed: offsetsNeeded)
    guard offsets.count == 2 else {
      throw .entry(
        tensor: name, field: "data_offsets", found: "a list of \(offsets.count)",
        needed: offsetsNeeded)
    }
    guard offsets[0] <= offsets[1] else {
      throw .reversed(tensor: name, start: offsets[0], end: offsets[1])
    }
    let needed: Int
    switch type.byteCount(of: shape) {
    case .success(let count): needed = count
    case .failure(.overflow): throw .sizeOverflow(tensor: name, shape: shape, type: type)
    case .failure(.partialByte): throw .partialByte(tensor: name, shape: shape, type: type)
    }
    guard offsets[1] - offsets[0] == needed else {
      throw .wrongSize(
        tensor: name, shape: shape, type: type, needed: needed, found: offsets[1] - offsets[0])
    }
    return Entry(name: name, elementType: type, shape: shape, range: offsets[0]..<offsets[1])
  }

  private static func sizes(
    _ field: String, of name: String, _ object: JSONObject, needed: String
  ) throws(SafetensorsError.Problem) -> [Int] {
    guard case .array(let values)? = object[field] else {
      throw .entry(
        tensor: name, field: field, found: object[field]?.summary ?? "missing", needed: needed)
    }
    var sizes: [Int] = []
    sizes.reserveCapacity(values.count)
    for value in values {
      guard case .integer(let size) = value, size >= 0 else {
        throw .entry(
          tensor: name, field: field, found: "a list with \(value.summary)", needed: needed)
      }
      sizes.append(size)
    }
    return sizes
  }
}
