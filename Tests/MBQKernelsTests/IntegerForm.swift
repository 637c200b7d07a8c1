import MBQCore

/// How an int8 linear's weights are stored and its rows are put on the grid.
struct IntegerForm: Sendable {
  /// Columns that share a group byte; 0 for int8 weights.
  var groupSize = 0
  /// (14); 0 for each row's own step.
  var step: Float = 0
  /// As (15) has it.
  var isWide = false
  /// As (17) has it.
  var smooths = false

  /// Every way to store weights with every grid.
  static let all: [IntegerForm] = [0, 32, 64, 128].flatMap { size in
    [(0, false), (0.02, false), (0, true)].flatMap { step, wide in
      [false, true].map {
        IntegerForm(groupSize: size, step: step, isWide: wide, smooths: $0)
      }
    }
  }
}

/// int4 weights with random levels and groups, packed by the words of Formats/mbq/mbq.md.
struct Int4Weights {
  /// (outputs, inputs): what levels, multipliers and zero points stand for, (16).
  private(set) var integers: [Int8] = []
  /// Two steps of 16 rows × 4 columns share 64 bytes.
  private(set) var elements: [UInt8]
  /// [outputs/16][groups][16].
  private(set) var groups: [UInt8]

  init(outputs: Int, inputs: Int, groupSize: Int, _ generator: inout SeededGenerator) {
    let eights = (inputs + 7) / 8
    let groupCount = (inputs + groupSize - 1) / groupSize
    elements = [UInt8](repeating: 0, count: (outputs + 15) / 16 * eights * 64)
    groups = [UInt8](repeating: 0, count: (outputs + 15) / 16 * groupCount * 16)
    for row in 0..<outputs {
      var multiplier = 0
      var zero = 0
      for column in 0..<(eights * 8) {
        if column % groupSize == 0, column < inputs {
          zero = Int.random(in: 0...15, using: &generator)
          multiplier = Int.random(in: 0...(127 / max(zero, 15 - zero)), using: &generator)
          multiplier = min(multiplier, 15)
          groups[(row / 16 * groupCount + column / groupSize) * 16 + row % 16] =
            UInt8(multiplier | zero << 4)
        }
        // A column past the last stands for 0.
        let level = column < inputs ? Int.random(in: 0...15, using: &generator) : zero
        let place = (row / 16 * eights + column / 8) * 64 + row % 16 * 4 + column % 4
        elements[place] |= UInt8(level << (column % 8 < 4 ? 0 : 4))
        if column < inputs { integers.append(Int8(multiplier * (level - zero))) }
      }
    }
  }
}
