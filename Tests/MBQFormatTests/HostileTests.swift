import CZlib
import MBQCore
import MBQKernels
import MBQModel
import MBQPacking
import MBQRuntime
import MBQTestSupport
import Testing

@testable import MBQFormat

/// The golden models altered in every way that is quick to try.
///
/// Nothing may crash; what is accepted must also run. Meant to be run under AddressSanitizer as well (`swift test --sanitize=address`).
@Suite("Altered .mbq files")
struct HostileTests {
  private static let names = SmallModel.all.map(\.name)

  private static func golden(_ name: String) throws -> [UInt8] {
    try Repository.bytes("Formats/mbq/golden/good/\(name).mbq")
  }

  /// How often files of each outcome were seen.
  private struct Tally {
    var refused = 0
    var ran = 0
    var notFinite = 0
    var total: Int { refused + ran + notFinite }
  }

  /// Opens `bytes` and, if they are a model, runs it on a few texts.
  private static func tryOut(_ bytes: [UInt8], _ tally: inout Tally) throws {
    let model: Model
    do throws(ModelError) {
      // Every set in turn: each has its own way of reading memory.
      let sets = KernelSets.runnable
      model = try Model(bytes: bytes, kernels: sets[tally.total % sets.count])
    } catch {
      #expect(!error.explanation.isEmpty)
      tally.refused += 1
      return
    }
    // A state may need 100 MB and more by what a file says: not to be filled thousands of times.
    let plan = model.packed.header.plan
    guard plan.batchWidth + plan.tileWidth < 4096 else { return }
    let state = RunState(model: model)
    let last = UInt32(model.packed.header.vocabularyCount - 1)
    let longest = (0..<model.maximumTokens).map { UInt32($0) % (last + 1) }
    do throws(ModelError) {
      _ = try state.logits([[0], longest, [last, 0]])
      _ = try state.classify(["The news", ""])
      tally.ran += 1
    } catch {
      guard case .notFinite = error else { throw error }
      tally.notFinite += 1
    }
  }

  private static func isRefused(_ bytes: UnsafeRawBufferPointer) -> Bool {
    do throws(FormatError) {
      _ = try PackedModel(bytes: bytes)
      return false
    } catch {
      return true
    }
  }

  /// Calls `body` with the bytes alone in their memory, so that a sanitizer sees a read past them.
  private static func isRefused(_ bytes: [UInt8]) -> Bool {
    let exact = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    defer { exact.deallocate() }
    exact.copyBytes(from: bytes)
    return isRefused(UnsafeRawBufferPointer(exact))
  }

  @Test("every prefix is refused", arguments: names)
  func prefixes(_ name: String) throws {
    let bytes = try Self.golden(name)
    let accepted = bytes.indices.filter { count in
      (count < 512 || count % sparse == 0) && !Self.isRefused(Array(bytes[..<count]))
    }
    #expect(accepted == [])
  }

  @Test("every prefix is refused with all checksums right", arguments: names)
  func sealedPrefixes(_ name: String) throws {
    let bytes = try Self.golden(name)
    let accepted = stride(from: 64, to: bytes.count, by: sparse).filter { count in
      var part = Array(bytes[..<count])
      part.put(UInt64(count), at: 16)
      return !Self.isRefused(part.sealed())
    }
    #expect(accepted == [])
  }

  @Test("any changed byte is refused", arguments: names)
  func changedBytes(_ name: String) throws {
    let bytes = try Self.golden(name)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    defer { buffer.deallocate() }
    buffer.copyBytes(from: bytes)
    #expect(!Self.isRefused(UnsafeRawBufferPointer(buffer)))
    let share = SmallModel.all.firstIndex { $0.name == name } ?? 0
    var accepted: [Int] = []
    for place in bytes.indices where place < 512 || place % sparse == share % sparse {
      for new in [bytes[place] ^ 1, bytes[place] ^ 0x80, ~bytes[place]] {
        buffer[place] = new
        if !Self.isRefused(UnsafeRawBufferPointer(buffer)) { accepted.append(place) }
      }
      buffer[place] = bytes[place]
    }
    #expect(accepted == [])
  }

  @Test("any changed byte with all checksums right is refused or runs", arguments: names)
  func sealedBytes(_ name: String) throws {
    let bytes = try Self.golden(name)
    var tally = Tally()
    // Weights are numbers: a few of their bytes stand for all.
    let weights = try PlainModel(bytes).sections.first { $0.kind == "WIGT" }
    let dull = weights.map { ($0.offset + 64)..<($0.offset + $0.length) } ?? 0..<0
    // Another share of the places in every file: in all, each field's every byte is met.
    let share = SmallModel.all.firstIndex { $0.name == name } ?? 0
    for place in bytes.indices where place % sparse == share % sparse {
      guard !dull.contains(place) || place % 61 == 0 else { continue }
      for new: UInt8 in [0, 1, 0x7F, 0xFF, bytes[place] ^ 0x10] where new != bytes[place] {
        var altered = bytes
        altered[place] = new
        try Self.tryOut(altered.sealed(), &tally)
      }
    }
    #expect(tally.refused > 100 && tally.ran > 10, "\(tally)")
  }

  @Test("random changes with all checksums right are refused or run", arguments: names)
  func mutations(_ name: String) throws {
    let bytes = try Self.golden(name)
    let sections = try PlainModel(bytes).sections
    var generator = SeededGenerator(seed: 2026)
    var tally = Tally()
    for _ in 0..<mutationCount {
      var altered = bytes
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        // The small sections decide over memory; the weights do not.
        let section = sections.randomElement(using: &generator)!
        let range = section.offset..<(section.offset + section.length)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0:
          altered[Int.random(in: range, using: &generator)] = UInt8.random(
            in: 0...255, using: &generator)
        case 1:
          let value = Self.numbers.randomElement(using: &generator)!
          let place = Int.random(in: range, using: &generator) & ~1
          altered.put(UInt16(truncatingIfNeeded: value), at: place)
        case 2:
          let value = Self.numbers.randomElement(using: &generator)!
          altered.put(
            UInt32(truncatingIfNeeded: value), at: Int.random(in: range, using: &generator) & ~3)
        default:
          // A run of bytes from elsewhere in the section, as records moved or repeated.
          let count = [8, 16, 32, 64].randomElement(using: &generator)!
          guard section.length >= 2 * count else { continue }
          let from =
            range.lowerBound + Int.random(in: 0..<(section.length / count), using: &generator)
            * count
          let to =
            range.lowerBound + Int.random(in: 0..<(section.length / count), using: &generator)
            * count
          let run = Array(altered[from..<min(from + count, range.upperBound)])
          for (index, byte) in run.enumerated() where to + index < range.upperBound {
            altered[to + index] = byte
          }
        }
      }
      try Self.tryOut(altered.sealed(), &tally)
    }
    #expect(tally.refused > 0 && tally.ran > 0, "\(tally)")
  }

  private static let numbers: [UInt64] = [
    0, 1, 2, 3, 4, 6, 8, 15, 16, 17, 24, 31, 32, 33, 48, 64, 80, 96, 127, 128, 255, 256, 1023, 1024,
    1025, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF, 0x10000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF,
    0x7F80_0000,
    0x7FC0_0000,
  ]

  @Test(
    "graphs drawn at random are refused or run alike alone, together and again", arguments: 0..<5)
  func randomGraphs(_ seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed) &+ 77)
    let parts = try SmallModel.all[seed].model.build()
    var tally = Tally()
    for _ in 0..<(mutationCount / 2) {
      var altered = parts
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        altered.header.disturb(tensors: parts.writer.tensors.count, using: &generator)
      }
      let bytes = altered.file()
      try Self.tryOut(bytes, &tally)
      guard let model = try? Model(bytes: bytes) else { continue }
      try Self.expectStable(model, using: &generator)
    }
    #expect(tally.refused > 0 && tally.ran > 0, "\(tally)")
  }

  /// Results depend on the text alone: not on the batch, the worker or what the memory held before.
  private static func expectStable(
    _ model: Model, using generator: inout SeededGenerator
  ) throws {
    let last = UInt32(model.packed.header.vocabularyCount - 1)
    let texts = (0..<12).map { _ in
      (0..<Int.random(in: 1...model.maximumTokens, using: &generator)).map { _ in
        UInt32.random(in: 0...last, using: &generator)
      }
    }
    let state = RunState(model: model)
    guard let together = try? state.logits(texts) else { return }
    var alone: [Float] = []
    for text in texts { alone += try RunState(model: model).logits([text]) }
    #expect(together.map(\.bitPattern) == alone.map(\.bitPattern))
    #expect(try state.logits(texts).map(\.bitPattern) == together.map(\.bitPattern))
  }
}

// A few seconds in all; with `MBQ_SWEEP=8` every place is tried, and with more there are more mutations.
private let sparse = max(8 / sweepFactor, 1)
private let mutationCount = 100 * sweepFactor

extension PackedHeader {
  /// Changes one thing the writer would not write.
  fileprivate mutating func disturb(tensors: Int, using generator: inout SeededGenerator) {
    func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }
    let step = pick(0..<steps.count)
    func replace(_ operand: Operand) -> Operand {
      switch pick(0..<4) {
      case 0:
        return Operand(
          buffer: pick(0..<buffers.count), column: operand.column, width: operand.width)
      case 1: return Operand(buffer: operand.buffer, column: pick(0..<6) * 16, width: operand.width)
      case 2: return Operand(buffer: operand.buffer, column: operand.column, width: pick(1..<100))
      default:
        let buffer = pick(0..<buffers.count)
        return Operand(buffer: buffer, width: buffers[buffer].width)
      }
    }
    switch pick(0..<9) {
    case 0:
      let target = pick(0..<4)
      var index = 0
      steps[step].operation = steps[step].operation.mapOperands { operand in
        index += 1
        return index - 1 == target ? replace(operand) : operand
      }
    case 1:
      steps[step].operation = steps[step].operation.mapTensors { tensor in
        pick(0..<2) == 0 ? pick(0..<tensors) : tensor
      }
    case 2: steps.swapAt(step, pick(0..<steps.count))
    case 3: plan.slots[pick(0..<buffers.count)].offset = pick(0..<(plan.batchWidth / 16)) * 16
    case 4: plan.slots[pick(0..<buffers.count)].place = pick(0..<2) == 0 ? .batch : .tile
    case 5:
      let buffer = pick(0..<buffers.count)
      buffers[buffer].width = [1, 2, 15, 16, 17, 20, 32, 40, 48, 96][pick(0..<10)]
    case 6: buffers[pick(0..<buffers.count)].rows = pick(0..<2) == 0 ? .tokens : .texts
    case 7:
      steps.insert(steps[pick(0..<steps.count)], at: step)
      names = []
    default:
      if steps.count > 2 { steps.remove(at: step) }
      names = []
    }
  }
}

extension [UInt8] {
  /// Overwrites as much of a little-endian number as there is room for.
  mutating func put<T: FixedWidthInteger>(_ value: T, at place: Int) {
    for index in 0..<MemoryLayout<T>.size where place + index < count {
      self[place + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
    }
  }

  private func number(_ size: Int, at place: Int) -> Int {
    (0..<size).reduce(0) { $0 | (place + $1 < count ? Int(self[place + $1]) << (8 * $1) : 0) }
  }

  /// With every checksum that can be found set right, by zlib: what is refused now is refused for what
  /// it says.
  func sealed() -> [UInt8] {
    var result = self
    let sections = number(4, at: 12)
    guard count >= 64, sections <= 64, 64 + 32 * sections <= count else { return result }
    for section in 0..<sections {
      let entry = 64 + 32 * section
      let offset = number(6, at: entry + 8)
      let length = number(6, at: entry + 16)
      guard offset <= count, length <= count - offset else { continue }
      let sum = result[offset..<(offset + length)].withUnsafeBytes {
        crc32(0, $0.bindMemory(to: UInt8.self).baseAddress, uInt(length))
      }
      result.put(UInt32(length == 0 ? 0 : sum), at: entry + 4)
    }
    result.put(UInt32(0), at: 24)
    let sum = crc32(0, result, uInt(64 + 32 * sections))
    result.put(UInt32(sum), at: 24)
    return result
  }
}
