import Foundation
import MBQCore
import MBQModel
import MBQRuntime
import MBQSchemes
import MBQTestSupport
import MBQTokenizer
import Testing

@testable import MBQFormat

/// Reads bytes that need not outlive the result: parts that point into them are not kept.
func header(of bytes: [UInt8]) throws(FormatError) -> PackedHeader {
  let buffer = AlignedBuffer(byteCount: bytes.count)
  buffer.bytes.copyBytes(from: bytes)
  return try PackedModel(
    bytes: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer.bytes)[..<bytes.count])
  ).header
}

@Suite("Golden .mbq files")
struct GoldenFileTests {
  private static let folder = "Formats/mbq/golden"
  private static let isRecording = ProcessInfo.processInfo.environment["MBQ_RECORD"] == "1"

  private static func names(_ kind: String) -> [String] {
    Repository.names("\(folder)/\(kind)", suffix: ".mbq")
  }

  @Test("are recorded, when asked for", .enabled(if: isRecording))
  func record() throws {
    for (name, model) in SmallModel.all {
      for kind in ["good", "old"] {
        let suffix = kind == "old" ? "-1.\(model.minorVersion)" : ""
        let url = Repository.root.appendingPathComponent(
          "\(Self.folder)/\(kind)/\(name)\(suffix).mbq")
        // What an old version wrote is never written again.
        if kind == "old", FileManager.default.fileExists(atPath: url.path) { continue }
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(model.file()).write(to: url)
      }
    }
  }

  @Test("are there, and small")
  func present() throws {
    #expect(Self.names("good") == SmallModel.all.map(\.name).sorted())
    #expect(Self.names("old").count >= 6)
    #expect(Self.names("bad").count >= 90)
    for kind in ["good", "bad", "old"] {
      for name in Self.names(kind) {
        let count = try Repository.bytes("\(Self.folder)/\(kind)/\(name).mbq").count
        #expect(count < 20_000, "\(kind)/\(name)")
      }
    }
  }

  @Test("are what the writer writes", arguments: SmallModel.all.map(\.name))
  func reproduced(_ name: String) throws {
    let model = try #require(SmallModel.all.first { $0.name == name }?.model)
    let written = try PlainModel(model.file())
    let golden = try Repository.bytes("\(Self.folder)/good/\(name).mbq")
    // Another zlib may compress to other bytes; the contents are the same.
    if model.compresses {
      #expect(written.sections.map(\.contents) == (try PlainModel(golden)).sections.map(\.contents))
    } else {
      #expect(try model.file() == golden)
    }
  }

  @Test(
    "are read, by the plain decoder too, and give their logits",
    arguments: ["good", "old"].flatMap { kind in names(kind).map { "\(kind)/\($0)" } })
  func good(_ name: String) throws {
    let bytes = try Repository.bytes("\(Self.folder)/\(name).mbq")
    let plain = try PlainModel(bytes)
    expectSame(try header(of: bytes), plain)
    #expect(plain.digest == sha256(of: Array(bytes[64...])))
    #expect(plain.tensors.allSatisfy { $0.hasCleanPadding })

    let model = try Model(bytes: bytes, name: name)
    let state = RunState(model: model)
    #expect(plain.goldens.count == SmallModel.texts.count)
    for golden in plain.goldens {
      #expect(model.tokenizer.encode(golden.text, limit: model.maximumTokens).ids == golden.tokens)
      #expect(try state.logits([golden.tokens]).map(\.bitPattern) == golden.logitBits)
    }
    // Together, and in a state that has been used, they are the same.
    let together = try state.logits(plain.goldens.map(\.tokens)).map(\.bitPattern)
    #expect(together == plain.goldens.flatMap(\.logitBits))
  }

  @Test("between them use everything the format has")
  func coverage() throws {
    let models = try Self.names("good").map {
      try PlainModel(Repository.bytes("\(Self.folder)/good/\($0).mbq"))
    }
    let operations = models.flatMap(\.operations)
    #expect(Set(operations.map(\.kind)) == Set(1...5))
    #expect(Set(operations.map(\.activation)) == Set(0...3))
    #expect(Set(operations.map(\.norm)) == Set(0...2))
    #expect(Set(operations.map(\.flags)) == [0, 1, 2, 4])
    #expect(operations.contains { $0.smoothing != nil })
    #expect(operations.contains { $0.kind == 3 && $0.numbers[2] > 0 })
    #expect(Set(models.map(\.activationScheme)) == [0, 1])
    #expect(Set(models.map(\.task)) == [0, 1])
    #expect(models.contains { $0.temperature != 1 && $0.threshold != 0.5 })
    #expect(
      Set(models.flatMap(\.tensors).map(\.scheme))
        == Set(SchemeCode.allCases.map { $0.name }))
    #expect(models.contains { $0.buffers.contains { $0.isTile } })
    #expect(models.contains { $0.sections.contains { $0.length != $0.contents.count } })
    #expect(
      models.contains {
        $0.sections.contains { $0.kind == "WIGT" && $0.length != $0.contents.count }
      })
    #expect(operations.contains { $0.operands.contains { ($0?.column ?? 0) > 0 } })
  }

  @Test("a model is written as the lowest version that has what it uses")
  func minorVersion() throws {
    for (name, model) in SmallModel.all {
      let golden = try PlainModel(Repository.bytes("\(Self.folder)/good/\(name).mbq"))
      #expect(golden.version.minor == model.minorVersion, "\(name)")
    }
  }

  @Test("bad ones are refused with the text beside them", arguments: names("bad"))
  func bad(_ name: String) throws {
    let bytes = try Repository.bytes("\(Self.folder)/bad/\(name).mbq")
    let expected = String(
      decoding: try Repository.bytes("\(Self.folder)/bad/\(name).txt"), as: UTF8.self)
    // As the runtime sees it: what concerns the tokenizer is found there.
    #expect(explanation { try Model(bytes: bytes, name: "x.mbq") } + "\n" == expected)
  }
}

/// Compares what both readers found, field by field.
func expectSame(_ header: PackedHeader, _ plain: PlainModel) {
  #expect(header.maximumTokens == plain.maximumTokens)
  #expect(header.vocabularyCount == plain.vocabularyCount)
  #expect(Int(header.activations.rawValue) == plain.activationScheme)
  #expect(Int(header.task.rawValue) == plain.task)
  #expect(header.decision.temperature.bitPattern == plain.temperature.bitPattern)
  #expect(header.decision.threshold.bitPattern == plain.threshold.bitPattern)
  #expect(header.labels == plain.labels)
  #expect(header.plan.batchWidth == plain.batchWidth)
  #expect(header.plan.tileWidth == plain.tileWidth)
  #expect(header.names == plain.names)
  #expect(header.provenance == plain.provenance)
  #expect(header.logits.buffer == plain.logits.buffer)
  #expect(header.logits.column == plain.logits.column)
  #expect(header.logits.width == plain.logits.width)
  #expect(header.goldens.map(\.text) == plain.goldens.map(\.text))
  #expect(header.goldens.map(\.tokens) == plain.goldens.map(\.tokens))
  #expect(header.goldens.map(\.logitBits) == plain.goldens.map(\.logitBits))
  #expect(header.buffers.map(\.width) == plain.buffers.map(\.width))
  #expect(header.buffers.map { $0.rows == .texts } == plain.buffers.map(\.isTexts))
  #expect(header.plan.slots.map(\.offset) == plain.buffers.map(\.offset))
  #expect(header.plan.slots.map { $0.place == .tile } == plain.buffers.map(\.isTile))
  #expect(header.plan.slots.map(\.stride) == plain.buffers.map { ($0.width + 15) / 16 * 16 })
  #expect(header.tensors.map(\.rows) == plain.tensors.map(\.rows))
  #expect(header.tensors.map(\.columns) == plain.tensors.map(\.columns))
  #expect(header.steps.map(\.layer) == plain.operations.map(\.layer))
  #expect(header.steps.map(fields) == plain.operations.map(fields))
}

private func fields(_ step: PackedStep) -> [String] {
  func text(_ operand: Operand?) -> String {
    operand.map { "\($0.buffer)+\($0.column)w\($0.width)" } ?? "-"
  }
  func text(_ tensor: Int?) -> String { tensor.map(String.init) ?? "-" }
  func grid(_ o: MBQModel.Operation.Linear) -> [String] {
    let smoothing = text(o.smoothing)
    return switch o.inputGrid {
    case .int8PerToken: ["0", "0", smoothing]
    case .int8Static(let step): ["2", "\(step.bitPattern)", smoothing]
    case .int16PerToken: ["4", "0", smoothing]
    }
  }
  func norm(_ norm: Norm?) -> [String] {
    [
      "\(norm?.kind.rawValue ?? 0)", text(norm?.gamma), text(norm?.beta),
      "\((norm?.epsilon ?? 0).bitPattern)",
    ]
  }
  switch step.operation {
  case .embed(let o):
    return ["1", text(o.word), text(o.position), text(o.type), "\(o.trigram)", text(o.output)]
  case .linear(let o):
    return [
      "2", text(o.weight), text(o.bias), text(o.input), "\(o.activation.rawValue)",
      text(o.residual),
    ] + norm(o.norm) + grid(o) + [text(o.output)]
  case .attention(let o):
    let steps = [o.steps?.query, o.steps?.key, o.steps?.value].map { "\(($0 ?? 0).bitPattern)" }
    return ["3", text(o.query), text(o.key), text(o.value), "\(o.heads)"] + steps
      + [text(o.output)]
  case .normalize(let o):
    return ["4", text(o.input), text(o.residual)] + norm(o.norm) + [text(o.output)]
  case .pool(let o): return ["5", text(o.input), text(o.output)]
  }
}

private func fields(_ o: PlainModel.Operation) -> [String] {
  func text(_ index: Int) -> String {
    o.operands[index].map { "\($0.buffer)+\($0.column)w\($0.width)" } ?? "-"
  }
  func tensor(_ index: Int) -> String { o.tensors[index].map(String.init) ?? "-" }
  let norm = ["\(o.norm)", tensor(2), tensor(3), "\(o.epsilon.bitPattern)"]
  switch o.kind {
  case 1: return ["1", tensor(0), tensor(1), tensor(2), "\(o.flags == 1)", text(3)]
  case 2:
    return ["2", tensor(0), tensor(1), text(0), "\(o.activation)", text(1)] + norm
      + ["\(o.flags)", "\(o.numbers[1].bitPattern)", o.smoothing.map(String.init) ?? "-", text(3)]
  case 3:
    return ["3", text(0), text(1), text(2), "\(o.heads)"]
      + o.numbers.map { "\($0.bitPattern)" } + [text(3)]
  case 4: return ["4", text(0), text(1)] + norm + [text(3)]
  default: return ["5", text(0), text(3)]
  }
}

func sha256(of bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { sha256($0) } }
