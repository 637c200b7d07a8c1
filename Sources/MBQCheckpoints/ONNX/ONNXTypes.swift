/// The types of ONNX's tensors (TensorProto.DataType).
enum ONNXType {
  /// The numbers that are known; 0 is "undefined".
  static let known = 1...26

  /// The types of which a weight, or what should be one, can be; the others are the graph's own
  /// constants, such as shapes, and are not listed.
  static func elementType(_ number: Int32) -> ElementType? {
    switch number {
    case 1: .float32
    case 10: .float16
    case 11: .float64
    case 16: .bfloat16
    default: nil
    }
  }

  static let text: Int32 = 8
}
