import ArgumentParser
import Foundation
import MBQCheckpoints
import MBQCore
import MBQFormat
import MBQModel
import MBQQuantizer
import MBQReport
import MBQRuntime
import MBQSchemes

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what a checkpoint or a packed model holds.",
    discussion: """
      Examples:
        mbq inspect ./my-model               # the architecture, as a tree
        mbq inspect ./my-model --tensors     # every tensor with its range
        mbq inspect weights.pt --config ./base   # what is missing, extra or mis-shaped
        mbq inspect model.mbq                # operations, schemes, provenance
      """)

  @Argument(
    help:
      "An .mbq file, or a checkpoint: a folder, or its weights (safetensors, torch, TensorFlow, ONNX, npz)."
  )
  var path: String

  @Option(
    help: "The folder with config.json and the tokenizer, if they are not beside the weights.")
  var config: String?

  @Flag(help: "List every tensor.")
  var tensors = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    if PackedFiles.isPacked(path) {
      try showPacked(try Model(path: path))
    } else {
      do throws(CheckpointError) {
        try showCheckpoint(try Checkpoint.open(path: path, configuration: config))
      } catch {
        throw QuantizerError.checkpoint(error)
      }
    }
  }

  // MARK: Checkpoints

  private func showCheckpoint(_ checkpoint: Checkpoint) throws(CheckpointError) {
    let summary = try CheckpointSummary(checkpoint, withRanges: tensors || json)
    let c = checkpoint.configuration
    var blocks: [Report.Block] = [
      .facts([
        .init("checkpoint", path),
        .init(
          "model",
          "\(c.family.rawValue), \(c.layerCount) layers, hidden \(c.hiddenSize), "
            + "\(c.headCount) heads, up to \(c.maximumPositions) tokens"),
        .init("format", checkpoint.format),
        .init("labels", c.labels.joined(separator: ", ")),
        .init("labels a text", labelsOfText(c.task)),
        .init("parameters", .count(summary.parameterCount)),
        .init("weights", .bytes(summary.byteCount)),
        .init("vocabulary", .count(c.vocabularySize)),
      ])
    ]
    let audit = CheckpointAudit(checkpoint, ModelFamilies.lower(c).requirements)
    blocks += auditBlocks(audit)
    if !checkpoint.wrapperPrefix.isEmpty {
      blocks.append(
        .note("every name starts with \"\(checkpoint.wrapperPrefix)\", which is left out"))
    }
    if tensors || json {
      var table = ReportTable(
        columns: [
          .text("name", overflow: .wrap), .text("shape"), .text("type"), .number("minimum", "min"),
          .number("maximum", "max"), .number("mean_magnitude", "mean |x|"),
        ])
      for tensor in summary.tensors {
        table.rows.append([
          .text(tensor.name), .text(shape(tensor.shape)), .text(tensor.elementType.rawValue),
          tensor.range.map { .number(Double($0.minimum), digits: 4) } ?? .missing,
          tensor.range.map { .number(Double($0.maximum), digits: 4) } ?? .missing,
          tensor.range.map { .number($0.meanMagnitude, digits: 4) } ?? .missing,
        ])
      }
      blocks.append(.table(table))
    } else {
      var tree = ModuleTree()
      for tensor in summary.tensors {
        tree.add(
          tensor.name, leaf: "\(shape(tensor.shape)) \(tensor.elementType.rawValue)",
          parameters: tensor.parameterCount)
      }
      blocks.append(.verbatim(tree.text))
    }
    for warning in checkpoint.warnings { blocks.append(.note(warning)) }
    Output.show(Report(blocks), json: json)
  }

  /// What is missing, extra or of another shape; nothing if all is as the model needs it.
  private func auditBlocks(_ audit: CheckpointAudit) -> [Report.Block] {
    guard !audit.problems.isEmpty || !audit.extra.isEmpty else { return [] }
    var table = ReportTable(
      title: "against the model config.json describes",
      columns: [
        .text("problem"), .text("tensor"), .text("found"), .text("needed"),
        .text("nearest", "most similar name"),
      ])
    func row(_ cells: String...) { table.rows.append(cells.map { .text($0) }) }
    for problem in audit.problems {
      switch problem {
      case .missing(let name, let needed, let nearest):
        row("missing", name, "", shape(needed), nearest ?? "")
      case .shape(let name, let found, let needed):
        row("shape", name, shape(found), shape(needed), "")
      case .type(let name, let found):
        row("type", name, found.rawValue, "F32, F16, BF16, F64", "")
      }
    }
    // Optimizer states come by the thousand.
    let shown = json || tensors ? audit.extra.count : 20
    for tensor in audit.extra.prefix(shown) {
      row("not used", tensor.name, shape(tensor.shape), "", "")
    }
    var blocks: [Report.Block] = [.table(table)]
    if audit.extra.count > shown {
      blocks.append(
        .note("and \(audit.extra.count - shown) more that are not used; --tensors shows them"))
    }
    return blocks
  }

  // MARK: Packed models

  private func showPacked(_ model: Model) throws {
    let header = model.packed.header
    let description = ModelDescription(model, path: path)
    var parameters = 0
    for tensor in header.tensors { parameters += tensor.rows * tensor.columns }
    var blocks: [Report.Block] = [
      .facts(
        [
          .init("model", path),
          .init("size", .bytes(description.fileBytes)),
          .init("mostly", description.scheme),
          .init(
            "activations",
            header.activations == .int8PerToken ? "int8, one scale a token" : "fp32"),
          .init("labels", header.labels.joined(separator: ", ")),
          .init("labels a text", labelsOfText(header.task)),
        ] + decision(header) + [
          .init("stored values", .count(parameters)),
          .init("layers", .integer(description.layerCount)),
          .init("longest text, tokens", .integer(header.maximumTokens)),
          .init("operations", .integer(header.steps.count)),
          .init("memory a token", .bytes(header.plan.batchWidth * 4)),
          .init("digest", hexadecimal(model.packed.statedDigest)),
        ])
    ]
    var sections = ReportTable(
      title: "sections", columns: [.text("section"), .number("bytes", "size"), .text("stored")])
    for section in model.packed.sections {
      sections.rows.append([
        .text(section.kind.name.text), .bytes(section.length),
        .text(section.isCompressed ? "compressed from \(Human.bytes(section.rawLength))" : "as is"),
      ])
    }
    blocks.append(.table(sections))
    if tensors || json {
      var table = ReportTable(
        title: "tensors",
        columns: [.text("name"), .text("shape"), .text("scheme"), .number("bytes", "size")])
      for (index, tensor) in header.tensors.enumerated() {
        table.rows.append([
          .text(header.tensorName(index).text), .text("\(tensor.rows) × \(tensor.columns)"),
          .text(tensor.scheme.name),
          .bytes(tensor.byteCount),
        ])
      }
      blocks.append(.table(table))
    } else {
      blocks.append(.table(operations(header)))
    }
    blocks.append(.heading("Provenance"))
    // From a stranger's file, like the names above.
    blocks.append(.verbatim(DisplayText.clean(header.provenance, limit: 1 << 20)))
    Output.show(Report(blocks), json: json)
  }

  /// Operations in order; layers like the one before are left out.
  private func operations(_ header: PackedHeader) -> ReportTable {
    var table = ReportTable(
      title: "operations", columns: [.text("name"), .text("operation"), .text("shape")])
    var shown: Int?
    for (index, step) in header.steps.enumerated() {
      if let layer = step.layer, layer > 0 {
        if shown == 0 {
          table.rows.append([.text("layer.1 …"), .text("as layer.0"), .text("")])
        }
        shown = layer
        continue
      }
      shown = step.layer
      let kind: String
      switch step.operation {
      case .embed(let o): kind = o.trigram ? "embed, three tokens" : "embed"
      case .linear(let o):
        let parts = [
          "linear", o.activation == .none ? nil : "\(o.activation)",
          o.residual == nil ? nil : "residual", o.norm.map { "\($0.kind)" },
        ]
        kind = parts.compactMap { $0 }.joined(separator: ", ")
      case .attention(let o): kind = "attention, \(o.heads) heads"
      case .normalize(let o): kind = "\(o.norm.kind)"
      case .pool: kind = "first token"
      }
      let input = step.operation.inputs.first.map { "\($0.width) → " } ?? ""
      table.rows.append([
        .text(header.stepName(index).text), .text(kind),
        .text("\(input)\(step.operation.output.width)"),
      ])
    }
    return table
  }

  /// What `mbq tune-threshold` left.
  private func decision(_ header: PackedHeader) -> [Report.Fact] {
    guard header.decision != Decision() else { return [] }
    return [
      .init("temperature", .number(Double(header.decision.temperature), digits: 4)),
      .init("threshold", .number(Double(header.decision.threshold), digits: 4)),
    ]
  }

  private func labelsOfText(_ task: ClassificationTask) -> String {
    task == .multiLabel ? "any number" : "one"
  }

  private func shape(_ shape: [Int]) -> String {
    shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: " × ")
  }
}
