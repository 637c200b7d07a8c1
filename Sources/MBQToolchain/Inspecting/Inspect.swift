import MBQCheckpoints
import MBQCore
import MBQFormat
import MBQModel
import MBQQuantizer
import MBQRuntime

/// What `Toolchain.inspect` found.
public struct InspectResult: Sendable {
  package enum Subject: Sendable {
    /// `summary` has ranges if they were asked for.
    case checkpoint(Checkpoint, summary: CheckpointSummary)
    case model(Model)
  }

  public var path: String
  package var subject: Subject

  /// Whether the path is a packed model's, not a checkpoint's.
  public var isPacked: Bool {
    switch subject {
    case .checkpoint: false
    case .model: true
    }
  }

  /// Numbers in its tensors.
  public var parameters: Int {
    switch subject {
    case .checkpoint(_, let summary): summary.parameterCount
    case .model(let model): model.packed.header.tensors.reduce(0) { $0 + $1.rows * $1.columns }
    }
  }

  /// By index.
  public var labels: [String] {
    switch subject {
    case .checkpoint(let checkpoint, _): checkpoint.configuration.labels
    case .model(let model): model.labels
    }
  }
}

extension Toolchain {
  /// Reads what a checkpoint or a packed model holds; `withRanges` also reads every value of a checkpoint.
  public func inspect(
    _ source: CheckpointSource, withRanges: Bool = false
  ) throws -> InspectResult {
    guard !Paths.isPacked(source.path) else {
      return InspectResult(path: source.path, subject: .model(try Model(path: source.path)))
    }
    let checkpoint = try source.open()
    do throws(CheckpointError) {
      let summary = try CheckpointSummary(checkpoint, withRanges: withRanges)
      return InspectResult(
        path: source.path, subject: .checkpoint(checkpoint, summary: summary))
    } catch {
      throw QuantizerError.checkpoint(error)
    }
  }
}
