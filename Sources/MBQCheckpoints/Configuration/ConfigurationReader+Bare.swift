import MBQModel

/// Configurations without a family: google-research's `bert_config.json` has the sizes, but neither the
/// family nor the labels. Both follow from the weights.
extension ConfigurationReader {
  static func json(_ file: SourceFile) throws(CheckpointError) -> JSONValue {
    try file.json(maximumBytes: maximumBytes)
  }

  /// Whether the JSON names its family; `read` refuses JSON that is not an object.
  static func isComplete(_ json: JSONValue) -> Bool {
    guard case .object(let object) = json else { return true }
    return object["model_type"] != nil
  }

  /// Keys that only google-research's MobileBERT has.
  private static let mobileKeys = ["intra_bottleneck_size", "use_bottleneck", "trigram_input"]
  private static let distilKeys = ["dim", "n_layers"]
  private static let labelKeys = ["id2label", "num_labels"]

  /// The family by `architectures`, or by the keys, or by the weights' names.
  private static func family(_ object: JSONObject, _ tensors: [StoredTensor]) -> String {
    if case .array(let names)? = object["architectures"], case .string(let name)? = names.first,
      let family = ConfigurationFamilies.all.first(where: { $0.architecture == name })
    {
      return family.modelType
    }
    func isNamed(_ prefix: String) -> Bool { tensors.contains { $0.name.hasPrefix(prefix) } }
    if mobileKeys.contains(where: { object[$0] != nil }) || isNamed("mobilebert.") {
      return "mobilebert"
    }
    return distilKeys.allSatisfy { object[$0] != nil } || isNamed("distilbert.")
      ? "distilbert" : "bert"
  }

  /// `json` with `model_type`, and with `num_labels` if it has no key about labels.
  static func completed(
    _ json: JSONValue, _ tensors: [StoredTensor], _ path: String
  ) throws(CheckpointError) -> JSONValue {
    guard case .object(let object) = json else { return json }
    let family = family(object, tensors)
    var members = [JSONObject.Member(key: "model_type", value: .string(family))] + object.members
    if !labelKeys.contains(where: { object[$0] != nil }) {
      let classifier = tensors.first {
        $0.name == "classifier.weight" || $0.name.hasSuffix(".classifier.weight")
      }
      guard let classifier, let labels = classifier.shape.first else {
        throw .unsupported(
          path: path,
          what:
            "it names neither model_type nor labels, and the weights have no 'classifier.weight'",
          advice: "fine-tune the model for classification first; a checkpoint that was only"
            + " pretrained has no classifier")
      }
      members.append(JSONObject.Member(key: "num_labels", value: .integer(labels)))
    }
    do {
      return .object(try JSONObject(members: members))
    } catch {
      preconditionFailure("model_type and num_labels were absent")
    }
  }
}
