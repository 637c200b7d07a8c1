import MBQCore

/// What the command line calls the settings that errors and advice name.
///
/// One word means one thing: a setting has the same flag in every command that has it.
enum Flags {
  static func name(_ setting: Setting) -> String {
    switch setting {
    case .activations: "--activations"
    case .allowOverlap: "--allow-overlap"
    case .baseline: "--baseline"
    case .batch: "--batch"
    case .bits: "--bits"
    case .calibration: "--calibration"
    case .candidate: "--candidate"
    case .checkpoint: "the checkpoint"
    case .columns: "--text-column"
    case .confidence: "--confidence"
    case .configuration: "--config"
    case .data: "--data"
    case .embeddingBits: "--embedding-bits"
    case .equalize: "--equalize"
    case .evaluation: "--evaluation"
    case .failOn: "--fail-on"
    case .flips: "--flips"
    case .folder: "--output"
    case .format: "--format"
    case .group: "--group"
    case .junit: "--junit"
    case .keepLayers: "--keep-layers"
    case .keepVocabularyOf: "--keep-vocabulary-of"
    case .kernels: "--kernels"
    case .labelColumn: "--label-column"
    case .labelMap: "--label-map"
    case .layers: "--keep-layers"
    case .maximumDrop: "--max-drop"
    case .maximumFlips: "--max-flips"
    case .maximumP95: "--max-p95"
    case .maximumP95Ratio: "--max-p95-ratio"
    case .maximumSize: "--max-size"
    case .maximumTokens: "--max-tokens"
    case .merge: "--merge"
    case .mistakes: "--mistakes"
    case .mistakesFile: "--mistakes-file"
    case .model: "the model"
    case .observer: "--observer"
    case .output: "-o"
    case .pattern: "--pattern"
    case .plot: "--plot"
    case .points: "--points"
    case .prune: "--prune"
    case .randomState: "--random-state"
    case .recipe: "--recipe"
    case .rounding: "--rounding"
    case .rounds: "--rounds"
    case .sampleTexts: "--sample-texts"
    case .sampleTokens: "--sample-tokens"
    case .seed: "--seed"
    case .sensitivity: "--sensitivity"
    case .shard: "--shard"
    case .sparsity: "--sparsity"
    case .stratify: "--stratify"
    case .targetSize: "--target-size"
    case .temperatureOnly: "--temperature-only"
    case .test: "--test"
    case .text: "--text"
    case .textColumn: "--text-column"
    case .textTokens: "--text-tokens"
    case .texts: "--texts"
    case .threads: "--threads"
    case .tokens: "--tokens"
    case .unlabelled: "--unlabelled"
    case .validation: "--validation"
    case .zeroPoint: "zero-point"
    }
  }
}

extension ExplainedError {
  /// The explanation, with flags for the settings it mentions.
  var textWithFlags: String {
    (self as? any SettingError)?.explanation(naming: Flags.name) ?? explanation
  }
}
