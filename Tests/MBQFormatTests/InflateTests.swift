import CMBQBytes
import CZlib
import MBQCore
import MBQTestSupport
import Testing

/// A stream as zlib writes it at `level` with `strategy` and a window of 2^`window`.
private func deflated(
  _ bytes: [UInt8], level: Int32, strategy: Int32 = Z_DEFAULT_STRATEGY, window: Int32 = 15,
  memory: Int32 = 8
) throws -> [UInt8] {
  var stream = z_stream()
  try #require(
    deflateInit2_(
      &stream, level, Z_DEFLATED, window, memory, strategy, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size)) == Z_OK)
  defer { deflateEnd(&stream) }
  var input = bytes + [0]
  var result = [UInt8](repeating: 0, count: Int(deflateBound(&stream, uLong(bytes.count))) + 64)
  let room = result.count
  let written = input.withUnsafeMutableBufferPointer { input in
    result.withUnsafeMutableBufferPointer { output -> Int? in
      stream.next_in = input.baseAddress
      stream.avail_in = uInt(bytes.count)
      stream.next_out = output.baseAddress
      stream.avail_out = uInt(room)
      return deflate(&stream, Z_FINISH) == Z_STREAM_END ? room - Int(stream.avail_out) : nil
    }
  }
  return Array(result.prefix(try #require(written)))
}

/// What our decoder makes of a stream; both sides in memory of exactly their size, so that a sanitizer sees
/// every step outside.
private func inflated(_ bytes: [UInt8], _ count: Int) -> [UInt8]? {
  let input = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
  let output = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
  defer {
    input.deallocate()
    output.deallocate()
  }
  input.copyBytes(from: bytes)
  output.initializeMemory(as: UInt8.self, repeating: 0xEE)
  return mbq_inflate(input.baseAddress, bytes.count, output.baseAddress, count) != 0
    ? Array(output) : nil
}

/// What zlib makes of it: the whole input must be the stream, and the output exactly `count` bytes.
private func zlibInflated(_ bytes: [UInt8], _ count: Int) -> [UInt8]? {
  var output = [UInt8](repeating: 0, count: count + 1)
  var written = uLongf(count + 1)
  var taken = uLong(bytes.count)
  let code = uncompress2(&output, &written, bytes, &taken)
  guard code == Z_OK, Int(written) == count, Int(taken) == bytes.count else { return nil }
  return Array(output.dropLast())
}

@Suite("Inflate takes what zlib takes")
struct InflateTests {
  /// Texts, noise, runs, and repeats from as far back as a window reaches.
  private static let inputs: [(name: String, bytes: [UInt8])] = {
    var generator = SeededGenerator(seed: 1951)
    let noise = (0..<3000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    let words = (0..<900).map { _ in
      ["news ", "is ", "fake ", "##ly\n", "[UNK]", "é"].randomElement(using: &generator)!
    }.joined()
    let skewed = (0..<6000).map { _ -> UInt8 in
      UInt8(generator.next().trailingZeroBitCount) &* 7
    }
    return [
      ("nothing", []), ("one byte", [42]), ("two bytes", [1, 2]),
      ("zeros", [UInt8](repeating: 0, count: 70_000)), ("noise", noise),
      ("text", Array(words.utf8)),
      ("skewed", skewed), ("far repeat", noise + [UInt8](repeating: 5, count: 29_000) + noise),
      ("every byte", Array(0...255)),
      ("long run", noise + [UInt8](repeating: 9, count: 258 * 3 + 1)),
    ]
  }()

  @Test("at all levels and strategies", arguments: inputs.map(\.name))
  func allStreams(_ name: String) throws {
    let bytes = try #require(Self.inputs.first { $0.name == name }?.bytes)
    for level: Int32 in 0...9 {
      for strategy in [Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED] {
        let stream = try deflated(bytes, level: level, strategy: strategy)
        #expect(inflated(stream, bytes.count) == bytes, "level \(level), strategy \(strategy)")
      }
    }
    for window: Int32 in 9...15 {
      for memory: Int32 in [1, 9] {
        let stream = try deflated(bytes, level: 9, window: window, memory: memory)
        #expect(inflated(stream, bytes.count) == bytes, "window \(window), memory \(memory)")
      }
    }
  }

  @Test("room of another size is refused")
  func rooms() throws {
    for (_, bytes) in Self.inputs {
      let stream = try deflated(bytes, level: 6)
      #expect(inflated(stream, bytes.count + 1) == nil)
      if bytes.count > 0 { #expect(inflated(stream, bytes.count - 1) == nil) }
      #expect(inflated(stream, 0) == (bytes.isEmpty ? [] : nil))
    }
  }

  @Test("every prefix is refused, and every byte after")
  func truncation() throws {
    for (_, bytes) in Self.inputs where bytes.count < 10_000 {
      for (level, strategy) in [(0, Z_DEFAULT_STRATEGY), (9, Z_DEFAULT_STRATEGY), (9, Z_FIXED)] {
        let stream = try deflated(bytes, level: Int32(level), strategy: strategy)
        let accepted = stream.indices.filter { count in
          (count < 300 || count % 7 == 0) && inflated(Array(stream[..<count]), bytes.count) != nil
        }
        #expect(accepted == [])
        #expect(inflated(stream + [0], bytes.count) == nil)
        #expect(inflated([0] + stream, bytes.count) == nil)
      }
    }
  }

  @Test("altered streams are taken or refused as by zlib")
  func mutations() throws {
    var generator = SeededGenerator(seed: 1950)
    var taken = 0
    for (name, bytes) in Self.inputs where bytes.count < 10_000 {
      for (level, strategy) in [(0, Z_DEFAULT_STRATEGY), (9, Z_DEFAULT_STRATEGY), (9, Z_FIXED)] {
        let stream = try deflated(bytes, level: Int32(level), strategy: strategy)
        for _ in 0..<(60 * sweepFactor) {
          var altered = stream
          // Headers and code lengths are at the start: half of the changes go there.
          let range = Bool.random(using: &generator) ? 0..<min(60, stream.count) : stream.indices
          for _ in 0..<Int.random(in: 1...2, using: &generator) {
            altered[Int.random(in: range, using: &generator)] ^=
              1 << UInt8.random(in: 0..<8, using: &generator)
          }
          // What was altered is often found only by the sum at the end: set it right half of the time.
          if Bool.random(using: &generator) { Self.repair(&altered, bytes.count) }
          let ours = inflated(altered, bytes.count)
          if ours != nil { taken += 1 }
          if ours != zlibInflated(altered, bytes.count) {
            Issue.record("\(name), level \(level), strategy \(strategy): \(altered.prefix(40))")
          }
        }
      }
    }
    #expect(taken > 20)
  }

  /// Gives the stream the Adler-32 of what it unfolds to, if it unfolds.
  private static func repair(_ stream: inout [UInt8], _ count: Int) {
    guard stream.count > 6 else { return }
    var output = [UInt8](repeating: 0, count: count + 1)
    var state = z_stream()
    guard inflateInit2_(&state, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else {
      return
    }
    defer { inflateEnd(&state) }
    var input = stream
    let room = output.count
    let written = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output -> Int in
        state.next_in = input.baseAddress! + 2
        state.avail_in = uInt(input.count - 2)
        state.next_out = output.baseAddress
        state.avail_out = uInt(room)
        _ = inflate(&state, Z_FINISH)
        return room - Int(state.avail_out)
      }
    }
    let sum = adler32(1, output, uInt(written))
    for index in 0..<4 { stream[stream.count - 1 - index] = UInt8(sum >> (8 * UInt(index)) & 255) }
  }

  @Test("random bytes are taken or refused as by zlib")
  func noise() {
    var generator = SeededGenerator(seed: 6)
    for _ in 0..<(3000 * sweepFactor) {
      var bytes = (0..<Int.random(in: 0..<80, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      if bytes.count > 2 {
        bytes[0] = 0x78
        bytes[1] = 0x9C
        // One of the three kinds of block, and the last one.
        bytes[2] = bytes[2] & 0xF8 | 1 | UInt8.random(in: 0..<3, using: &generator) << 1
      }
      let count = Int.random(in: 0..<200, using: &generator)
      #expect(inflated(bytes, count) == zlibInflated(bytes, count))
    }
  }

  @Test("headers that zlib refuses are refused")
  func headers() throws {
    let stream = try deflated(Array("news".utf8), level: 9)
    for head in 0..<65536 where head % 31 == 0 || head % 97 == 0 {
      var altered = stream
      altered[0] = UInt8(head >> 8)
      altered[1] = UInt8(head & 255)
      #expect((inflated(altered, 4) == nil) == (zlibInflated(altered, 4) == nil), "\(head)")
    }
  }
}
