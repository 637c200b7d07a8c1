import Foundation
import MBQCore
import MBQModel
import MBQPacking
import MBQSchemes
import MBQTestSupport
import Testing

@testable import MBQFormat

/// The tables of Formats/mbq/mbq.md, read as text and compared with the code.
@Suite("Formats/mbq/mbq.md and the code agree")
struct SpecificationTests {
  private let text: String

  init() throws {
    text = String(decoding: try Repository.bytes("Formats/mbq/mbq.md"), as: UTF8.self)
  }

  /// What stands under the heading that starts with `title`, up to the next one.
  private func section(_ title: String) throws -> Substring {
    let start = try #require(text.range(of: "\n## \(title)"))
    let rest = text[start.upperBound...]
    return rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)]
  }

  /// The rows of every table in `part` whose heading begins with `first`, as trimmed cells.
  private func table(_ part: Substring, _ first: String) throws -> [[String]] {
    var rows: [[String]] = []
    var isInside = false
    for line in part.split(separator: "\n", omittingEmptySubsequences: false) {
      guard line.hasPrefix("|") else {
        isInside = false
        continue
      }
      if line.hasPrefix("| \(first) |") {
        isInside = true
      } else if isInside, !line.hasPrefix("| -") {
        rows.append(
          line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) })
      }
    }
    try #require(!rows.isEmpty)
    return rows
  }

  /// The size a heading states, such as `CONF (32 bytes)`.
  private func stated(_ title: String) throws -> Int {
    let line = try #require(section(title).split(separator: "\n").first)
    return try #require(Int(line.drop { !$0.isNumber }.prefix { $0.isNumber }))
  }

  @Test(
    "fields follow each other and fill their record",
    arguments: [
      ("Fixed header", fixedHeaderSize), ("Section table", sectionEntrySize), ("CONF", 40),
      ("BUFS", 16),
      ("OPER", PackedModel.recordSize), ("TENS", 32),
    ])
  func records(_ title: String, _ size: Int) throws {
    #expect(try stated(title) == size)
    var end = 0
    for row in try table(section(title), "offset") {
      #expect(Int(row[0]) == end, "\(row)")
      end += try #require(Int(row[1]))
    }
    #expect(end == size)
  }

  @Test("the signature and version")
  func signature() throws {
    let rows = try table(section("Fixed header"), "offset")
    #expect(
      rows[0][3] == "`"
        + packedSignature.map { byte in
          String(byte >> 4, radix: 16).uppercased() + String(byte & 15, radix: 16).uppercased()
        }.joined(separator: " ") + "`")
    #expect(rows[1][3] == "\(packedMajor)")
    #expect(text.contains("\nVersion \(packedMajor).\(packedMinor). "))
    #expect(text.contains("\n- \(packedMajor).\(packedMinor): "))
  }

  @Test("section kinds, in the order they are written")
  func sections() throws {
    let documented = try table(section("Section table"), "kind").map(\.[0])
    func name(_ kind: PackedSection.Kind) -> String {
      "`" + String(decoding: (0..<4).map { UInt8(kind.rawValue >> (8 * $0) & 255) }, as: UTF8.self)
        + "`"
    }
    #expect(documented == PackedSection.Kind.allCases.map(name))
    let written = try PlainModel(SmallModel.all[0].model.build().file()).sections.map {
      "`\($0.kind)`"
    }
    #expect(documented == written)
    // Every section but the ones other documents describe has a heading of its own.
    for kind in documented {
      let plain = kind.filter { $0 != "`" }
      let elsewhere = ["TOKN", "VOCA", "WIGT", "NAME", "PROV"].contains(plain)
      #expect(text.contains("\n## \(plain)") != elsewhere)
    }
  }

  @Test("schemes")
  func schemes() throws {
    let documented = try table(section("TENS"), "code")
    let coded = SchemeCode.allCases.map { scheme in
      let layout =
        switch scheme.layout {
        case .rows: "rows"
        case .panels(let group): "panels of \(group)"
        }
      return [
        "\(scheme.rawValue)", "`\(scheme.name)`", "\(scheme.bits)", layout,
        scheme.hasScales ? "one bfloat16 a row" : "no",
        scheme.groupSize.map { "\($0)" } ?? "no",
      ]
    }
    #expect(documented == coded)
  }

  /// Numbers and names such as `0 none, 1 ReLU`, in a row of a table.
  private func choices(_ title: String, _ field: String) throws -> [String] {
    let rows = try table(section(title), "offset")
    let row = try #require(rows.first { $0[2].hasPrefix(field) })
    return row[3].split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  @Test("kinds, activations, norms, rows, places and activation schemes")
  func enumerations() throws {
    #expect(
      try choices("OPER", "kind") == [
        "1 embed", "2 linear", "3 attention", "4 normalize", "5 pool",
      ])
    let operand = Operand(buffer: 0, width: 16)
    let norm = Norm(kind: .noNorm, gamma: 0, beta: 0, epsilon: 0)
    let operations: [MBQModel.Operation] = [
      .embed(.init(word: 0, position: nil, type: nil, trigram: false, output: operand)),
      .linear(.init(weight: 0, bias: nil, input: operand, output: operand)),
      .attention(.init(query: operand, key: operand, value: operand, heads: 1, output: operand)),
      .normalize(.init(input: operand, residual: nil, norm: norm, output: operand)),
      .pool(.init(input: operand, output: operand)),
    ]
    for (index, operation) in operations.enumerated() {
      var writer = ByteWriter()
      PackedModel.record(PackedStep(layer: nil, operation: operation), into: &writer)
      #expect(writer.bytes.count == PackedModel.recordSize)
      #expect(Int(writer.bytes[0]) == index + 1)
      #expect(writer.bytes[2...3] == [0xFF, 0xFF])
    }
    #expect(
      try choices("OPER", "activation").map { $0.lowercased() }
        == LinearActivation.allCases.map { "\($0.rawValue) \($0)" })
    #expect(
      try choices("OPER", "norm").map { $0.lowercased() }
        == ["0 none"] + Norm.Kind.allCases.map { "\($0.rawValue) \("\($0)".lowercased())" })
    #expect(
      try choices("BUFS", "rows") == RowDomain.allCases.map { "\($0.rawValue) \($0)" })
    #expect(
      try choices("BUFS", "place") == BufferPlan.Place.allCases.map { "\($0.rawValue) \($0)" })
    #expect(try choices("CONF", "activation scheme") == ["0 float32", "1 int8 per token"])
    #expect(
      try choices("CONF", "task") == ["0 single label", "1 multi label (since 1.1)"])
    #expect(ClassificationTask.allCases.map(\.rawValue) == [0, 1])
    #expect(ClassificationTask.singleLabel.rawValue == 0)
    #expect(ActivationScheme.float32.rawValue == 0 && ActivationScheme.int8PerToken.rawValue == 1)
  }

  @Test("limits")
  func limits() throws {
    func power(_ value: Int) -> String { "2^\(value.trailingZeroBitCount)" }
    let configuration = try table(section("CONF"), "offset").map(\.[3])
    #expect(configuration[0] == "2 to \(PackedLimits.tokens)")
    #expect(configuration[2] == "1 to \(power(PackedLimits.width))")
    #expect(configuration[3] == "0 to \(power(PackedLimits.width))")
    #expect(try table(section("BUFS"), "offset")[0][3] == "1 to \(PackedLimits.bufferWidth)")
    #expect(text.contains("OPER (64 bytes an operation, 1 to \(PackedLimits.operations) of them)"))
    #expect(text.contains("BUFS (16 bytes a buffer, at most \(PackedLimits.buffers) of them)"))
    #expect(text.contains("TENS (32 bytes a tensor, at most \(PackedLimits.tensors) of them)"))
    #expect(text.contains("d at most \(PackedLimits.headSize)"))
    #expect(
      text.contains(
        "at most \(power(PackedLimits.rawSection)) if it is not the length, "
          + "\(power(PackedLimits.rawWeights)) for `WIGT`"))
    #expect(try table(section("TENS"), "offset")[3][3] == "1 to \(power(PackedLimits.depth))")
    #expect(text.contains("u32 count (1 to 1024); for each label u32 length (at most 4096)"))
    #expect(text.contains("u32 count (at most 256); for each golden vector"))
  }

  @Test("the equations of arithmetic.md are numbered in the order they stand")
  func equations() throws {
    let arithmetic = String(decoding: try Repository.bytes("Formats/arithmetic.md"), as: UTF8.self)
    let numbers = arithmetic.split(separator: "\n").compactMap { line -> Int? in
      guard line.hasPrefix("    (") else { return nil }
      return Int(line.dropFirst(5).prefix { $0 != ")" })
    }
    #expect(numbers == Array(1...17))
  }

  @Test("every line of abuse.md names its remedy")
  func abuse() throws {
    let abuse = String(decoding: try Repository.bytes("Formats/mbq/abuse.md"), as: UTF8.self)
    let rows = try table(abuse[...], "attempt")
    #expect(rows.count >= 18)
    for row in rows { #expect(row.count == 2 && !row[1].isEmpty, "\(row)") }
    // The limits it repeats.
    #expect(abuse.contains("at most \(PackedLimits.operations) and \(PackedLimits.buffers)"))
    #expect(
      abuse.contains("at most \(PackedLimits.tokens) tokens and \(PackedLimits.depth) inputs"))
  }
}
