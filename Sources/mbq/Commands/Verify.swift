import ArgumentParser
import MBQCore
import MBQFormat
import MBQKernels
import MBQReport
import MBQRuntime
import MBQTokenizer

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks that a packed model is whole and gives, here, exactly the stored answers.",
    discussion: """
      Compares the file's digest, and the token ids and the bits of the logits of the texts stored in \
      it, with every kernel set this processor runs.

      Example:
        mbq verify model.mbq
      """)

  @Argument(help: "The packed model.")
  var model: String

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let first = try Model.packed(at: model)
    let file = try MappedFile(path: model)
    let body = UnsafeRawBufferPointer(rebasing: file.bytes[64...])
    var failures: [String] = []
    if sha256(body) != first.packed.statedDigest {
      failures.append("the file's digest (SHA-256) is not the one it states")
    }
    var table = ReportTable(columns: [
      .text("kernels"), .number("texts"), .number("tokens", "ids equal"),
      .number("logits", "bits equal"),
    ])
    let goldens = first.packed.header.goldens
    for set in KernelSets.runnable {
      let model = try Model(path: model, kernels: set)
      let state = RunState(model: model)
      var sameTokens = 0
      var sameLogits = 0
      for golden in goldens {
        let ids = model.tokenizer.encode(golden.text, limit: model.maximumTokens).ids
        if ids == golden.tokens { sameTokens += 1 }
        let bits = try state.logits([golden.tokens]).map(\.bitPattern)
        if bits == golden.logitBits { sameLogits += 1 }
      }
      if sameTokens < goldens.count {
        failures.append("\(goldens.count - sameTokens) texts get other token ids")
      }
      if sameLogits < goldens.count {
        failures.append("\(goldens.count - sameLogits) texts get other logits with \(set.name)")
      }
      table.rows.append([
        .text(set.name), .integer(goldens.count), .integer(sameTokens), .integer(sameLogits),
      ])
    }
    if goldens.isEmpty { failures.append("the file holds no golden vectors to compare with") }
    var report = Report([.facts([.init("model", model)]), .table(table)])
    report.blocks.append(
      .note(failures.isEmpty ? "whole, and exact with every kernel set" : "does not verify"))
    Output.show(report, json: json)
    if !failures.isEmpty {
      throw CommandError.checkFailed(
        "'\(model)' does not verify: \(failures.joined(separator: "; ")); "
          + "copy the file again, or report the kernel set")
    }
  }
}
