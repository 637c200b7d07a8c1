import MBQCheckpoints
import MBQCore
import MBQFormat
import MBQModel
import MBQQuantizer
import MBQReport
import MBQRuntime
import MBQSchemes

extension InspectResult {
  func modelReport(_ model: Model, tensors: Bool) -> Report {
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
    if tensors {
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
    return Report(blocks)
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
}
