import MBQCore
import MBQKernels
import Testing

extension KernelSet: CustomTestStringConvertible {
  public var testDescription: String { name }
}

extension KernelSets {
  /// Plain C, the last of the list.
  static var generic: KernelSet { all[all.count - 1] }
  /// What is compared with generic C.
  static var others: [KernelSet] { runnable.filter { $0 != generic } }
}

/// Where two results differ in a bit, or `nil`.
///
/// Two NaNs are equal whatever their payload.
func difference(_ a: [Float], _ b: [Float]) -> String? {
  guard a.count == b.count else { return "\(a.count) and \(b.count) numbers" }
  for index in a.indices
  where a[index].bitPattern != b[index].bitPattern && !(a[index].isNaN && b[index].isNaN) {
    return "number \(index): \(a[index]) and \(b[index])"
  }
  return nil
}

extension Sequence where Element == Float {
  var areAllNaN: Bool { allSatisfy { $0.isNaN } }
}

/// True in release builds, which run every case; debug builds run a share of them.
let runsEverything: Bool = {
  #if DEBUG
  false
  #else
  true
  #endif
}()

/// Every case in a release build; in a debug build every `step`-th.
func share<Case>(_ cases: [Case], oneIn step: Int) -> [Case] {
  runsEverything ? cases : stride(from: 0, to: cases.count, by: step).map { cases[$0] }
}

extension SeededGenerator {
  /// A float between -1 and 1.
  mutating func unit() -> Float {
    Float(Int32(truncatingIfNeeded: next())) * 0x1p-31
  }

  /// Floats between -scale and scale.
  mutating func floats(_ count: Int, scale: Float = 1) -> [Float] {
    (0..<count).map { _ in unit() * scale }
  }

  mutating func bytes(_ count: Int) -> [Int8] {
    (0..<count).map { _ in Int8(truncatingIfNeeded: Int(next() % 255) - 127) }
  }
}

/// Rows of `width` floats that invite mistakes; `finite` leaves out infinities and NaNs.
func awkwardRows(width: Int, finite: Bool = false) -> [Float] {
  var generator = SeededGenerator(seed: UInt64(width))
  var rows: [[Float]] = []
  rows.append([Float](repeating: 0, count: width))
  rows.append([Float](repeating: -0.0, count: width))
  for scale in [0x1p-149, 0x1p-133, 0x1p-101, 0x1p-100, 0x1p-99, 1e-20, 1, 1e20, 1e30] as [Float] {
    rows.append(generator.floats(width, scale: scale))
  }
  var outlier = generator.floats(width, scale: 1e-3)
  outlier[width / 2] = 1e30
  rows.append(outlier)
  var single = [Float](repeating: 0, count: width)
  single[width - 1] = -1e-30
  rows.append(single)
  // Halves of a step, where rounding is decided.
  rows.append((0..<width).map { $0 == 0 ? 127 : Float($0 % 100) + 0.5 })
  rows.append((0..<width).map { ($0 % 2 == 0 ? 1 : -1) * Float.leastNormalMagnitude })
  if !finite {
    for value in [Float.infinity, -.infinity, .nan, .greatestFiniteMagnitude] {
      var row = generator.floats(width)
      row[width / 3] = value
      rows.append(row)
    }
    rows.append([Float](repeating: .nan, count: width))
  }
  return rows.flatMap { $0 }
}
