public import MBQModel

/// Which of an operation's inputs is put on a grid.
public enum OperandRole: UInt8, Sendable, CaseIterable {
  /// A linear's.
  case input = 0
  case query = 1
  case key = 2
  case value = 3

  public var name: String {
    switch self {
    case .input: "input"
    case .query: "query"
    case .key: "key"
    case .value: "value"
    }
  }
}

/// An input of an operation that a grid may be chosen for.
public struct CalibrationSite: Equatable, Sendable {
  /// The index of the operation in the graph.
  public var step: Int
  public var role: OperandRole
  public var operand: Operand
  /// The operation's name, such as `layer.3.ffn.0.down`.
  public var site: String
  /// The vector the operand is multiplied with before it is put on the grid, as a tensor.
  public var smoothing: Int?
  /// Sites with the same operand and smoothing share what is known of it: the index of that.
  public var record: Int

  /// Such as `layer.3.ffn.0.down.input`.
  public var name: String { "\(site).\(role.name)" }
}

extension ModelGraph {
  /// Every linear's input and every attention's query, key and value, in the order of the operations.
  public var calibrationSites: [CalibrationSite] {
    var sites: [CalibrationSite] = []
    struct Seen: Hashable {
      var operand: Operand
      var smoothing: Int?
    }
    var records: [Seen: Int] = [:]
    func add(_ step: Int, _ role: OperandRole, _ operand: Operand, smoothing: Int? = nil) {
      let seen = Seen(operand: operand, smoothing: smoothing)
      let record = records[seen] ?? records.count
      records[seen] = record
      sites.append(
        CalibrationSite(
          step: step, role: role, operand: operand, site: steps[step].site.name,
          smoothing: smoothing, record: record))
    }
    for (step, content) in steps.enumerated() {
      switch content.operation {
      case .linear(let o): add(step, .input, o.input, smoothing: o.smoothing)
      case .attention(let o):
        add(step, .query, o.query)
        add(step, .key, o.key)
        add(step, .value, o.value)
      case .embed, .normalize, .pool: break
      }
    }
    return sites
  }
}
