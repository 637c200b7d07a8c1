import Foundation
import MBQCore

/// The output folder of transformers' `Trainer`: `checkpoint-500`, `checkpoint-1000` and so on, each of them a
/// checkpoint with a `trainer_state.json`, which may name the best checkpoint so far.
struct TrainerOutput {
  /// The folder of the checkpoint to use.
  let folder: String
  /// The choice among several checkpoints and its reason, for people.
  let note: String?

  /// `nil` if `path` holds no folders of that name.
  ///
  /// Refuses several folders with `CheckpointError.severalCheckpoints` if no record names the best one: the
  /// last may be overfitted, and a guess is not good enough.
  init?(in path: String) throws(CheckpointError) {
    let steps = Self.steps(in: path)
    guard let last = steps.last else { return nil }
    let joint = path.hasSuffix("/") ? path : path + "/"
    if steps.count == 1 {
      folder = joint + Self.name(last)
      note = nil
      return
    }
    switch try Self.best(joint + Self.name(last), of: steps) {
    case .step(let step, let metric):
      folder = joint + Self.name(step)
      note =
        "\(quoted(path)) holds \(steps.count) checkpoints; \(Self.name(step)) is used, the best by"
        + " the record in \(Self.name(last))" + (metric.map { ": best_metric \($0)" } ?? "")
    case .unknown(let reason):
      throw .severalCheckpoints(folder: path, steps.suffix(8).map(Self.name), reason: reason)
    }
  }

  private static let prefix = "checkpoint-"
  private static let record = "trainer_state.json"

  private static func name(_ step: Int) -> String { "\(prefix)\(step)" }

  private static func steps(in path: String) -> [Int] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return entries.compactMap { entry in
      // Only numbers as Trainer spells them, so that the name can be made again from the number.
      guard entry.hasPrefix(prefix), let step = Int(entry.dropFirst(prefix.count)), step >= 0,
        name(step) == entry
      else { return nil }
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(
        atPath: "\(path)/\(entry)", isDirectory: &isFolder)
      return exists && isFolder.boolValue ? step : nil
    }.sorted()
  }

  private enum Best {
    case step(Int, metric: String?)
    case unknown(reason: String)
  }

  /// The best checkpoint by the record of the last one.
  ///
  /// The record has the path at the time of training; only its last part counts.
  private static func best(_ last: String, of steps: [Int]) throws(CheckpointError) -> Best {
    let folder = CheckpointFolder(plain: last)
    guard let file = try folder.optional(record) else {
      return .unknown(reason: "\(quoted(folder.path(of: record))) is not there")
    }
    let json: JSONValue
    do throws(CheckpointError) {
      json = try file.json(maximumBytes: CheckpointFolder.maximumTextBytes)
    } catch {
      // Python writes a NaN among the losses as NaN, which is no JSON: the checkpoints are sound.
      return .unknown(reason: error.explanation)
    }
    guard case .object(let members) = json,
      case .string(let path)? = members["best_model_checkpoint"]
    else {
      return .unknown(
        reason: "\(quoted(file.path)) has no best_model_checkpoint, which"
          + " `load_best_model_at_end=True` records")
    }
    let name = path.split { $0 == "/" || $0 == "\\" }.last ?? ""
    guard let step = steps.first(where: { Self.name($0) == name }) else {
      return .unknown(reason: "the best, \(quoted(String(name))), is not there")
    }
    switch members["best_metric"] {
    case .number(let value)?: return .step(step, metric: "\(value)")
    case .integer(let value)?: return .step(step, metric: "\(value)")
    default: return .step(step, metric: nil)
    }
  }
}
