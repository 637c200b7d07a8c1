import MBQCore
import MBQSchemes

/// How an int8 linear's weights are stored and its rows are put on the grid.
struct IntegerForm: Sendable {
  /// Columns that share a group byte; 0 for int8 weights.
  var groupSize = 0
  /// Of a level.
  var bits = 4
  /// (5); 0 for each row's own step.
  var step: Float = 0
  /// As (6) has it.
  var isWide = false
  /// As (7) has it.
  var smooths = false

  /// Every way to store weights with every grid.
  static let all: [IntegerForm] = weights.flatMap { bits, size in
    [(0, false), (0.02, false), (0, true)].flatMap { step, wide in
      [false, true].map {
        IntegerForm(groupSize: size, bits: bits, step: step, isWide: wide, smooths: $0)
      }
    }
  }

  static let levels: [(bits: Int, group: Int)] = [4, 3, 2].flatMap { bits in
    [32, 64, 128].map { (bits, $0) }
  }
  private static let weights = [(8, 0)] + levels

  /// Of the weights' elements, in panels or in a table's rows.
  func scheme(inPanels: Bool) -> SchemeCode {
    let storage = groupSize > 0 ? ElementStorage.levels(bits: bits, group: groupSize) : .int8
    guard let code = SchemeCode.scheme(storage, inPanels: inPanels) else {
      preconditionFailure("no scheme of \(storage)")
    }
    return code
  }
}

/// Levels, packed by the words of Formats/mbq/mbq.md.
struct PackedLevels {
  private(set) var bytes: [UInt8]
  private let bits: Int
  /// Columns and bytes of a block; in panels those of 16 rows.
  private let columns: Int
  private let blockBytes: Int
  private let blocks: Int
  private let isPanels: Bool
  let storedColumns: Int

  init(bits: Int, rows: Int, columns width: Int, inPanels: Bool) {
    self.bits = bits
    isPanels = inPanels
    let steps = [4: 2, 3: 8, 2: 4][bits] ?? 0
    columns = steps * (inPanels ? 4 : 1)
    blockBytes = steps * bits / 8 * (inPanels ? 64 : 1)
    blocks = (width + columns - 1) / columns
    storedColumns = blocks * columns
    bytes = [UInt8](
      repeating: 0, count: (inPanels ? (rows + 15) / 16 : rows) * blocks * blockBytes)
  }

  mutating func set(_ level: Int, _ row: Int, _ column: Int) {
    let block = ((isPanels ? row / 16 : row) * blocks + column / columns) * blockBytes
    let step = isPanels ? column % columns / 4 : column % columns
    let (size, lane) = isPanels ? (64, row % 16 * 4 + column % 4) : (1, 0)
    switch bits {
    case 4: bytes[block + lane] |= UInt8(level << (4 * step))
    case 2: bytes[block + lane] |= UInt8(level << (2 * step))
    default:
      bytes[block + step / 4 * size + lane] |= UInt8((level % 4) << (2 * (step % 4)))
      bytes[block + 2 * size + lane] |= UInt8((level / 4) << step)
    }
  }
}

/// Weights with random levels and groups.
struct LevelWeights {
  /// (outputs, inputs): what levels, multipliers and zero points stand for, (8).
  private(set) var integers: [Int8] = []
  let elements: [UInt8]
  /// [outputs/16][groups][16].
  private(set) var groups: [UInt8]

  init(outputs: Int, inputs: Int, bits: Int, groupSize: Int, _ generator: inout SeededGenerator) {
    let groupCount = (inputs + groupSize - 1) / groupSize
    let top = 1 << bits - 1
    var packed = PackedLevels(bits: bits, rows: outputs, columns: inputs, inPanels: true)
    groups = [UInt8](repeating: 0, count: (outputs + 15) / 16 * groupCount * 16)
    for row in 0..<outputs {
      var multiplier = 0
      var zero = 0
      for column in 0..<packed.storedColumns {
        if column % groupSize == 0, column < inputs {
          zero = Int.random(in: 0...top, using: &generator)
          multiplier = Int.random(in: 0...(127 / max(zero, top - zero)), using: &generator)
          multiplier = min(multiplier, 15)
          groups[(row / 16 * groupCount + column / groupSize) * 16 + row % 16] =
            UInt8(multiplier | zero << 4)
        }
        // A column past the last stands for 0.
        let level = column < inputs ? Int.random(in: 0...top, using: &generator) : zero
        packed.set(level, row, column)
        if column < inputs { integers.append(Int8(multiplier * (level - zero))) }
      }
    }
    elements = packed.bytes
  }
}
