/// Operators whose weights are not those of the trained model, so that the error can say why.
enum UnreadOperators {
  /// ONNX's own: what quantizers put in.
  static let quantized: Set<String> = [
    "ConvInteger", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "QLinearConv",
    "QLinearMatMul", "QuantizeLinear",
  ]

  /// Those of ONNX Runtime that quantizers put in.
  private static func isQuantized(_ name: String) -> Bool {
    quantized.contains(name) || name.hasPrefix("Q") || name.contains("Quantize")
      || name.contains("Integer") || name == "MatMulNBits" || name == "MatMulBnb4"
  }

  /// Refuses a graph with a node whose weights were quantized or joined.
  static func refuse(in nodes: [ONNXNodeProto]) throws(ONNXProblem) {
    // A quantized model has often been optimized too, and that it is quantized is the worse of the two.
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
