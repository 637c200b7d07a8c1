import Foundation
import MBQTestSupport
import Testing

/// Exit code 3, a message that names the file and the fault, and nothing left behind.
@Suite("bad input")
struct BadInputTests {
  private let mbq = Program("mbq")

  /// A copy of the carried checkpoint with some files replaced; `nil` removes one.
  private func checkpoint(_ changes: [String: Data?]) throws -> (Scratch, String) {
    let scratch = try Scratch()
    let folder = scratch.url.appendingPathComponent("model")
    try FileManager.default.copyItem(
      at: Repository.root.appendingPathComponent("Examples/tiny-news/model"), to: folder)
    for (name, data) in changes {
      let file = folder.appendingPathComponent(name)
      try? FileManager.default.removeItem(at: file)
      if let data { try data.write(to: file) }
    }
    return (scratch, folder.path)
  }

  private func carried(_ name: String) throws -> Data {
    try Data(contentsOf: Repository.root.appendingPathComponent("Examples/tiny-news/\(name)"))
  }

  /// Expects exit code 3 and `message` in what is said, where `$` stands for the folder.
  private func refuse(
    _ changes: [String: Data?], _ message: String, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let (scratch, folder) = try checkpoint(changes)
    let result = try mbq.run(["quantize", folder, "-o", scratch.path("out.mbq")])
    #expect(result.code == 3, "\(result.errors)", sourceLocation: location)
    let said = result.errors.replacingOccurrences(of: folder, with: "$")
    #expect(said.contains(message), "\(said)", sourceLocation: location)
    #expect(try scratch.contents() == ["model"], sourceLocation: location)
  }

  private func configuration(_ change: (inout [String: Any]) -> Void) throws -> Data {
    let value = try JSONSerialization.jsonObject(with: carried("model/config.json"))
    var object = try #require(value as? [String: Any])
    change(&object)
    return try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys])
  }

  @Test("an unsupported architecture")
  func architecture() throws {
    let data = try configuration { $0["model_type"] = "roberta" }
    try refuse(["config.json": data], "roberta")
  }

  @Test("an unsupported activation")
  func activation() throws {
    let data = try configuration { $0["hidden_act"] = "swish" }
    try refuse(["config.json": data], "swish")
  }

  @Test("mis-shaped and missing tensors are all listed")
  func tensors() throws {
    let data = try configuration {
      $0["num_hidden_layers"] = 7
      $0["intermediate_size"] = 96
    }
    let (scratch, folder) = try checkpoint(["config.json": data])
    let result = try mbq.run(["quantize", folder, "-o", scratch.path("out.mbq")])
    #expect(result.code == 3)
    // 4 networks in 6 layers with three tensors of another width each, and a layer of 46 missing.
    #expect(result.errors.contains("118 tensors are wrong"), "\(result.errors)")
    #expect(result.errors.contains("intermediate.dense.weight"), "\(result.errors)")
    #expect(result.errors.contains("and 98 more"), "\(result.errors)")
  }

  @Test("a vocabulary of another size than the embedding")
  func vocabulary() throws {
    let pieces = String(decoding: try carried("model/vocab.txt"), as: UTF8.self)
    try refuse(
      ["tokenizer.json": nil, "vocab.txt": Data((pieces + "extra\n").utf8)], "2401")
  }

  @Test("weights that are not finite")
  func notFinite() throws {
    var data = try carried("model/model.safetensors")
    // A half float NaN at the very end, in the last tensor.
    data[data.count - 1] = 0x7E
    data[data.count - 2] = 0x01
    try refuse(["model.safetensors": data], "NaN")
  }

  @Test("weights cut short")
  func cutShort() throws {
    let data = try carried("model/model.safetensors")
    try refuse(["model.safetensors": data.prefix(data.count - 100)], "model.safetensors")
  }

  @Test("a folder without weights, and no folder at all")
  func missing() throws {
    try refuse(["model.safetensors": nil], "model.safetensors")
    let result = try mbq.run(["quantize", "no/such/folder"])
    #expect(result.code == 3)
    #expect(result.errors.contains("no/such/folder"))
  }

  @Test("a place that cannot be written")
  func unwritable() throws {
    let result = try mbq.run([
      "quantize", "Examples/tiny-news/model", "-o", "/no-such-folder/out.mbq",
    ])
    #expect(result.code == 3)
    #expect(
      result.errors
        == "error: cannot create '/no-such-folder/out.mbq': No such file or directory; "
        + "check the spelling of the path\n")
  }

  @Test("datasets: a column that is not there, a label the model does not have, no rows")
  func datasets() throws {
    let scratch = try Scratch()
    let model = scratch.path("m.mbq")
    let made = try mbq.run(["quantize", "Examples/tiny-news/model", "-o", model])
    try #require(made.code == 0, "\(made.errors)")
    for (text, message) in [
      ("titel,texte,label\na,b,0\n", "text"), ("title,text,label\na,b,2\n", "real"),
      ("title,text,label\n", "row"), ("", "empty"), ("title,text,label\na,\"b,0\n", "quote"),
    ] {
      let file = scratch.path("data.csv")
      try Data(text.utf8).write(to: URL(fileURLWithPath: file))
      let result = try mbq.run(["evaluate", model, "--data", file])
      #expect(result.code == 3, "\(text): \(result.errors)")
      #expect(result.errors.contains(message), "\(text): \(result.errors)")
      #expect(result.output == "")
    }
  }

  @Test("a packed model cut short or altered is refused by every command that reads one")
  func damaged() throws {
    let scratch = try Scratch()
    let model = scratch.path("m.mbq")
    let made = try mbq.run(["quantize", "Examples/tiny-news/model", "-o", model])
    try #require(made.code == 0, "\(made.errors)")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: model))
    let short = scratch.path("short.mbq")
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: short))
    bytes[bytes.count / 2] ^= 1
    let altered = scratch.path("altered.mbq")
    try bytes.write(to: URL(fileURLWithPath: altered))
    for arguments in [["classify"], ["verify"], ["inspect"], ["benchmark"]] {
      var result = try mbq.run([arguments[0], short])
      #expect(result.code == 3)
      #expect(result.errors.contains("the file is cut short"), "\(result.errors)")
      result = try mbq.run([arguments[0], altered])
      #expect(result.code == 3)
      #expect(result.errors.contains("weights section does not match its checksum"))
    }
    let other = try mbq.run(["classify", "README.md", "text"])
    #expect(other.code == 3)
    #expect(other.errors.hasPrefix("error: README.md: not an .mbq file"))
  }
}
