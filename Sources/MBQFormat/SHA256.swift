internal import CMBQBytes

/// SHA-256 (FIPS 180-4), 32 bytes.
public func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
  var digest = [UInt8](repeating: 0, count: 32)
  mbq_sha256(bytes.baseAddress, bytes.count, &digest)
  return digest
}
