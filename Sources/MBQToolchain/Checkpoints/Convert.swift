import MBQCheckpoints
import MBQCore
import MBQModel

/// What `Toolchain.convert` wrote.
public struct ConvertResult: Sendable {
  public var folder: String
  public var files: [String]
  public var parameters: Int
  public var tensors: Int
  /// Tensors of the checkpoint that the model does not use.
  public var leftOut: [String]
  /// Of model.safetensors.
  public var byteCount: Int
  /// What the checkpoint was, such as `PyTorch (zip)`.
  public var format: String
}

extension Toolchain {
  /// The type of the weights that `convert` writes.
  public enum WeightType: String, Sendable, CaseIterable {
    case f32, f16, bf16
  }

  /// Writes a checkpoint as a Hugging Face folder: model.safetensors, config.json, the tokenizer's files.
  ///
  /// Without a `type` weights keep theirs, F64 as f32. Refuses a folder that is there, unless `replaces`.
  public func convert(
    _ source: CheckpointSource, to folder: String? = nil, type: WeightType? = nil,
    replaces: Bool = false
  ) throws -> ConvertResult {
    let checkpoint = try source.open()
    let requirements = ModelFamilies.lower(checkpoint.configuration).requirements
    let path = folder ?? "\(source.name)-hf"
    let progress = StagedProgress(self)
    defer { progress.finish() }
    let elementType: ElementType? = type.map {
      switch $0 {
      case .f32: .float32
      case .f16: .float16
      case .bf16: .bfloat16
      }
    }
    let written = try FolderWriter(checkpoint, requirements, elementType: elementType)
      .write(to: path, replaces: replaces) { progress.show("convert", $0) }
    for warning in checkpoint.warnings { advise(.checkpoint(warning)) }
    return ConvertResult(
      folder: path, files: written.files, parameters: written.parameterCount,
      tensors: written.tensorCount, leftOut: written.leftOut.map { "\($0)" },
      byteCount: written.byteCount, format: checkpoint.format)
  }
}
