import MBQCore
public import MBQFormat
import MBQModel
import MBQSchemes

/// What two packed models do not have in common: operations and tensors, matched by name, and settings.
public struct ModelDifference: Sendable {
  public enum Change: String, Sendable {
    case added, removed, changed
  }

  public struct OperationChange: Equatable, Sendable {
    public var name: String
    public var change: Change
    /// What is another, such as `input grid int8 → int16`; the operation itself if added or removed.
    public var what: String
  }

  public struct TensorChange: Equatable, Sendable {
    /// As it is stored.
    public struct Form: Equatable, Sendable {
      public var scheme: String
      public var rows: Int
      public var columns: Int
      public var bits: Int
      /// Elements, group bytes and scales.
      public var bytes: Int
    }

    public var name: String
    public var change: Change
    public var a: Form?
    public var b: Form?
    /// Where both have one shape.
    public var difference: TensorDifference?
  }

  public struct Setting: Equatable, Sendable {
    public var name: String
    public var a: String
    public var b: String
  }

  public var operations: [OperationChange] = []
  public var tensors: [TensorChange] = []
  public var settings: [Setting] = []
  /// Tensors that are the same bits in the same scheme.
  public var sameTensors = 0

  public var isEmpty: Bool { operations.isEmpty && tensors.isEmpty && settings.isEmpty }

  public init(_ a: PackedModel, _ b: PackedModel, progress: (Double) -> Void = { _ in }) {
    compareSettings(a, b)
    compareOperations(a.header, b.header)
    compareTensors(a, b, progress)
  }

  // MARK: Settings

  private mutating func compareSettings(_ a: PackedModel, _ b: PackedModel) {
    func add(_ name: String, _ first: String, _ second: String) {
      if first != second { settings.append(Setting(name: name, a: first, b: second)) }
    }
    let (x, y) = (a.header, b.header)
    add("labels", x.labels.joined(separator: ", "), y.labels.joined(separator: ", "))
    add("task", "\(x.task)", "\(y.task)")
    add("activations", "\(x.activations)", "\(y.activations)")
    add("longest text", "\(x.maximumTokens) tokens", "\(y.maximumTokens) tokens")
    add("word embeddings", "\(x.vocabularyCount)", "\(y.vocabularyCount)")
    add("temperature", "\(x.decision.temperature)", "\(y.decision.temperature)")
    add("threshold", "\(x.decision.threshold)", "\(y.decision.threshold)")
    for (name, first, second) in [
      ("tokenizer options", a.tokenizerOptions, b.tokenizerOptions),
      ("vocabulary", a.vocabulary, b.vocabulary),
    ] where !first.elementsEqual(second) {
      func digest(_ bytes: UnsafeRawBufferPointer) -> String {
        "\(bytes.count) bytes, \(hexadecimal(sha256(bytes).prefix(4)))…"
      }
      add(name, digest(first), digest(second))
    }
  }

  // MARK: Operations

  private mutating func compareOperations(_ a: PackedHeader, _ b: PackedHeader) {
    func named(_ header: PackedHeader) -> [(name: String, text: [(String, String)])] {
      header.steps.indices.map { index in
        (header.stepName(index).text, Self.describe(header.steps[index].operation))
      }
    }
    let (first, second) = (named(a), named(b))
    let others = Dictionary(second.map { ($0.name, $0.text) }, uniquingKeysWith: { old, _ in old })
    let known = Set(first.map(\.name))
    func line(_ fields: [(String, String)]) -> String {
      // Of one alone, what it has not needs no telling.
      fields.filter { !["", "no", "none"].contains($0.1) }.map { "\($0.0) \($0.1)" }
        .joined(separator: ", ")
    }
    for (name, text) in first {
      guard let other = others[name] else {
        operations.append(OperationChange(name: name, change: .removed, what: line(text)))
        continue
      }
      let changes = zip(text, other).filter { $0.1 != $1.1 }.map { "\($0.0) \($0.1) → \($1.1)" }
      if !changes.isEmpty {
        operations.append(
          OperationChange(name: name, change: .changed, what: changes.joined(separator: ", ")))
      }
    }
    for (name, text) in second where !known.contains(name) {
      operations.append(OperationChange(name: name, change: .added, what: line(text)))
    }
  }

  /// The same fields for every operation, so that two can be laid side by side.
  private static func describe(_ operation: Operation) -> [(String, String)] {
    var fields = [
      "operation": "", "inputs": operation.inputs.map { "\($0.width)" }.joined(separator: "+"),
      "outputs": "\(operation.output.width)", "activation": "none", "norm": "none",
      "input grid": "none", "smoothing": "no", "heads": "none",
    ]
    func grid(_ grid: ActivationGrid) -> String {
      switch grid {
      case .int8PerToken: "own steps"
      case .int8Static: "static"
      case .int16PerToken: "16 bits"
      }
    }
    switch operation {
    case .embed(let o): fields["operation"] = o.trigram ? "embed trigrams" : "embed"
    case .linear(let o):
      fields["operation"] = "linear"
      fields["activation"] = "\(o.activation)"
      fields["norm"] = o.norm.map { "\($0.kind)" } ?? "none"
      fields["input grid"] = grid(o.inputGrid)
      fields["smoothing"] = o.smoothing == nil ? "no" : "yes"
    case .attention(let o):
      fields["operation"] = "attention"
      fields["heads"] = "\(o.heads)"
      fields["input grid"] = o.steps == nil ? "own steps" : "static"
    case .normalize(let o):
      fields["operation"] = "normalize"
      fields["norm"] = "\(o.norm.kind)"
    case .pool: fields["operation"] = "pool"
    }
    return [
      "operation", "inputs", "outputs", "activation", "norm", "input grid", "smoothing", "heads",
    ].map { ($0, fields[$0] ?? "") }
  }

  // MARK: Tensors

  private mutating func compareTensors(
    _ a: PackedModel, _ b: PackedModel, _ progress: (Double) -> Void
  ) {
    func places(_ model: PackedModel) -> [String: Int] {
      Dictionary(
        model.header.tensors.indices.map { (model.header.tensorName($0).text, $0) },
        uniquingKeysWith: { old, _ in old })
    }
    func form(_ model: PackedModel, _ index: Int) -> TensorChange.Form {
      let tensor = model.header.tensors[index]
      return TensorChange.Form(
        scheme: tensor.scheme.name, rows: tensor.rows,
        columns: tensor.columns, bits: tensor.scheme.bits,
        bytes: tensor.byteCount + (tensor.scheme.hasScales ? 2 * tensor.rows : 0))
    }
    let (first, second) = (places(a), places(b))
    let smoothing = [Self.smoothing(a), Self.smoothing(b)]
    let order = first.sorted { $0.value < $1.value }
    for (count, (name, index)) in order.enumerated() {
      progress(Double(count + 1) / Double(order.count))
      guard let other = second[name] else {
        tensors.append(TensorChange(name: name, change: .removed, a: form(a, index)))
        continue
      }
      let forms = (form(a, index), form(b, other))
      if forms.0 == forms.1, a.matrix(index) == b.matrix(other) {
        sameTensors += 1
        continue
      }
      var change = TensorChange(name: name, change: .changed, a: forms.0, b: forms.1)
      if forms.0.rows == forms.1.rows, forms.0.columns == forms.1.columns {
        // A smoothed weight is what it is together with the factors of its input.
        change.difference = TensorDifference(
          Self.effective(a, index, smoothing[0]), Self.effective(b, other, smoothing[1]),
          rows: forms.0.rows, columns: forms.0.columns)
      }
      tensors.append(change)
    }
    for (name, index) in second.sorted(by: { $0.value < $1.value }) where first[name] == nil {
      tensors.append(TensorChange(name: name, change: .added, b: form(b, index)))
    }
  }

  /// The factors each weight's input is multiplied with, by the weight.
  private static func smoothing(_ model: PackedModel) -> [Int: Int] {
    var result: [Int: Int] = [:]
    for step in model.header.steps {
      guard case .linear(let linear) = step.operation, let factors = linear.smoothing else {
        continue
      }
      result[linear.weight] = factors
    }
    return result
  }

  private static func effective(
    _ model: PackedModel, _ index: Int, _ smoothing: [Int: Int]
  ) -> [Float] {
    var values = model.values(index)
    guard let vector = smoothing[index] else { return values }
    let factors = model.values(vector)
    for place in values.indices { values[place] *= factors[place % factors.count] }
    return values
  }
}
