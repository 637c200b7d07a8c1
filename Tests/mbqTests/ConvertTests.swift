import Foundation
import MBQTestSupport
import Testing

/// `mbq convert`, and `mbq inspect` on what is not yet a Hugging Face folder.
@Suite("convert")
struct ConvertTests {
  private let mbq = Program("mbq")
  private let tiny = "Formats/huggingface/golden/tiny"
  private let kinds = "Formats/huggingface/kinds"

  @Test("a file of torch.save becomes a folder that quantize takes")
  func torch() throws {
    let scratch = try Scratch()
    let out = scratch.path("out")
    let result = try mbq.run([
      "convert", "\(kinds)/parallel.pth", "--config", tiny, "-o", out,
    ])
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("tensors"))
    let files = try FileManager.default.contentsOfDirectory(atPath: out).sorted()
    #expect(
      files == [
        "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt",
      ])
    let packed = try mbq.run(["quantize", out, "-o", scratch.path("a.mbq")])
    #expect(packed.code == 0, "\(packed.errors)")
    let direct = try mbq.run([
      "quantize", "\(kinds)/parallel.pth", "--config", tiny, "-o", scratch.path("b.mbq"),
    ])
    #expect(direct.code == 0, "\(direct.errors)")
    let verified = try mbq.run(["verify", scratch.path("a.mbq")])
    #expect(verified.code == 0, "\(verified.errors)")
  }

  @Test("--dtype f16 halves the weights and says so in config.json")
  func half() throws {
    let scratch = try Scratch()
    let out = scratch.path("out")
    let result = try mbq.run(["convert", tiny, "-o", out, "--dtype", "f16", "--json"])
    #expect(result.code == 0, "\(result.errors)")
    let configuration = try String(contentsOfFile: out + "/config.json", encoding: .utf8)
    #expect(configuration.contains("\"dtype\": \"float16\""))
    let whole = try FileManager.default.attributesOfItem(atPath: tiny + "/model.safetensors")
    let halved = try FileManager.default.attributesOfItem(atPath: out + "/model.safetensors")
    let sizes = try [whole, halved].map { try #require($0[.size] as? Int) }
    #expect(sizes[1] < sizes[0] - sizes[0] / 4)
    #expect(try mbq.run(["quantize", out, "-o", scratch.path("a.mbq")]).code == 0)
  }

  @Test("a pickle that asks for a shell is refused, and nothing is written")
  func hostile() throws {
    let scratch = try Scratch()
    let result = try mbq.run([
      "convert", "Formats/torch/golden/bad/pickle-os-system.bin", "--config", tiny, "-o",
      scratch.path("out"),
    ])
    #expect(result.code == 3)
    #expect(
      result.errors == """
        error: 'Formats/torch/golden/bad/pickle-os-system.bin' has a pickle that asks for \
        'posix.system' (byte 2), and only tensors, plain containers and numbers are allowed; nothing in \
        it was executed. In Python, where you trust the file, save the weights alone: \
        `torch.save(model.state_dict(), "pytorch_model.bin")`

        """)
    #expect(try scratch.contents() == [])
  }

  @Test("an output that is a file, or in a folder that is not there, is refused")
  func outputs() throws {
    let scratch = try Scratch()
    try Data("x".utf8).write(to: scratch.url.appendingPathComponent("file"))
    let file = try mbq.run(["convert", tiny, "-o", scratch.path("file")])
    #expect(file.code == 3)
    #expect(
      file.errors
        == "error: cannot create '\(scratch.path("file"))': Not a directory\n")
    let missing = try mbq.run(["convert", tiny, "-o", scratch.path("a/b")])
    #expect(missing.code == 3)
    #expect(missing.errors.hasPrefix("error: cannot create '\(scratch.path("a/b"))': No such file"))
    #expect(try scratch.contents() == ["file"])
  }

  @Test("a folder with a model in it is refused, and replaced with --force, its tokenizer too")
  func occupied() throws {
    let scratch = try Scratch()
    let out = scratch.path("out")
    let google = "\(kinds)/tensorflow"
    #expect(try mbq.run(["convert", tiny, "-o", out]).code == 0)
    let refused = try mbq.run(["convert", google, "-o", out])
    #expect(refused.code == 3)
    #expect(
      refused.errors == """
        error: '\(out)' has a config.json already; name a new folder, or replace what is there with --force

        """)
    let forced = try mbq.run(["convert", google, "-o", out, "--force"])
    #expect(forced.code == 0, "\(forced.errors)")
    let files = try FileManager.default.contentsOfDirectory(atPath: out).sorted()
    #expect(files == ["config.json", "model.safetensors", "vocab.txt"])
  }

  @Test("a value too large for --dtype is refused, and nothing is left behind")
  func range() throws {
    let scratch = try Scratch()
    let folder = scratch.path("model")
    try FileManager.default.copyItem(
      at: Repository.root.appendingPathComponent(tiny), to: URL(fileURLWithPath: folder))
    let file = URL(fileURLWithPath: folder + "/model.safetensors")
    var bytes = try Data(contentsOf: file)
    // The last value of the file, 3.4e38.
    bytes.replaceSubrange((bytes.count - 4)..., with: [0x9E, 0xC9, 0x7F, 0x7F])
    try bytes.write(to: file)
    for (type, advice) in [
      ("f16", "F16 holds at most 65504"), ("bf16", "BF16 holds at most 3.3895e+38"),
    ] {
      let result = try mbq.run(["convert", folder, "-o", scratch.path("out"), "--dtype", type])
      #expect(result.code == 3)
      #expect(result.errors.contains(advice), "\(result.errors)")
      #expect(try scratch.contents() == ["model"])
    }
    #expect(
      try mbq.run(["convert", folder, "-o", scratch.path("out"), "--dtype", "f32"]).code == 0)
  }

  @Test("names with thousands of dots, escapes and a pipe do no harm to inspect")
  func hostileNames() throws {
    let scratch = try Scratch()
    let folder = scratch.path("model")
    try FileManager.default.copyItem(
      at: Repository.root.appendingPathComponent(tiny), to: URL(fileURLWithPath: folder))
    let file = URL(fileURLWithPath: folder + "/model.safetensors")
    let bytes = try Data(contentsOf: file)
    let length = bytes.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
    var header = String(decoding: bytes[8..<(8 + length)], as: UTF8.self)
    let dots = Array(repeating: "0", count: 20_000).joined(separator: ".")
    let empty = "{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}"
    header.removeFirst()
    header = "{\"\(dots)\":\(empty),\"x\\u001b[31m\\u202e.y\":\(empty)," + header
    var changed = Data(withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init))
    changed += Data(header.utf8) + bytes[(8 + length)...]
    try changed.write(to: file)
    let result = try mbq.run(["inspect", folder])
    #expect(result.code == 0, "\(result.errors)")
    #expect(!result.output.unicodeScalars.contains("\u{1B}"))
    #expect(!result.output.unicodeScalars.contains("\u{202E}"))
    #expect(result.output.utf8.count < 30_000)
    let pipe = scratch.path("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(try mbq.run(["inspect", pipe]).code == 3)
  }

  @Test("inspect compares the tensors with those config.json asks for")
  func audit() throws {
    let scratch = try Scratch()
    for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
      try FileManager.default.copyItem(
        at: Repository.root.appendingPathComponent("\(tiny)/\(name)"),
        to: scratch.url.appendingPathComponent(name))
    }
    let file = scratch.url.appendingPathComponent("config.json")
    let text = try String(contentsOf: file, encoding: .utf8)
      .replacingOccurrences(
        of: "\"num_feedforward_networks\": 2", with: "\"num_feedforward_networks\": 1"
      )
      .replacingOccurrences(
        of: "\"classifier_activation\": false", with: "\"classifier_activation\": true")
    try Data(text.utf8).write(to: file)
    let result = try mbq.run(["inspect", "\(kinds)/zip.bin", "--config", scratch.url.path])
    #expect(result.code == 0, "\(result.errors)")
    let difference = try differenceFromSnapshot(
      result.output, "Tests/mbqTests/Snapshots/inspect-audit.txt")
    #expect(difference == nil)
  }
}
