/// Operators that tools add after the export; their inputs are not the trained weights.
enum UnreadOperators {
  /// ONNX's own operators for quantized models.
  static let quantized: Set<String> = [
    "ConvInteger", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "QLinearConv",
    "QLinearMatMul", "QuantizeLinear",
  ]

  /// Those of ONNX Runtime that quantizers put in, such as `QAttention`; `QuickGelu` is none.
  private static func isQuantized(_ name: String) -> Bool {
    let isQ = name.hasPrefix("Q") && name.utf8.dropFirst().first.map { 0x41...0x5A ~= $0 } ?? false
    return isQ || name.contains("Quantize") || name.contains("Integer") || name == "MatMulNBits"
      || name == "MatMulBnb4"
  }

  /// Refuses a graph with a node whose weights were quantized or joined.
  static func refuse(in nodes: [ONNXNodeProto]) throws(ONNXProblem) {
    // A quantized model is often optimized too; quantization is the more important reason.
    for node in nodes {
      let isForeign = node.domain == "com.microsoft"
      if node.isStandard && quantized.contains(node.opType)
        || isForeign && isQuantized(node.opType)
      {
        throw .quantized(operation: node.opType, node: node.name)
      }
    }
    for node in nodes where node.domain == "com.microsoft" || node.domain == "com.microsoft.nchwc" {
      throw .fused(operation: node.opType, domain: node.domain, node: node.name)
    }
  }
}
