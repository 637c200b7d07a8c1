import MBQCheckpoints
import MBQCore
import MBQModel
import MBQReport

extension InspectResult {
  /// What it holds; `tensors` lists every tensor, `all` also every tensor that the model does not use.
  package func report(tensors: Bool, all: Bool) -> Report {
    switch subject {
    case .checkpoint(let checkpoint, let summary):
      checkpointReport(checkpoint, summary, tensors: tensors, all: all)
    case .model(let model): modelReport(model, tensors: tensors)
    }
  }

  private func checkpointReport(
    _ checkpoint: Checkpoint, _ summary: CheckpointSummary, tensors: Bool, all: Bool
  ) -> Report {
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
    blocks += auditBlocks(audit, all: all)
    if !checkpoint.wrapperPrefix.isEmpty {
      blocks.append(
        .note("every name starts with \"\(checkpoint.wrapperPrefix)\", which is left out"))
    }
    if tensors {
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
    return Report(blocks)
  }

  /// What is missing, extra or of another shape; nothing if all is as the model needs it.
  private func auditBlocks(_ audit: CheckpointAudit, all: Bool) -> [Report.Block] {
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
    let shown = all ? audit.extra.count : 20
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

  func labelsOfText(_ task: ClassificationTask) -> String {
    task == .multiLabel ? "any number" : "one"
  }

  func shape(_ shape: [Int]) -> String {
    shape.isEmpty ? "scalar" : shape.map(String.init).joined(separator: " × ")
  }
}
