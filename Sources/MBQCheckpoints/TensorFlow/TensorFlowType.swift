/// TensorFlow's types, by their number in a checkpoint (its enumeration `DataType`).
enum TensorFlowType: Int32, CaseIterable {
  case float = 1
  case double = 2
  case int32 = 3
  case uint8 = 4
  case int16 = 5
  case int8 = 6
  case string = 7
  case complex64 = 8
  case int64 = 9
  case bool = 10
  case qint8 = 11
  case quint8 = 12
  case qint32 = 13
  case bfloat16 = 14
  case qint16 = 15
  case quint16 = 16
  case uint16 = 17
  case complex128 = 18
  case half = 19
  case resource = 20
  case variant = 21
  case uint32 = 22
  case uint64 = 23
  case float8e5m2 = 24
  case float8e4m3fn = 25
  case float8e4m3fnuz = 26
  case float8e4m3b11fnuz = 27
  case float8e5m2fnuz = 28
  case int4 = 29
  case uint4 = 30

  /// nil for what is no plain number, or one no weight is made of; such tensors are left out.
  var elementType: ElementType? {
    switch self {
    case .float: .float32
    case .double: .float64
    case .int32: .int32
    case .uint8: .uint8
    case .int16: .int16
    case .int8: .int8
    case .complex64: .complex64
    case .int64: .int64
    case .bool: .bool
    case .bfloat16: .bfloat16
    case .uint16: .uint16
    case .half: .float16
    case .uint32: .uint32
    case .uint64: .uint64
    case .float8e5m2: .float8e5m2
    case .float8e4m3fn: .float8e4m3
    case .float8e4m3fnuz: .float8e4m3fnuz
    case .float8e5m2fnuz: .float8e5m2fnuz
    case .string, .qint8, .quint8, .qint32, .qint16, .quint16, .complex128, .resource, .variant,
      .float8e4m3b11fnuz, .int4, .uint4:
      nil
    }
  }
}
