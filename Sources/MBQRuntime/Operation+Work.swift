import MBQModel

extension Operation {
  /// Multiplications of a product, for one row of its output; attention's depend on the text's length.
  var multiplicationsPerRow: Int {
    if case .linear(let o) = self { o.input.width * o.output.width } else { 0 }
  }
}
