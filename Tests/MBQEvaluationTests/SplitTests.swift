import Foundation
import MBQTestSupport
import Testing

@testable import MBQEvaluation

/// What Tests/Oracles/splits/make_splits.py wrote.
private struct Golden: Decodable {
  struct Case: Decodable {
    var rows: Int
    var weights: [Int]
    var labelSeed: UInt32
    var test: String
    var validation: String?
    var seed: UInt32
    var sizes: [Int]?
    var sha256: String?
    var parts: [[Int32]]?
    var refused: String?
    var kind: String?

    /// The classes, by the script's rule.
    var classes: [Int32] {
      let total = UInt32(weights.reduce(0, +))
      var state = labelSeed
      return (0..<rows).map { _ in
        state = 1_664_525 &* state &+ 1_013_904_223
        var left = Int((state >> 8) % total)
        var index = 0
        while left >= weights[index] {
          left -= weights[index]
          index += 1
        }
        return Int32(index)
      }
    }
  }

  struct Mode: Decodable {
    var counts: [Int]
    var draws: Int
    var seed: UInt32
    var drawn: [Int]
  }

  struct Numbers: Decodable {
    var seed: UInt32
    var first: [UInt32]
    var last: [UInt32]
    var permutation: [Int32]
    var choice: [Int]
  }

  struct Order: Decodable {
    var values: [String]
    var classes: [Int32]
  }

  var cases: [Case]
  var modes: [Mode]
  var numbers: [Numbers]
  var orders: [Order]

  static func read() throws -> Golden {
    let bytes = try Repository.bytes("Tests/Oracles/splits/splits.json")
    return try JSONDecoder().decode(Golden.self, from: Data(bytes))
  }
}

@Suite("Splits against scikit-learn")
struct SplitTests {
  /// The dataset of a case: a row number and a class a row.
  private func split(_ item: Golden.Case) throws -> DatasetSplit {
    var csv = "row,label\n"
    let classes = item.weights.isEmpty ? [] : item.classes
    for row in 0..<item.rows { csv += "\(row),\(classes.isEmpty ? 0 : classes[row])\n" }
    let reader = try CSVReader(
      MemorySource(Array(csv.utf8), name: "rows.csv"), limits: DatasetLimits())
    return try DatasetSplit(
      reader,
      options: .init(
        test: try SplitSize(item.test, option: "--test"),
        validation: try item.validation.map { try SplitSize($0, option: "--validation") },
        stratify: classes.isEmpty ? nil : "label", seed: item.seed), spoolFolder: nil)
  }

  @Test(
    "hundreds of sizes, seeds, balances and numbers of classes give scikit-learn's rows in its order"
  )
  func cases() throws {
    let golden = try Golden.read()
    #expect(golden.cases.count >= 700)
    #expect(golden.cases.contains { $0.sizes == [50_073, 10_733, 10_731] })
    var compared = 0
    for item in golden.cases {
      guard let expected = item.sha256 else {
        try expectRefusal(item)
        continue
      }
      let parts = try split(item).parts
      #expect(parts.map(\.rows.count) == item.sizes)
      if let rows = item.parts { #expect(parts.map(\.rows) == [rows[0]] + rows[1...]) }
      var hash = SHA256()
      for part in parts {
        hash.update(
          part.rows.flatMap { row in (0..<4).map { UInt8(truncatingIfNeeded: row >> (8 * $0)) } })
      }
      #expect(
        hash.hexDigest() == expected,
        "\(item.rows) rows, \(item.weights), \(item.test), \(item.validation ?? "-"), \(item.seed)")
      #expect(parts.flatMap(\.rows).sorted() == Array(0..<Int32(item.rows)))
      compared += 1
    }
    #expect(compared >= 400)
  }

  private func expectRefusal(_ item: Golden.Case) throws {
    let error = #expect(throws: SplitError.self) { _ = try split(item) }
    let kind: String
    switch error {
    case .rareClasses: kind = "rareClasses"
    case .fewerThanClasses: kind = "fewerThanClasses"
    case .emptyTrain: kind = "emptyTrain"
    case .size: kind = "size"
    default: kind = "another"
    }
    #expect(kind == item.kind, "\(error?.explanation ?? "")")
    let part =
      item.refused == "validation" ? ["--validation", "validation part"] : ["--test", "test part"]
    if kind != "fewerThanClasses" {
      #expect(
        part.contains { error?.explanation.contains($0) ?? false }, "\(error?.explanation ?? "")")
    }
  }

  @Test("which classes get the rows that rounding left over")
  func modes() throws {
    for item in try Golden.read().modes {
      var random = NumPyRandom(seed: item.seed)
      #expect(approximateMode(of: item.counts, drawing: item.draws, &random) == item.drawn)
    }
  }

  @Test("NumPy's numbers, permutations and choices")
  func numbers() throws {
    for item in try Golden.read().numbers {
      var random = NumPyRandom(seed: item.seed)
      let words = (0..<1300).map { _ in random.next() }
      #expect(Array(words.prefix(3)) == item.first && Array(words.suffix(3)) == item.last)
      random = NumPyRandom(seed: item.seed)
      #expect(random.permutation(17) == item.permutation)
      random = NumPyRandom(seed: item.seed)
      #expect(random.choice(Array(100..<109), 4) == item.choice)
    }
  }

  @Test("classes are sorted as NumPy sorts what pandas reads")
  func orders() throws {
    for item in try Golden.read().orders {
      var table = ClassTable()
      for value in item.values {
        let isAdded = table.append(value)
        #expect(isAdded)
      }
      table.sort()
      #expect(table.classes == item.classes, "\(item.values)")
    }
  }
}
