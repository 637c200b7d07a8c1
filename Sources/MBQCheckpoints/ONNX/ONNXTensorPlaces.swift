import Foundation
import MBQCore

/// Finds the values of a graph's tensors: in the file, in a file beside it, or in memory if the file has
/// them as single numbers.
struct ONNXTensorPlaces {
  private let source: SourceFile
  /// Every file that was opened, `source` first.
  private(set) var files: [SourceFile]
  private var externals: [ExactString: SourceFile] = [:]

  init(_ source: SourceFile) {
    self.source = source
    files = [source]
  }

  /// The tensor under `name`, checked; nil for a type that no weight has.
  mutating func tensor(
    _ tensor: ONNXTensorProto, name: String
  ) throws(CheckpointError) -> StoredTensor? {
    func refuse(_ what: String, _ advice: ONNXProblem.Advice = .exportAgain) -> CheckpointError {
      .format(
        FormatError(path: source.path, problem: ONNXProblem.tensor(name, what, advice: advice)))
    }
    guard ONNXType.known ~= Int(tensor.dataType) else {
      throw refuse(
        "data_type is \(tensor.dataType), allowed: \(ONNXType.known.lowerBound) to"
          + " \(ONNXType.known.upperBound)")
    }
    if tensor.hasSegment { throw refuse("it is one segment of a tensor, allowed: whole tensors") }
    guard let type = ONNXType.elementType(tensor.dataType) else { return nil }

    if let negative = tensor.dims.first(where: { $0 < 0 }) {
      throw refuse("a size in dims is \(negative), allowed: from 0")
    }
    let shape = tensor.dims.map(Int.init)
    guard let needed = try? type.byteCount(of: shape).get() else {
      throw refuse(
        "the shape \(described(shape)) has more values of type \(type.rawValue) than a file can"
          + " hold")
    }
    let size = "its shape \(described(shape)) of type \(type.rawValue) needs \(needed)"

    let places = tensor.payloads
    let typed = type.typedField
    switch (tensor.dataLocation, places.count) {
    case (0, 0) where needed > 0: throw refuse("it has no values, and \(size)")
    case (0, 0), (0, 1), (1, 0): break
    case (0, _), (1, _):
      let all = places.map(\.field) + (tensor.dataLocation == 1 ? ["another file"] : [])
      throw refuse("it has values in \(listed(all)), allowed: one of them")
    default: throw refuse("data_location is \(tensor.dataLocation), allowed: 0 and 1")
    }

    var file = source
    var range = 0..<0
    if tensor.dataLocation == 1 {
      let place = try ExternalPlace(tensor.externalData, needed: needed, size, refuse: refuse)
      file = try external(place.location)
      guard place.offset <= file.byteCount - needed else {
        throw refuse(
          "it starts at byte \(place.offset) of \(quoted(place.location)), \(size), and the file"
            + " has \(file.byteCount)", .external)
      }
      range = place.offset..<(place.offset + needed)
    } else if let payload = places.first {
      guard payload.field == "raw_data" || payload.field == typed else {
        throw refuse(
          "it is of type \(type.rawValue) and has values in \(payload.field), allowed: raw_data"
            + " and \(typed)")
      }
      if let place = payload.place {
        guard place.count == needed else {
          throw refuse("it has \(counted(place.count, "byte")), and \(size)")
        }
        range = place
      } else {
        file = try memory(tensor.int32Data, needed: needed, size, refuse: { refuse($0) })
        range = 0..<needed
      }
    }
    return StoredTensor(name: name, elementType: type, shape: shape, range: range, source: file)
  }

  /// 16-bit floats that are stored as one number each.
  private func memory(
    _ values: [Int32], needed: Int, _ size: String, refuse: (String) -> CheckpointError
  ) throws(CheckpointError) -> SourceFile {
    guard values.count == needed / 2 else {
      throw refuse(
        "it has \(counted(values.count, "value")) of 2 bytes in int32_data, and \(size)")
    }
    if let wrong = values.first(where: { UInt16(exactly: $0) == nil }) {
      throw refuse("int32_data has \(wrong), allowed: 16 bits, 0 to 65535")
    }
    let bytes = OwnedBytes(byteCount: needed) { target in
      for (place, value) in values.enumerated() {
        target.storeBytes(
          of: UInt16(truncatingIfNeeded: value).littleEndian, toByteOffset: place * 2,
          as: UInt16.self)
      }
    }
    return SourceFile(path: source.path, memory: bytes)
  }

  private mutating func external(_ location: String) throws(CheckpointError) -> SourceFile {
    if let file = externals[ExactString(location)] { return file }
    let file: SourceFile
    do throws(CheckpointError) {
      file = try source.sibling(location)
    } catch {
      guard case .file(let reason) = error else { throw error }
      throw .format(
        FormatError(
          path: source.path,
          problem: ONNXProblem.externalFile(
            location, reason: String(cString: strerror(reason.code)))))
    }
    externals[ExactString(location)] = file
    files.append(file)
    return file
  }
}

/// Where values are in another file.
private struct ExternalPlace {
  var location: String
  var offset: Int

  init(
    _ entries: [ONNXStringStringEntryProto], needed: Int, _ size: String,
    refuse: (String, ONNXProblem.Advice) -> CheckpointError
  ) throws(CheckpointError) {
    var fields: [String: String] = [:]
    for entry in entries where ["location", "offset", "length"].contains(entry.key) {
      guard fields.updateValue(entry.value, forKey: entry.key) == nil else {
        throw refuse(
          "external_data has two entries \(quoted(entry.key)), allowed: one", .exportAgain)
      }
    }
    guard let location = fields["location"] else {
      throw refuse("external_data has no location, needed: a file name", .exportAgain)
    }
    self.location = location
    offset = 0
    for key in ["offset", "length"] {
      guard let text = fields[key] else { continue }
      guard !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let value = Int(text)
      else {
        throw refuse(
          "external_data's \(key) is \(quoted(text)), allowed: a whole number from 0", .exportAgain)
      }
      if key == "offset" { offset = value }
      if key == "length", value != needed {
        throw refuse("it has \(counted(value, "byte")), and \(size)", .exportAgain)
      }
    }
  }
}

extension ONNXTensorProto {
  /// The fields with values, and the places of values that are used in the file.
  fileprivate var payloads: [(field: String, place: Range<Int>?)] {
    var found: [(field: String, place: Range<Int>?)] = []
    if hasRawData { found.append(("raw_data", PayloadCutter.place(rawData))) }
    if hasFloatData { found.append(("float_data", PayloadCutter.place(floatData))) }
    if hasDoubleData { found.append(("double_data", PayloadCutter.place(doubleData))) }
    if !int32Data.isEmpty { found.append(("int32_data", nil)) }
    return found
  }
}

extension ElementType {
  /// ONNX's field for values of this type outside raw_data.
  fileprivate var typedField: String {
    switch self {
    case .float32: "float_data"
    case .float64: "double_data"
    default: "int32_data"
    }
  }
}
