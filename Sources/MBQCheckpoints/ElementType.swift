/// How a checkpoint stores one number: every type the safetensors format names (version 0.8 of the
/// crate), of which `F32`, `F16`, `BF16` and `F64` are read as weights.
public enum ElementType: String, Sendable, CaseIterable {
  case bool = "BOOL"
  case float4 = "F4"
  case float6e2m3 = "F6_E2M3"
  case float6e3m2 = "F6_E3M2"
  case uint8 = "U8"
  case int8 = "I8"
  case float8e5m2 = "F8_E5M2"
  case float8e4m3 = "F8_E4M3"
  case float8e8m0 = "F8_E8M0"
  case float8e4m3fnuz = "F8_E4M3FNUZ"
  case float8e5m2fnuz = "F8_E5M2FNUZ"
  case int16 = "I16"
  case uint16 = "U16"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case int32 = "I32"
  case uint32 = "U32"
  case float32 = "F32"
  case complex64 = "C64"
  case float64 = "F64"
  case int64 = "I64"
  case uint64 = "U64"

  public var bitWidth: Int {
    switch self {
    case .float4: 4
    case .float6e2m3, .float6e3m2: 6
    case .bool, .uint8, .int8, .float8e5m2, .float8e4m3, .float8e8m0, .float8e4m3fnuz,
      .float8e5m2fnuz:
      8
    case .int16, .uint16, .float16, .bfloat16: 16
    case .int32, .uint32, .float32: 32
    case .complex64, .float64, .int64, .uint64: 64
    }
  }

  /// Whether a weight may have this type.
  public var isWeight: Bool { Self.weights.contains(self) }

  public static let weights: [ElementType] = [.float32, .float16, .bfloat16, .float64]

  /// The bytes a tensor of `shape` takes, or why there is no such number.
  func byteCount(of shape: [Int]) -> Result<Int, SizeError> {
    var bits = bitWidth
    // In the order of the crate: the product first, so that a zero does not hide an overflow.
    var count = 1
    for dimension in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
      if overflow { return .failure(.overflow) }
      count = product
    }
    let (product, overflow) = bits.multipliedReportingOverflow(by: count)
    if overflow { return .failure(.overflow) }
    bits = product
    return bits % 8 == 0 ? .success(bits / 8) : .failure(.partialByte)
  }

  enum SizeError: Error {
    case overflow
    case partialByte
  }
}
