import MBQCore
import MBQFormat
import MBQModel
import MBQReport
import MBQRuntime

/// A profile as tables: by kind of operation, by operation, by layer, and by step.
package struct ProfileTables: Sendable {
  private let profile: StepProfile
  private let header: PackedHeader

  init(_ profile: StepProfile, _ header: PackedHeader) {
    self.profile = profile
    self.header = header
  }

  /// Columns of `summary`.
  static let summaryColumns: [ReportTable.Column] = [
    .text("model", overflow: .shorten), .text("shape"), .number("profiled_ns", "profiled"),
    .number("plain_ns", "without"), .number("rounds"),
  ]

  func summary(model: String, shape: String) -> [ReportCell] {
    [
      .text(model), .text(shape), .milliseconds(nanoseconds: profile.nanoseconds),
      .milliseconds(nanoseconds: profile.plainNanoseconds), .integer(profile.rounds),
    ]
  }

  /// By kind, by operation and by layer; by step if asked for.
  ///
  /// `prefix` starts every title.
  func tables(prefix: String, steps: Bool) -> [Report.Block] {
    var tables = [kinds, operations, layers]
    if steps { tables.append(self.steps) }
    for index in tables.indices { tables[index].title = prefix + (tables[index].title ?? "") }
    return tables.map { .table($0) }
  }

  // MARK: Tables

  private var kinds: ReportTable {
    var table = ReportTable(title: "by kind", columns: [.text("kind")] + Self.numbers)
    for (kind, part) in grouped(by: { kind(of: $0) }) {
      table.rows.append([.text(kind)] + numbers(part))
    }
    let whole = parts.reduce(Entry(), +)
    let spent = profile.nanoseconds * Double(profile.workers)
    let rest = spent - time(whole)
    table.rows.append([
      .text(profile.workers > 1 ? "waiting, between steps" : "between steps"), .missing,
      .milliseconds(nanoseconds: rest), .percent(rest / spent, digits: 1), .missing,
    ])
    table.rows.append([
      .text("all"), calls(whole), .milliseconds(nanoseconds: spent), .percent(1, digits: 1),
      rate(whole, in: spent),
    ])
    return table
  }

  private var operations: ReportTable {
    var table = ReportTable(
      title: "by operation", columns: [.text("operation"), .text("shape")] + Self.numbers)
    for (name, part) in grouped(by: { "\(role(of: $0))\t\(shape(of: $0))" }) {
      let names = name.split(separator: "\t", omittingEmptySubsequences: false)
      table.rows.append([.text(String(names[0])), .text(String(names[1]))] + numbers(part))
    }
    return table
  }

  private var layers: ReportTable {
    var table = ReportTable(title: "by layer", columns: [.text("layer")] + Self.numbers)
    for (layer, part) in grouped(by: { layer(of: $0) }) {
      table.rows.append([.text(layer)] + numbers(part))
    }
    return table
  }

  private var steps: ReportTable {
    var table = ReportTable(
      title: "by step",
      columns: [
        .number("step"), .text("name"), .text("layer"), .text("kind"), .text("shape"),
        .number("multiplications"),
      ] + Self.numbers)
    for step in header.steps.indices {
      table.rows.append(
        [
          .integer(step), .text(header.stepName(step).text), .text(layer(of: step)),
          .text(kind(of: step)), .text(shape(of: step)),
          .integer(profile.steps[step].multiplications / profile.rounds),
        ] + numbers(profile.steps[step]))
    }
    return table
  }

  private static let numbers: [ReportTable.Column] = [
    .number("calls"), .number("ns", "ms"), .number("share"), .number("gmac_per_second", "GMAC/s"),
  ]

  // MARK: Cells

  private typealias Entry = RunProfile.Entry
  private var parts: [Entry] { profile.steps }

  private func numbers(_ part: Entry) -> [ReportCell] {
    let time = time(part)
    return [
      calls(part), .milliseconds(nanoseconds: time),
      .percent(time / (profile.nanoseconds * Double(profile.workers)), digits: 1),
      rate(part, in: time),
    ]
  }

  /// In one run.
  private func time(_ part: Entry) -> Double { Double(part.nanoseconds) / Double(profile.rounds) }

  private func calls(_ part: Entry) -> ReportCell { .count(part.calls / profile.rounds) }

  private func rate(_ part: Entry, in time: Double) -> ReportCell {
    guard part.multiplications > 0, time > 0 else { return .missing }
    return .number(Double(part.multiplications) / Double(profile.rounds) / time, digits: 1)
  }

  // MARK: Groups

  /// Sums of steps with the same name, in the order in which the names first come.
  private func grouped(by name: (Int) -> String) -> [(String, Entry)] {
    var places: [String: Int] = [:]
    var groups: [(String, Entry)] = []
    for (step, part) in parts.enumerated() {
      let name = name(step)
      if let place = places[name] {
        groups[place].1 += part
      } else {
        places[name] = groups.count
        groups.append((name, part))
      }
    }
    return groups
  }

  private func kind(of step: Int) -> String {
    switch header.steps[step].operation {
    case .embed: "embed"
    case .linear: "linear"
    case .attention: "attention"
    case .normalize: "normalize"
    case .pool: "pool"
    }
  }

  private func layer(of step: Int) -> String {
    header.steps[step].layer.map { "\($0)" } ?? "outside"
  }

  /// The step's name without its layer, so that the layers' steps add up.
  private func role(of step: Int) -> String {
    let name = header.stepName(step).text
    guard let layer = header.steps[step].layer else { return name }
    let prefix = Site(layer, "").name
    return name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : kind(of: step)
  }

  private func shape(of step: Int) -> String {
    switch header.steps[step].operation {
    case .linear(let o): "\(o.input.width)→\(o.output.width)"
    case .attention(let o): "\(o.heads) heads of \(o.query.width / o.heads)"
    case .embed(let o): "→\(o.output.width)"
    case .normalize(let o): "\(o.output.width)"
    case .pool(let o): "\(o.output.width)"
    }
  }
}
