import MBQModel

/// Reads the names of the classes, in the order of the logits.
enum LabelReader {
  private static func allowedCount(_ task: ClassificationTask) -> ClosedRange<Int> {
    // A single label makes sense only if a text may have no label.
    task == .multiLabel ? 1...1024 : 2...1024
  }

  /// Of one label's name, in UTF-8.
  private static let maximumBytes = 1024

  static func labels(
    _ fields: ConfigurationFields, _ task: ClassificationTask, warnings: inout [String]
  ) throws(CheckpointError) -> [String] {
    let allowed = allowedCount(task)
    let stated = try statedCount(fields, allowed)
    guard let value = fields.present("id2label") else {
      // The default names of transformers, which assumes two classes.
      let count = stated ?? 2
      try check(count, allowed, fields)
      return (0..<count).map { "LABEL_\($0)" }
    }
    guard case .object(let object) = value else {
      throw fields.refuse("id2label", value, allowed: "an object with one name a class")
    }
    try check(object.members.count, allowed, fields)
    var labels: [String] = []
    for index in 0..<object.members.count {
      let key = "id2label[\"\(index)\"]"
      guard let value = object["\(index)"] else {
        throw .field(
          path: fields.path, key: key, found: "missing",
          allowed: "the keys \"0\" to \"\(object.members.count - 1)\", each once")
      }
      guard case .string(let label) = value, (1...maximumBytes).contains(label.utf8.count) else {
        throw fields.refuse(key, value, allowed: "a name of 1 to \(maximumBytes) bytes")
      }
      if let other = labels.firstIndex(where: { ExactString($0) == ExactString(label) }) {
        throw .unsupported(
          path: fields.path,
          what: "the classes \(other) and \(index) are both called \(quoted(label, "\""))",
          advice: "give each its own name in id2label")
      }
      labels.append(label)
    }
    if let stated, stated != labels.count {
      warnings.append(
        "\(quoted(fields.path)): num_labels is \(stated), and id2label names \(labels.count)"
          + " classes; id2label was used")
    }
    warnInverse(fields, labels, &warnings)
    return labels
  }

  private static func statedCount(
    _ fields: ConfigurationFields, _ allowed: ClosedRange<Int>
  ) throws(CheckpointError) -> Int? {
    guard let value = fields.present("num_labels") else { return nil }
    guard case .integer(let count) = value else {
      throw fields.refuse("num_labels", value, allowed: described(allowed))
    }
    return count
  }

  private static func described(_ allowed: ClosedRange<Int>) -> String {
    "a whole number from \(allowed.lowerBound) to \(allowed.upperBound)"
  }

  private static func check(
    _ found: Int, _ allowed: ClosedRange<Int>, _ fields: ConfigurationFields
  ) throws(CheckpointError) {
    if allowed.contains(found) { return }
    if found == 1 {
      throw .unsupported(
        path: fields.path, what: "the model has one label, which transformers takes for regression",
        advice: "supported: at least two labels to choose between, or problem_type"
          + " \"multi_label_classification\" if a text has the label or not")
    }
    throw .field(
      path: fields.path, key: "the number of labels", found: "\(found)",
      allowed: described(allowed))
  }

  /// label2id is the same map backwards; transformers does not compare the two either.
  private static func warnInverse(
    _ fields: ConfigurationFields, _ labels: [String], _ warnings: inout [String]
  ) {
    guard case .object(let inverse)? = fields.object["label2id"] else { return }
    for (index, label) in labels.enumerated() {
      if case .integer(index)? = inverse[label] { continue }
      warnings.append(
        "\(quoted(fields.path)): label2id and id2label disagree about \(quoted(label, "\""));"
          + " id2label was used")
      return
    }
  }
}
