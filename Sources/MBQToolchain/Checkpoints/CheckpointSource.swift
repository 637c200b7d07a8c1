import Foundation
import MBQCheckpoints
import MBQQuantizer

/// Where a checkpoint is.
public struct CheckpointSource: Sendable, Equatable {
  /// A folder, or weights: safetensors, torch, TensorFlow, ONNX, npz.
  public var path: String
  /// The folder with config.json and the tokenizer, if they are not beside the weights.
  public var configuration: String?

  public init(_ path: String, configuration: String? = nil) {
    self.path = path
    self.configuration = configuration
  }

  /// What files made of the checkpoint are called: the folder's name.
  public var name: String {
    var folder = URL(fileURLWithPath: path)
    if !Paths.isFolder(path) { folder.deleteLastPathComponent() }
    return folder.standardizedFileURL.lastPathComponent
  }

  /// Refuses what no reader knows (`QuantizerError.checkpoint`), and a packed model.
  package func open() throws -> Checkpoint {
    do throws(CheckpointError) {
      return try Checkpoint.open(path: path, configuration: configuration)
    } catch {
      if Paths.isPacked(path) { throw ToolchainError.modelAsCheckpoint(path: path) }
      throw QuantizerError.checkpoint(error)
    }
  }
}
