public import MBQModel

/// Reads config.json: the family of the model, its sizes and its labels.
public enum ConfigurationReader {
  struct Result {
    var configuration: ModelConfiguration
    var warnings: [String]
  }

  static let maximumBytes = 4 << 20

  /// The configuration in the JSON of a config.json; errors use `path` as its name.
  public static func configuration(
    _ json: JSONValue, path: String
  ) throws(CheckpointError) -> ModelConfiguration {
    try read(json, path: path).configuration
  }

  static func read(_ json: JSONValue, path: String) throws(CheckpointError) -> Result {
    let fields = try ConfigurationFields(json, path: path)
    let family = try family(fields)
    try checkArchitecture(fields, family)
    let task = try task(fields)
    var warnings: [String] = []
    let labels = try LabelReader.labels(fields, task, warnings: &warnings)
    var configuration = try family.configuration(fields, labels: labels)
    configuration.task = task
    return Result(configuration: configuration, warnings: warnings)
  }

  private static func family(
    _ fields: ConfigurationFields
  ) throws(CheckpointError) -> any ConfigurationFamily.Type {
    let known = listed(ConfigurationFamilies.all.map { quoted($0.modelType, "\"") }, "or")
    guard let name = try fields.text("model_type") else {
      throw fields.refuse("model_type", fields.object["model_type"], allowed: known)
    }
    guard let family = ConfigurationFamilies.all.first(where: { $0.modelType == name }) else {
      throw .unsupported(
        path: fields.path, what: "the model is of type \(quoted(name, "\""))",
        advice: "supported: \(known), fine-tuned for sequence classification")
    }
    return family
  }

  /// Refuses models that are not complete text classifiers.
  private static func checkArchitecture(
    _ fields: ConfigurationFields, _ family: any ConfigurationFamily.Type
  ) throws(CheckpointError) {
    if let value = fields.present("architectures") {
      guard case .array(let names) = value else {
        throw fields.refuse("architectures", value, allowed: "a list with one name")
      }
      let isClassifier = names.contains {
        if case .string(let name) = $0 { name == family.architecture } else { false }
      }
      guard isClassifier else {
        let found = names.first?.summary ?? "an empty list"
        throw .unsupported(
          path: fields.path, what: "architectures holds \(found)",
          advice: "supported: \(quoted(family.architecture, "\"")); fine-tune the model with that"
            + " class, which adds the classifier, and save it")
      }
    }
    if fields.present("quantization_config") != nil {
      throw .unsupported(
        path: fields.path, what: "the weights are quantized already (quantization_config)",
        advice: "use the checkpoint from before quantization")
    }
    switch fields.present("pruned_heads") {
    case nil: return
    case .object(let heads)? where heads.members.isEmpty: return
    case .object?:
      throw .unsupported(
        path: fields.path, what: "attention heads were removed (pruned_heads)",
        advice: "use the checkpoint from before pruning; layers of different numbers of heads are"
          + " not supported")
    case let value?:
      throw fields.refuse("pruned_heads", value, allowed: "an empty object")
    }
  }

  private static func task(
    _ fields: ConfigurationFields
  ) throws(CheckpointError) -> ClassificationTask {
    guard let type = fields.present("problem_type") else { return .singleLabel }
    switch type {
    case .string("single_label_classification"): return .singleLabel
    case .string("multi_label_classification"): return .multiLabel
    case .string("regression"):
      throw .unsupported(
        path: fields.path, what: "problem_type is \"regression\"",
        advice: "only models that give texts labels are supported")
    default:
      throw fields.refuse(
        "problem_type", type,
        allowed: "\"single_label_classification\", \"multi_label_classification\" or null")
    }
  }
}

/// A family of models as config.json describes it.
///
/// A conforming type is one file in Configuration/ and one line in `ConfigurationFamilies.all`.
protocol ConfigurationFamily: Sendable {
  /// `model_type` in config.json.
  static var modelType: String { get }
  /// The class in transformers whose checkpoints are read.
  static var architecture: String { get }

  static func configuration(
    _ fields: ConfigurationFields, labels: [String]
  ) throws(CheckpointError) -> ModelConfiguration
}

/// Every family this build reads.
///
/// To add one: a file in Configuration/, and a line here.
enum ConfigurationFamilies {
  static let all: [any ConfigurationFamily.Type] = [
    MobileBERTConfiguration.self, BERTConfiguration.self, DistilBERTConfiguration.self,
  ]
}
