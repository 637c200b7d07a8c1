import Foundation
import MBQModel

@testable import MBQCheckpoints

/// The model in Formats/huggingface/golden/tiny, whole or changed.
enum TinyModel {
  /// The tensors PyTorch has in the tiny model, without our own inventory.
  static func requirements() throws -> [TensorRequirement] {
    try lines("Formats/huggingface/golden/tiny/tensors.txt").map { line in
      let parts = line.split(separator: " ", maxSplits: 1)
      let shape = parts[1].dropFirst().dropLast().split(separator: ",").compactMap {
        Int($0.trimmingCharacters(in: .whitespaces))
      }
      return TensorRequirement(String(parts[0]), shape)
    }
  }

  /// The tensors of the tiny model, to write back changed.
  static func tensors(_ folder: TemporaryFolder) throws -> [SafetensorsWriter.Tensor] {
    let source = try SourceFile(path: folder.path("model.safetensors"))
    return try SafetensorsReader.read(source).tensors.map {
      .init($0.name, $0.elementType, $0.shape, bytes: Array(source.bytes[$0.range]))
    }
  }

  static func rewrite(
    _ folder: TemporaryFolder, _ change: (inout [SafetensorsWriter.Tensor]) -> Void
  ) throws {
    var tensors = try tensors(folder)
    change(&tensors)
    try SafetensorsWriter(tensors).write(to: folder.path("model.safetensors"))
  }
}
