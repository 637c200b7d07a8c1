// Errors of the runtime side name no settings, and Embedded Swift has no room for this.
#if !hasFeature(Embedded)
/// A setting that a caller of the toolchain can change, as errors and advice name it.
///
/// The libraries know no flags: a program that calls them has none. The command line gives each setting
/// the flag of the command that runs.
public enum Setting: String, Sendable, CaseIterable {
  case activations, allowOverlap, baseline, batch, bits, calibration, candidate, checkpoint, columns
  case confidence, configuration, data, embeddingBits, equalize, evaluation, failOn, flips, folder, format
  case group, junit, keepLayers, keepVocabularyOf, kernels, labelColumn, labelMap, layers, maximumDrop
  case maximumFlips, maximumP95, maximumP95Ratio, maximumSize, maximumTokens, merge, mistakes
  case mistakesFile, model, observer, output, pattern, plot, points, prune, randomState, recipe, rounding
  case rounds, sampleTexts, sampleTokens, seed, sensitivity, shard, sparsity, stratify, targetSize, temperatureOnly, test, text
  case textColumn, textTokens, texts, threads, tokens, unlabelled, validation, zeroPoint

  /// The setting in plain words, such as `calibration text`.
  public var words: String {
    switch self {
    case .activations: "activation scheme"
    case .allowOverlap: "permission to overlap"
    case .baseline: "baseline"
    case .batch: "batch sizes"
    case .bits: "bits"
    case .calibration: "calibration file"
    case .candidate: "candidate"
    case .checkpoint: "checkpoint"
    case .columns: "columns"
    case .confidence: "confidence"
    case .configuration: "configuration folder"
    case .data: "dataset"
    case .embeddingBits: "embedding bits"
    case .equalize: "equalization"
    case .evaluation: "evaluation data"
    case .failOn: "failure level"
    case .flips: "number of flips to show"
    case .folder: "folder"
    case .format: "dataset format"
    case .group: "group size"
    case .junit: "JUnit file"
    case .keepLayers: "number of layers to keep"
    case .keepVocabularyOf: "vocabulary text"
    case .kernels: "kernel set"
    case .labelColumn: "label column"
    case .labelMap: "label map"
    case .layers: "layers"
    case .maximumDrop: "largest accuracy drop"
    case .maximumFlips: "largest share of changed answers"
    case .maximumP95: "largest p95 latency"
    case .maximumP95Ratio: "largest p95 latency ratio"
    case .maximumSize: "largest size"
    case .maximumTokens: "token limit"
    case .merge: "files to merge"
    case .mistakes: "number of mistakes to show"
    case .mistakesFile: "mistakes file"
    case .model: "model"
    case .observer: "observer"
    case .output: "output"
    case .pattern: "pruning pattern"
    case .plot: "plot"
    case .points: "number of points"
    case .prune: "pruning method"
    case .randomState: "random state"
    case .recipe: "recipe"
    case .rounding: "rounding method"
    case .rounds: "number of rounds"
    case .sampleTexts: "number of sample texts"
    case .sampleTokens: "token limit of sample texts"
    case .seed: "seed"
    case .sensitivity: "sensitivity file"
    case .shard: "shard"
    case .sparsity: "sparsity"
    case .stratify: "stratification column"
    case .targetSize: "target size"
    case .temperatureOnly: "temperature only"
    case .test: "size of the test part"
    case .text: "calibration text"
    case .textColumn: "text column"
    case .textTokens: "token limit of calibration texts"
    case .texts: "number of calibration texts"
    case .threads: "number of threads"
    case .tokens: "text lengths"
    case .unlabelled: "comparison without labels"
    case .validation: "size of the validation part"
    case .zeroPoint: "zero point"
    }
  }
}

/// An error that says which settings to change.
public protocol SettingError: ExplainedError {
  /// The explanation, with `name` for each setting it mentions.
  func explanation(naming name: (Setting) -> String) -> String
}

extension SettingError {
  public var explanation: String { explanation(naming: \.words) }
}
#endif
