/// Owns zeroed bytes aligned to a cache line, freed with the value.
public struct AlignedBuffer: ~Copyable, @unchecked Sendable {
  public let bytes: UnsafeMutableRawBufferPointer

  /// The alignment of every buffer and of every tensor in a packed file, in bytes.
  public static var alignment: Int { 64 }

  public init(byteCount: Int) {
    bytes = .allocate(byteCount: max(byteCount, 1), alignment: Self.alignment)
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { bytes.deallocate() }

  /// The start of the buffer as elements of `type`.
  public func pointer<T>(to type: T.Type) -> UnsafeMutablePointer<T> {
    bytes.baseAddress!.assumingMemoryBound(to: type)
  }
}

/// `value` rounded up to a multiple of `multiple`.
@inlinable
public func roundUp(_ value: Int, to multiple: Int) -> Int {
  (value + multiple - 1) / multiple * multiple
}
