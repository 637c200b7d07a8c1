import ArgumentParser
import MBQEvaluation
import MBQModel
import MBQReport
import MBQRuntime
import MBQToolchain

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Labels texts: arguments, lines of standard input, or a column of a dataset.",
    discussion: """
      Prints the label, its probability and the text, separated by tabs; with --json one object a line.
      A multi-label model gives all labels above one half, and their probabilities,
      separated by commas, or - for none.

      Examples:
        mbq classify model.mbq "First text" "Second text"
        cat headlines.txt | mbq classify model.mbq
        mbq classify model.mbq --data news.csv --text-column title
      """)

  @Argument(help: "The packed model.")
  var model: String

  @Argument(help: "Texts (default: every line of standard input).")
  var texts: [String] = []

  @Option(
    help: ArgumentHelp("A dataset to take the texts from; - is standard input.", valueName: "file"))
  var data: String?

  @OptionGroup var columns: DataOptions

  @Option(help: ArgumentHelp("Cut texts to this many tokens.", valueName: "n"))
  var maxTokens: Int?

  @Flag(help: "Print one JSON object a line.")
  var json = false

  @OptionGroup var runtime: RuntimeOptions

  func validate() throws {
    guard data == nil || texts.isEmpty else {
      throw ValidationError("Give either texts or --data, not both.")
    }
  }

  func run() throws {
    let toolchain = runtime.toolchain
    let model = try toolchain.model(model)
    let pool = try toolchain.pool()
    defer { withExtendedLifetime(pool) {} }
    let state = RunState(model: model, parallel: pool.parallel)
    // A person typing lines, or a program behind a pipe, wants each answer at once.
    let immediate = data == nil
    var stream = try TextStream<Int>(
      model, state, limit: maxTokens, tokensPerBatch: immediate ? 1 : 4096)
    if let data {
      var rows = try columns.dataset.unlabelledTexts(data)
      while let row = try rows.next() { show(try stream.add(row.text, row.row), model) }
    } else if !texts.isEmpty {
      for (index, text) in texts.enumerated() { show(try stream.add(text, index + 1), model) }
    } else {
      var count = 0
      while let line = readLine() {
        count += 1
        show(try stream.add(line, count), model)
      }
    }
    show(try stream.finish(), model)
    if stream.truncatedCount > 0, !json {
      toolchain.advise(.truncated(texts: stream.truncatedCount, limit: stream.tokenLimit))
    }
  }

  private func show(_ answers: [TextStream<Int>.Answer], _ model: Model) {
    for answer in answers {
      let said = answer.classification
      if json {
        let one: [JSONMember] = [
          JSONMember("label", .string(model.labels[said.label])),
          JSONMember("probability", .number(Double(said.probabilities[said.label]))),
        ]
        let any = [
          JSONMember("labels", .array(said.labels.map { .string(model.labels[$0]) }))
        ]
        let row = [JSONMember("row", .integer(answer.row))]
        let members =
          row + (model.isMultiLabel ? any : one) + [
            JSONMember(
              "probabilities",
              .object(
                zip(model.labels, said.probabilities).map { JSONMember($0, .number(Double($1))) })),
            JSONMember("logits", .array(said.logits.map { .number(Double($0)) })),
            JSONMember("tokens", .integer(said.tokenCount)),
            JSONMember("truncated", .boolean(said.isTruncated)),
          ]
        Output.show(JSONValue.object(members).line)
      } else {
        let labels = said.labels.map { model.labels[$0] }.joined(separator: ",")
        let probabilities = said.labels.map {
          fixedPoint(Double(said.probabilities[$0]), digits: 4)
        }.joined(separator: ",")
        let answers = said.labels.isEmpty ? "-\t-" : "\(labels)\t\(probabilities)"
        Output.show("\(answers)\t\(DisplayText.clean(answer.text))")
      }
      Output.stopIfNobodyReads()
    }
  }
}
