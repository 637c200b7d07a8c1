import MBQCore
import MBQEvaluation
import MBQReport

/// What the caller of the toolchain should know of a result, or do next; nothing of it is an error.
public enum Advice: Sendable, Equatable {
  /// Something of a checkpoint that the reader left as it is, in the reader's words.
  case checkpoint(String)
  /// GPTQ and SparseGPT get too little text to be better than rounding to the nearest.
  case fewCalibrationTokens(Int, advised: Int)
  /// Layers are left out, and without text nothing is fitted again.
  case layersWithoutText
  /// Calibration starts at its first text: what an interrupted run left cannot be used.
  case calibrationRestarts(String)
  /// Points of an earlier search count.
  case searchContinues(points: Int, file: String)
  /// A variant of an earlier report is used again.
  case variantReused(file: String)
  /// The two models read texts to different lengths.
  case tokenLimitsDiffer(baseline: Int, candidate: Int)
  case answersDamaged(file: String, what: String)
  case answersDiffer(file: String, what: String)
  case answersKnown(file: String, rows: Int, of: Int)
  /// A limit that is far above what anybody means to allow.
  case looseLimit(Setting, Share)
  /// Texts that the model did not see the end of.
  case truncated(texts: Int, limit: Int)

  public enum Severity: String, Sendable { case note, warning }

  public var severity: Severity {
    switch self {
    case .checkpoint, .fewCalibrationTokens, .layersWithoutText, .calibrationRestarts,
      .tokenLimitsDiffer, .looseLimit:
      .warning
    case .searchContinues, .variantReused, .answersDamaged, .answersDiffer, .answersKnown,
      .truncated:
      .note
    }
  }

  /// The advice as a sentence, with `name` for each setting it mentions.
  public func text(naming name: (Setting) -> String = { $0.words }) -> String {
    switch self {
    case .checkpoint(let text): text
    case .fewCalibrationTokens(let tokens, let advised):
      "\(tokens) tokens of calibration text are few for gptq and sparsegpt, which may then do worse"
        + " than rounding to the nearest; give \(advised) or more"
    case .layersWithoutText:
      "layers are left out and nothing makes up for them; give calibration text (\(name(.text))):"
        + " the other layers are then fitted to the whole model"
    case .calibrationRestarts(let reason): "starting anew: \(reason)"
    case .searchContinues(let points, let file): "going on after \(points) points in \(file)"
    case .variantReused(let file):
      "using \(file), which an earlier report made from the same input"
    case .tokenLimitsDiffer(let baseline, let candidate):
      "the baseline read texts up to \(baseline) tokens, this model up to \(candidate)"
        + " (\(name(.maximumTokens))): the difference of the answers has two causes"
    case .answersDamaged(let file, let what): "'\(file)' is damaged (\(what)); starting anew"
    case .answersDiffer(let file, let what):
      "the answers in '\(file)' differ in \(what); starting anew"
    case .answersKnown(let file, let rows, let all):
      "'\(file)' already has the answers to \(rows) of \(all) rows"
    case .looseLimit(let setting, let share):
      "\(name(setting)) allows \(Human.percent(share.value)): is that meant?"
    case .truncated(let texts, let limit):
      texts == 1
        ? "1 text was longer than \(limit) tokens; the model did not see its end"
        : "\(Human.count(texts)) texts were longer than \(limit) tokens; the model did not see"
          + " their ends"
    }
  }
}
