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
