import MBQSchemes

extension EncodedMatrix {
  /// The integers the product kernels multiply with, in int8 panels.
  var widenedToInt8: EncodedMatrix { self }
}
