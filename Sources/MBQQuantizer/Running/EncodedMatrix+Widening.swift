import MBQCore
import MBQSchemes

extension EncodedMatrix {
  /// The integers the product kernels multiply with, in int8 panels.
  var widenedToInt8: EncodedMatrix {
    guard scheme.groupSize != nil else { return self }
    return .int8(.int8Channel, rows: rows, columns: columns, levels: integers, scales: scales)
  }
}

extension EncodedMatrix {
  /// Levels of 3 bits in the bytes of 4, everything else as it is.
  ///
  /// A level's bits then stand together, and a zlib stream finds what they have in common: it makes less of
  /// two parts than of these.
  var forCompressing: EncodedMatrix {
    guard case .levels(3, let group) = scheme.storage,
      let code = SchemeCode.scheme(.levels(bits: 4, group: group), inPanels: scheme.hasPanels)
    else { return self }
    let groupCount = scheme.groupCount(columns: columns)
    var levels = levels()
    // 8 is the zero point all multipliers fit.
    for index in levels.indices {
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      levels[index] = levels[index] + 8 - groups[row * groupCount + column / group] >> 4
    }
    return .levels(
      code, rows: rows, columns: columns, levels: levels, groups: groups.map { $0 & 15 | 8 << 4 },
      scales: scales)
  }
}

extension RoundedLevels {
  /// The matrix as it is stored: panels for weights, rows for tables.
  func encoded(_ grid: WeightGrid, rows: Int, columns: Int, isTable: Bool) -> EncodedMatrix {
    switch grid {
    case .int8:
      return .int8(
        isTable ? .int8Rows : .int8Channel, rows: rows, columns: columns, levels: levels,
        scales: scales)
    case .int4(let bits, let group, let zeroPoint):
      let storage = ElementStorage.levels(bits: bits, group: group)
      guard let code = SchemeCode.scheme(storage, inPanels: !isTable) else {
        preconditionFailure("no scheme has \(bits) bits in groups of \(group)")
      }
      let top = UInt8(1 << bits - 1)
      // Symmetric levels are those in the middle of sixteen; stored ones start at 0. The zero point of a
      // group of zeros may be past the levels there are: any does.
      let first: UInt8 = zeroPoint ? 0 : 8 - (top + 1) / 2
      return .levels(
        code, rows: rows, columns: columns,
        levels: levels.map { min(UInt8($0) - first, top) },
        groups: groups.map { $0 & 15 | min($0 >> 4 - first, top) << 4 }, scales: scales)
    case .float:
      preconditionFailure("floats have no grid")
    }
  }
}
