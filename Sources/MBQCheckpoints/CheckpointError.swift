public import MBQCore

/// Why a checkpoint cannot be used.
public enum CheckpointError: ExplainedError, Equatable {
  case file(FileError)
  case json(JSONError)
  case safetensors(SafetensorsError)
  /// A file of weights in one of the other formats that are read.
  case format(FormatError)
  /// A folder without a file that every checkpoint has; `advice` names its source.
  case missingFile(folder: String, name: String, advice: String)
  /// A folder with no weights in a format that is read; `found` is a file in one that is not.
  case noWeights(folder: String, found: String?, format: String?, advice: String?)
  /// A folder with weights in files of no usual name, and more than one of them.
  case severalWeights(folder: String, [String])
  /// A `Trainer`'s output folder with more than one checkpoint and no known best one; `reason` says why.
  case severalCheckpoints(folder: String, [String], reason: String)
  /// A file in a format that is not read.
  case unknownFormat(path: String, format: String?, advice: String?)
  /// A value in a JSON file, at `key` such as `id2label["0"]`.
  case field(path: String, key: String, found: String, allowed: String)
  case unsupported(path: String, what: String, advice: String)
  /// A vocab.txt that is no vocabulary; `line` from 1.
  case vocabularyLine(path: String, line: Int, problem: String)
  case vocabulary(path: String, problem: String)
  case vocabularySize(path: String, pieces: Int, configuration: String, rows: Int)
  case tensors(path: String, [TensorProblem])
  case notFinite(path: String, [NonFiniteTensor])

  public var explanation: String {
    switch self {
    case .file(let error): return error.explanation
    case .json(let error): return error.explanation
    case .safetensors(let error): return error.explanation
    case .format(let error): return error.explanation
    case .severalWeights(let folder, let names):
      return "\(quoted(folder)) has weights in several files: \(listed(names.map { quoted($0) }));"
        + " name the one to use"
    case .severalCheckpoints(let folder, let names, let reason):
      return "\(quoted(folder)) holds several checkpoints (\(names.joined(separator: ", "))), and"
        + " nothing tells which is the best: \(reason); name the one to use, such as"
        + " \(quoted(folder + (folder.hasSuffix("/") ? "" : "/") + (names.last ?? "")))"
    case .missingFile(let folder, let name, let advice):
      return "\(quoted(folder)) has no \(name); \(advice)"
    case .noWeights(let folder, let found?, let format?, let advice?):
      return "\(quoted(folder)) has its weights in \(quoted(found)), \(format), and only"
        + " \(CheckpointReaders.description) is read; \(advice)"
    case .noWeights(let folder, _, _, _):
      return "\(quoted(folder)) has no weights: looked for \(CheckpointReaders.description); save"
        + " the model with `model.save_pretrained(dir, safe_serialization=True)`"
    case .unknownFormat(let path, let format?, let advice?):
      return "\(quoted(path)) is \(format), and only \(CheckpointReaders.description) is read;"
        + " \(advice)"
    case .unknownFormat(let path, _, _):
      return "\(quoted(path)) is no checkpoint of a known format: \(CheckpointReaders.description)"
        + " is read; name the model's folder or its weights"
    case .field(let path, let key, let found, let allowed):
      return "\(quoted(path)): \(key) is \(found), allowed: \(allowed)"
    case .unsupported(let path, let what, let advice):
      return "\(quoted(path)): \(what); \(advice)"
    case .vocabularyLine(let path, let line, let problem):
      return "\(quoted(path)), line \(line): \(problem)"
    case .vocabulary(let path, let problem):
      return "\(quoted(path)): \(problem)"
    case .vocabularySize(let path, let pieces, let configuration, let rows):
      return "\(quoted(path)) has \(counted(pieces, "piece")), and the word embedding has \(rows)"
        + " rows (vocab_size in \(quoted(configuration))); use the tokenizer files the model was"
        + " trained with, or make them equal: `model.resize_token_embeddings(len(tokenizer))` in"
        + " Python, then save both again"
    case .tensors(let path, let problems):
      return TensorProblem.explanation(of: problems, path: path)
    case .notFinite(let path, let tensors):
      return NonFiniteTensor.explanation(of: tensors, path: path)
    }
  }
}

/// The problem of one tensor that a model needs.
public enum TensorProblem: Equatable, Sendable {
  /// `nearest` is the most similar name that no other requirement has taken.
  case missing(name: String, shape: [Int], nearest: String?)
  case shape(name: String, found: [Int], needed: [Int])
  case type(name: String, found: ElementType)

  static let shown = 20

  static func explanation(of problems: [TensorProblem], path: String) -> String {
    let lines = problems.prefix(shown).map { "  \($0.line)" }
    let rest = problems.count - lines.count
    return """
      \(quoted(path)) does not hold the model its config.json describes; \
      \(counted(problems.count, "tensor")) \(problems.count == 1 ? "is" : "are") wrong:
      \((lines + (rest > 0 ? ["  and \(rest) more"] : [])).joined(separator: "\n"))
      use the weights and the config.json of one `model.save_pretrained(dir)`
      """
  }

  private var line: String {
    switch self {
    case .missing(let name, let shape, let nearest):
      "\(quoted(name)) \(described(shape)) is missing"
        + (nearest.map { "; the most similar name is \(quoted($0))" } ?? "")
    case .shape(let name, let found, let needed):
      "\(quoted(name)) is \(described(found)), needed \(described(needed))"
    case .type(let name, let found):
      "\(quoted(name)) is of type \(found.rawValue), needed"
        + " \(listed(ElementType.weights.map(\.rawValue), "or"))"
    }
  }
}

/// A tensor with values that are NaN or infinite.
public struct NonFiniteTensor: Equatable, Sendable {
  public var name: String
  public var count: Int
  /// Where the first of them is, one index a dimension.
  public var first: [Int]

  static func explanation(of tensors: [NonFiniteTensor], path: String) -> String {
    let lines = tensors.prefix(TensorProblem.shown).map {
      "  \(quoted($0.name)) has \($0.count), the first at \(described($0.first))"
    }
    let rest = tensors.count - lines.count
    return """
      \(quoted(path)) has values that are NaN or infinite in \(counted(tensors.count, "tensor")):
      \((lines + (rest > 0 ? ["  and \(rest) more"] : [])).joined(separator: "\n"))
      the training diverged, or F16 was too small for the weights; use an earlier checkpoint, or save \
      it as F32
      """
  }
}
