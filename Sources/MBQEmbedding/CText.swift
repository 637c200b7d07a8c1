import MBQCore

/// A string as C reads it, at a place that stays: UTF-8 with a closing 0.
final class CText {
  private let storage: UnsafeMutableBufferPointer<CChar>

  convenience init(_ text: String) { self.init(text.withUTF8Bytes { [UInt8]($0) }) }
  convenience init(_ message: Message) { self.init(message.utf8) }

  private init(_ utf8: [UInt8]) {
    storage = .allocate(capacity: utf8.count + 1)
    var index = 0
    for byte in utf8 {
      storage.initializeElement(at: index, to: CChar(bitPattern: byte))
      index += 1
    }
    storage.initializeElement(at: index, to: 0)
  }

  deinit { storage.deallocate() }

  var start: UnsafePointer<CChar> { UnsafePointer(storage.baseAddress!) }

  /// Copies what fits in `room` bytes with the closing 0, and no part of a character.
  func copy(to target: UnsafeMutablePointer<CChar>?, _ room: Int) {
    guard let target, room > 0 else { return }
    var count = min(storage.count - 1, room - 1)
    while count > 0, UInt8(bitPattern: storage[count]) & 0xC0 == 0x80 { count -= 1 }
    for index in 0..<count { target[index] = storage[index] }
    target[count] = 0
  }
}

/// The strings' bytes are equal: `==` of Swift's strings would bring Unicode's tables along.
func isSame(_ a: UnsafePointer<CChar>, _ b: UnsafePointer<CChar>) -> Bool {
  var index = 0
  while a[index] == b[index] {
    if a[index] == 0 { return true }
    index += 1
  }
  return false
}
