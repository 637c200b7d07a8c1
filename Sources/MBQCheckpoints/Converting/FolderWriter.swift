import Foundation
import MBQCore
public import MBQModel

/// Writes a checkpoint of any format as a Hugging Face folder: model.safetensors, config.json and the files
/// of the tokenizer.
///
/// The same model gives the same bytes of model.safetensors from every format: tensors are in the
/// order of their names, under Hugging Face's names with the family's prefix, and only those the model
/// uses.
public struct FolderWriter {
  /// The result of writing.
  public struct Report: Equatable, Sendable {
    public var tensorCount: Int
    public var parameterCount: Int
    /// Of model.safetensors.
    public var byteCount: Int
    /// Names of the tensors that the model does not use and that were left out.
    public var leftOut: [String]
    /// The files, in the order in which they were written.
    public var files: [String]
  }

  private let checkpoint: Checkpoint
  private let requirements: [TensorRequirement]
  private let elementType: ElementType?

  /// `elementType` is F32, F16 or BF16, or nil to keep each tensor's own, F64 as F32.
  ///
  /// Refuses, with `ConversionError.checkpoint`, missing and mis-shaped tensors, and NaN and infinity.
  public init(
    _ checkpoint: Checkpoint, _ requirements: [TensorRequirement], elementType: ElementType?
  ) throws(ConversionError) {
    do throws(CheckpointError) {
      try checkpoint.require(requirements)
      try checkpoint.checkFinite(requirements)
    } catch {
      throw .checkpoint(error)
    }
    self.checkpoint = checkpoint
    self.requirements = requirements.sorted {
      $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }
    self.elementType = elementType
  }

  /// Writes the folder at `path`, which is made if it is not there; each file whole or not at all,
  /// the weights last.
  ///
  /// `progress` is told the share done.
  /// Refuses, with `ConversionError.occupied`, a folder that already has one of the files, unless `replaces`:
  /// a remaining tokenizer of another model would be used with this one.
  public func write(
    to path: String, replaces: Bool = false, progress: (Double) -> Void = { _ in }
  ) throws(ConversionError) -> Report {
    let present = Self.names.filter { FileManager.default.fileExists(atPath: "\(path)/\($0)") }
    if let name = present.first, !replaces { throw .occupied(folder: path, name: name) }
    let isNew = !FileManager.default.fileExists(atPath: path)
    var written: [String] = []
    do throws(ConversionError) {
      let report = try write(to: path, &written, progress)
      for name in present where !report.files.contains(name) { unlink("\(path)/\(name)") }
      return report
    } catch {
      // New files are removed after a failure.
      for name in written where !present.contains(name) { unlink("\(path)/\(name)") }
      if isNew { rmdir(path) }
      throw error
    }
  }

  /// Every file a folder may have.
  private static let names = [
    "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt",
  ]

  private func write(
    to path: String, _ written: inout [String], _ progress: (Double) -> Void
  ) throws(ConversionError) -> Report {
    // All refusals come before the first byte is written.
    if let elementType, let limit = Self.limits[elementType] {
      for requirement in requirements { try checkRange(requirement.name, elementType, limit) }
    }
    var report = Report(
      tensorCount: requirements.count, parameterCount: 0, byteCount: 0,
      leftOut: CheckpointAudit(checkpoint, requirements).extra.map(\.name), files: [])
    do throws(FileError) {
      try makeFolder(path)
      for (name, file) in checkpoint.tokenizerSources.named {
        try AtomicFile.write([file.bytes], to: "\(path)/\(name)")
        written.append(name)
      }
      try AtomicFile.write(configuration(), to: "\(path)/config.json")
      written.append("config.json")
    } catch {
      throw .write(error)
    }
    try writeWeights(to: "\(path)/model.safetensors", &report, progress)
    written.append("model.safetensors")
    report.files = written
    return report
  }

  private func makeFolder(_ path: String) throws(FileError) {
    if mkdir(path, 0o755) == 0 { return }
    guard errno == EEXIST else { throw FileError(.create, path, code: errno) }
    var isFolder: ObjCBool = false
    _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
    if !isFolder.boolValue { throw FileError(.create, path, code: ENOTDIR) }
  }

  // MARK: Weights

  private func writeWeights(
    to path: String, _ report: inout Report, _ progress: (Double) -> Void
  ) throws(ConversionError) {
    let entries = requirements.map { requirement in
      let type = type(of: requirement)
      let count = requirement.shape.reduce(1, *)
      return (
        name: requirement.name, elementType: type, shape: requirement.shape,
        byteCount: count * type.bitWidth / 8
      )
    }
    let header = SafetensorsWriter.header(entries, metadata: [("format", "pt")])
    let total = entries.reduce(0) { $0 + $1.byteCount }
    var written = 0
    do throws(FileError) {
      try AtomicFile.write(to: path) { append throws(FileError) in
        try Self.append(header, append)
        for entry in entries {
          guard let tensor = checkpoint.tensor(named: entry.name) else { continue }
          try Self.write(tensor, as: entry.elementType, append)
          tensor.release()
          written += entry.byteCount
          progress(Double(written) / Double(max(total, 1)))
        }
      }
    } catch {
      throw .write(error)
    }
    report.parameterCount = requirements.reduce(0) { $0 + $1.shape.reduce(1, *) }
    report.byteCount = header.count + total
  }

  private func type(of requirement: TensorRequirement) -> ElementType {
    let own = checkpoint.storedTensor(named: requirement.name)?.elementType ?? .float32
    return elementType ?? (own == .float64 ? .float32 : own)
  }

  /// What is the first to round to infinity.
  private static let limits: [ElementType: Float] = [
    .float16: 65520, .bfloat16: Float(bitPattern: 0x7F7F_8000),
  ]

  private func checkRange(
    _ name: String, _ type: ElementType, _ limit: Float
  ) throws(ConversionError) {
    guard let tensor = checkpoint.tensor(named: name) else { return }
    defer { tensor.release() }
    let largest = tensor.withFloats { $0.reduce(0) { max($0, abs($1)) } }
    if largest >= limit { throw .range(tensor: name, largest: largest, type: type) }
  }

  private static func write(
    _ tensor: TensorView, as type: ElementType, _ append: AtomicFile.Append
  ) throws(FileError) {
    if type == tensor.elementType, let bytes = tensor.plainBytes {
      try append(bytes)
      return
    }
    try tensor.withFloats { values throws(FileError) in
      switch type {
      case .float16, .bfloat16:
        let narrowed = values.map { type == .float16 ? half(from: $0) : bfloat16(from: $0) }
        try Self.append(narrowed, append)
      default: try append(UnsafeRawBufferPointer(values))
      }
    }
  }

  /// Appends the bytes of `values` as they are in memory: every platform is little-endian.
  private static func append<Value>(
    _ values: [Value], _ append: AtomicFile.Append
  ) throws(FileError) {
    let failure: FileError? = values.withUnsafeBytes { bytes in
      do throws(FileError) {
        try append(bytes)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  // MARK: config.json

  /// The configuration as it was read, plus the keys that transformers needs to open the folder.
  private func configuration() -> String {
    guard case .object(var object) = checkpoint.configurationJSON else { return "{}\n" }
    let labels = checkpoint.labels
    let family = ConfigurationFamilies.all.first {
      $0.modelType == checkpoint.configuration.family.rawValue
    }
    if let family, object["architectures"] == nil {
      object = object.setting("architectures", .array([.string(family.architecture)]))
    }
    if object["id2label"] == nil {
      object = object.setting(
        "id2label", Self.object(labels.enumerated().map { ("\($0)", .string($1)) }))
      object = object.setting(
        "label2id", Self.object(labels.enumerated().map { ($1, .integer($0)) }))
    }
    if let name = elementType.flatMap({ Self.typeNames[$0] }) {
      // transformers 5 writes `dtype`, earlier ones `torch_dtype`; both read the older name.
      let key = object["dtype"] != nil ? "dtype" : "torch_dtype"
      object = object.setting(key, .string(name))
    }
    return JSONValue.object(object).text() + "\n"
  }

  private static let typeNames: [ElementType: String] = [
    .float32: "float32", .float16: "float16", .bfloat16: "bfloat16",
  ]

  private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
    let members = members.map { JSONObject.Member(key: $0.0, value: $0.1) }
    do throws(JSONObject.DuplicateKey) {
      return .object(try JSONObject(members: members))
    } catch {
      preconditionFailure("labels differ from each other")
    }
  }
}
