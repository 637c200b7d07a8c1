import MBQCore
import MBQSchemes

extension EncodedMatrix {
  /// The integers the product kernels multiply with, in int8 panels.
  var widenedToInt8: EncodedMatrix {
    guard let size = scheme.groupSize else { return self }
    let levels = int4Levels()
    let groupCount = (columns + size - 1) / size
    var integers = [Int8](repeating: 0, count: levels.count)
    for row in 0..<rows {
      for column in 0..<columns {
        let group = GroupByte(groups[row * groupCount + column / size])
        let index = row * columns + column
        integers[index] = Int8(group.multiplier * (Int(levels[index]) - group.zero))
      }
    }
    return .int8(.int8Channel, rows: rows, columns: columns, levels: integers, scales: scales)
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
    case .int4(_, let group, _):
      let code: SchemeCode =
        switch group {
        case 32: isTable ? .int4RowsGroup32 : .int4ChannelGroup32
        case 64: isTable ? .int4RowsGroup64 : .int4ChannelGroup64
        default: isTable ? .int4RowsGroup128 : .int4ChannelGroup128
        }
      return .int4(
        code, rows: rows, columns: columns, levels: levels.map(UInt8.init), groups: groups,
        scales: scales)
    case .float:
      preconditionFailure("floats have no grid")
    }
  }
}
