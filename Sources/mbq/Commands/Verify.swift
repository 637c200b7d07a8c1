import ArgumentParser
import MBQReport
import MBQToolchain

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
    let result = try Toolchain(onEvent: Events.handler()).verify(model)
    var table = ReportTable(columns: [
      .text("kernels"), .number("texts"), .number("tokens", "ids equal"),
      .number("logits", "bits equal"),
    ])
    for set in result.kernels {
      table.rows.append([
        .text(set.name), .integer(set.texts), .integer(set.sameTokens), .integer(set.sameLogits),
      ])
    }
    let isExact = result.failures.isEmpty
    Output.show(
      Report([
        .facts([.init("model", model)]), .table(table),
        .note(isExact ? "whole, and exact with every kernel set" : "does not verify"),
      ]), json: json)
    if !isExact {
      throw CommandError.checkFailed(
        "'\(model)' does not verify: \(result.failures.joined(separator: "; ")); "
          + "copy the file again, or report the kernel set")
    }
  }
}
