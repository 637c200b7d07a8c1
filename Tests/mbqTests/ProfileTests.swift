import Foundation
import MBQTestSupport
import Testing

/// `benchmark --profile`: the parts add up to the whole, however they are grouped.
@Suite("profile")
struct ProfileTests {
  private let mbq = Program("mbq")

  private struct Table {
    var title: String
    var rows: [[String: Any]]

    func sum(_ key: String) -> Double {
      rows.reduce(0) { $0 + ($1[key] as? Double ?? 0) }
    }
  }

  private func tables(_ arguments: [String], in scratch: Scratch) throws -> [Table] {
    let model = scratch.path("tiny.mbq")
    let made = try mbq.run(["quantize", "Examples/tiny-news/model", "-o", model])
    try #require(made.code == 0, "\(made.errors)")
    let result = try mbq.run(["benchmark", model, "--profile", "--json"] + arguments)
    try #require(result.code == 0, "\(result.errors)")
    let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
    let tables = (object as? [String: Any])?["tables"] as? [[String: Any]]
    return try #require(tables).map {
      Table(title: try #require($0["title"] as? String), rows: $0["rows"] as? [[String: Any]] ?? [])
    }
  }

  @Test("kinds, operations, layers and steps add up to the same", arguments: ["1", "2"])
  func sums(threads: String) throws {
    let scratch = try Scratch()
    let tables = try tables(
      ["--batch", "1,3", "--tokens", "20", "--rounds", "3", "--threads", threads], in: scratch)
    #expect(tables.count == 1 + 2 * 4)
    let totals = tables[0].rows
    for (index, shape) in ["1×20", "3×20"].enumerated() {
      let four = tables[(1 + index * 4)..<(5 + index * 4)]
      for (table, ending) in zip(four, ["by kind", "by operation", "by layer", "by step"]) {
        #expect(table.title.hasSuffix("\(shape), \(ending)"))
      }
      var kinds = four[four.startIndex]
      let (all, between) = (kinds.rows.removeLast(), kinds.rows.removeLast())
      let whole = try #require(all["ns"] as? Double)
      #expect(totals[index]["shape"] as? String == shape)
      let profiled = try #require(totals[index]["profiled_ns"] as? Double)
      #expect(abs(whole - profiled * Double(threads)!) <= 1e-6 * whole)
      // Time that is in no step is left over, never missing.
      let rest = try #require(between["ns"] as? Double)
      #expect(rest >= 0)
      for table in [kinds] + four.dropFirst() {
        #expect(table.sum("calls") == all["calls"] as? Double, "\(table.title)")
        #expect(abs(table.sum("ns") + rest - whole) <= 1e-6 * whole, "\(table.title)")
        #expect(abs(table.sum("share") - (whole - rest) / whole) <= 1e-6, "\(table.title)")
        #expect(table.rows.allSatisfy { ($0["ns"] as? Double ?? -1) >= 0 })
      }
      let steps = four[four.endIndex - 1]
      let multiplications = steps.sum("multiplications")
      let rate = try #require(all["gmac_per_second"] as? Double)
      #expect(abs(multiplications / whole - rate) <= 1e-6 * rate)
    }
  }
}
