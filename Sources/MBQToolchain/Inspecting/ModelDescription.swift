import MBQCore
import MBQFormat
import MBQModel
import MBQRuntime
import MBQSchemes

/// What a packed model is, in words.
struct ModelDescription {
  let path: String
  let packed: PackedModel

  init(_ model: Model, path: String) {
    self.path = path
    packed = model.packed
  }

  /// `int4`, `int8`, `fp16` or `fp32`: how most of the weights are stored.
  var scheme: String {
    var bytes: [String: Int] = [:]
    for tensor in packed.header.tensors {
      bytes[Self.name(tensor.scheme), default: 0] += tensor.rows * tensor.columns
    }
    return bytes.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? "empty"
  }

  var fileBytes: Int {
    packed.sections.map { $0.offset + $0.length }.max() ?? 0
  }

  var layerCount: Int { (packed.header.steps.compactMap(\.layer).max() ?? -1) + 1 }

  private static func name(_ scheme: SchemeCode) -> String {
    switch scheme.storage {
    case .float32: "fp32"
    case .float16: "fp16"
    case .int8: "int8"
    case .levels(let bits, _): "int\(bits)"
    }
  }
}
