/// A value in a pickle.
///
/// Containers are indices into the lists of the machine, not objects. So a container may hold itself without
/// a leak, and deep nesting needs no recursion to free it. Texts are ranges of the bytes of the pickle.
enum PickleValue: Equatable, Sendable {
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  /// An integer too large for 64 bits, little-endian two's complement.
  case bigInteger(Range<Int>)
  /// UTF-8.
  case text(Range<Int>)
  case bytes(Range<Int>)
  case tuple(Int)
  case list(Int)
  case dictionary(Int)
  case global(AllowedGlobal)
  case storage(Int)
  case tensor(Int)
  /// An allowed value without a meaning for tensors, such as a `torch.Size`.
  case opaque

  /// The kind of the value, in words that complete "found …".
  var summary: String {
    switch self {
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .integer(let value): "\(value)"
    case .float(let value): "\(value)"
    case .bigInteger: "an integer of more than 64 bits"
    case .text: "a text"
    case .bytes: "bytes"
    case .tuple: "a tuple"
    case .list: "a list"
    case .dictionary: "a dictionary"
    case .global(let global): quoted(global.description)
    case .storage: "a storage"
    case .tensor: "a tensor"
    case .opaque: "an object"
    }
  }
}

/// The memory of the numbers of tensors; several tensors may view one storage.
struct PickleStorage: Sendable {
  var elementType: ElementType
  /// The name of its bytes in the file, a range of the pickle.
  var key: Range<Int>
  /// In elements.
  var count: Int
}

/// A view of a storage.
struct PickleTensor: Sendable {
  /// Places in the machine's storages.
  var storage: Int
  /// In elements, from the start of the storage.
  var offset: Int
  var shape: [Int]
  var strides: [Int]
}

/// The classes and functions a pickle may name; everything else is refused by name.
///
/// The machine calls none of them; it builds the corresponding values.
enum AllowedGlobal: Equatable, Sendable {
  case orderedDictionary
  case rebuildTensor
  case rebuildTensorV2
  case rebuildParameter
  case size
  case storage(ElementType)
  /// A `torch.dtype`.
  case type(String)

  init?(module: String, name: String) {
    switch (module, name) {
    case ("collections", "OrderedDict"): self = .orderedDictionary
    case ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
    case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensorV2
    case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
    case ("torch", "Size"): self = .size
    case ("torch", _):
      if let type = Self.storages[name] {
        self = .storage(type)
      } else if Self.types.contains(name) {
        self = .type(name)
      } else {
        return nil
      }
    default: return nil
    }
  }

  static let storages: [String: ElementType] = [
    "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
    "DoubleStorage": .float64, "LongStorage": .int64, "IntStorage": .int32,
    "ShortStorage": .int16, "CharStorage": .int8, "ByteStorage": .uint8, "BoolStorage": .bool,
  ]

  static let types: Set<String> = [
    "float32", "float", "float64", "double", "float16", "half", "bfloat16", "int64", "long",
    "int32", "int", "int16", "short", "int8", "uint8", "bool",
  ]

  var description: String {
    switch self {
    case .orderedDictionary: "collections.OrderedDict"
    case .rebuildTensor: "torch._utils._rebuild_tensor"
    case .rebuildTensorV2: "torch._utils._rebuild_tensor_v2"
    case .rebuildParameter: "torch._utils._rebuild_parameter"
    case .size: "torch.Size"
    case .storage(let type):
      "torch." + (Self.storages.first { $0.value == type }?.key ?? "Storage")
    case .type(let name): "torch.\(name)"
    }
  }
}
