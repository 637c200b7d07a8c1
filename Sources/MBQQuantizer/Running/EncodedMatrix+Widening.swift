import MBQCore
import MBQSchemes

extension EncodedMatrix {
  /// The integers the product kernels multiply with, in int8 panels.
  var widenedToInt8: EncodedMatrix {
    guard scheme.groupSize != nil else { return self }
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
      let storage = ElementStorage.levels(bits: 4, group: group)
      guard let code = SchemeCode.scheme(storage, inPanels: !isTable) else {
        preconditionFailure("no scheme has groups of \(group)")
      }
      return .levels(
        code, rows: rows, columns: columns, levels: levels.map(UInt8.init), groups: groups,
        scales: scales)
    case .float:
      preconditionFailure("floats have no grid")
    }
  }
}
