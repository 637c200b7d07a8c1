import MBQFormat
import MBQModel

/// The steps grouped into phases between which all workers wait for each other.
struct Schedule: Sendable {
  enum Kind: Sendable {
    /// Row-local steps on tiles of tokens.
    case tokens
    /// One attention, split by text and head.
    case attention
    /// Steps on the texts' pooled rows.
    case texts
  }

  struct Phase: Sendable {
    var kind: Kind
    var steps: Range<Int>
    /// Only the first token's row of each text is used afterwards: nothing else is computed.
    var firstRowsOnly = false
  }

  private(set) var phases: [Phase] = []

  init(_ header: PackedHeader) {
    var graph = ModelGraph()
    graph.buffers = header.buffers
    graph.steps = header.steps.map {
      ModelGraph.Step(site: Site($0.layer, ""), operation: $0.operation)
    }
    let segments = graph.segments
    var start = 0
    for index in 1...segments.count
    where index == segments.count
      || segments[index] != segments[start]
    {
      let first = header.steps[start].operation
      let kind: Kind
      if case .attention = first {
        kind = .attention
      } else {
        kind = header.buffers[first.output.buffer].rows == .tokens ? .tokens : .texts
      }
      phases.append(Phase(kind: kind, steps: start..<index))
      start = index
    }
    markFirstRows(header)
  }

  /// From the end backwards: a phase of tokens whose batch buffers are read only by pools, or by
  /// later phases that are marked themselves as residuals and linears, computes first rows only.
  ///
  /// Keys and values are read in every row, so the walk ends at the last attention.
  private mutating func markFirstRows(_ header: PackedHeader) {
    guard let last = phases.lastIndex(where: { $0.kind == .tokens }), last > 0,
      phases[(last + 1)...].allSatisfy({ $0.kind == .texts }),
      phases[last - 1].kind == .attention,
      phases[last].steps.allSatisfy({
        if case .embed = header.steps[$0].operation { false } else { true }
      })
    else { return }
    phases[last].firstRowsOnly = true
    phases[last - 1].firstRowsOnly = true
  }
}
