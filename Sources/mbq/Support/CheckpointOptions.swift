import ArgumentParser
import Foundation
import MBQCheckpoints
import MBQQuantizer

/// Where a checkpoint is, for every command that reads one.
struct CheckpointOptions: ParsableArguments {
  @Argument(
    help: "The checkpoint: a folder, or its weights (safetensors, torch, TensorFlow, ONNX, npz).")
  var checkpoint: String

  @Option(
    help: "The folder with config.json and the tokenizer, if they are not beside the weights.")
  var config: String?

  func open() throws -> Checkpoint { try Self.open(checkpoint, configuration: config) }

  static func open(_ path: String, configuration: String? = nil) throws -> Checkpoint {
    do throws(CheckpointError) {
      return try Checkpoint.open(path: path, configuration: configuration)
    } catch {
      if PackedFiles.isPacked(path) {
        throw CommandError.badInput(
          "'\(path)' is a packed model; give the checkpoint it was made of: a folder, or its weights"
        )
      }
      throw QuantizerError.checkpoint(error)
    }
  }

  /// What files made of the checkpoint are called: the folder's name.
  var name: String {
    var folder = URL(fileURLWithPath: checkpoint)
    var isFolder: ObjCBool = false
    if !FileManager.default.fileExists(atPath: checkpoint, isDirectory: &isFolder)
      || !isFolder.boolValue
    {
      folder.deleteLastPathComponent()
    }
    return folder.standardizedFileURL.lastPathComponent
  }
}
