import Foundation
import MBQCore

/// Checkpoints of TensorFlow, an index and beside it files of values, with the names of the variables
/// turned into Hugging Face's (Formats/tensorflow/tensorflow.md).
enum TensorFlowReader: CheckpointReader {
  static let name = "tensorflow"
  static let fileNames = [
    "model.ckpt.index", "bert_model.ckpt.index", "mobilebert_variables.ckpt.index",
  ]
  static let fileExtensions = [".index"]
  /// Neither an index nor a file of values has characteristic first bytes.
  static let isKnownByBytes = false

  static func recognizes(path: String, firstBytes: UnsafeRawBufferPointer) -> Bool {
    hasExtension(path) || ShardFileName(path) != nil
  }

  static func read(_ source: SourceFile) throws(CheckpointError) -> StoredWeights {
    defer { withExtendedLifetime(source) {} }
    let bundle: TensorBundle
    let names: ShardFileName
    do throws(TensorFlowProblem) {
      if let shard = ShardFileName(source.path) { throw .dataFile(index: shard.stem + ".index") }
      bundle = try TensorBundle(validating: source.bytes)
      names = ShardFileName(index: source.path, total: bundle.shardCount)
      try bundle.checkOverlaps { names.text(of: $0) }
    } catch {
      throw .format(FormatError(path: source.path, problem: error))
    }

    var weights = StoredWeights(tensors: [], files: [source])
    var shard: (number: Int, file: SourceFile)?
    for entry in bundle.entries {
      let file: SourceFile
      if let shard, shard.number == entry.shard {
        file = shard.file
      } else {
        file = try open(names.text(of: entry.shard), beside: source)
        shard = (entry.shard, file)
        weights.files.append(file)
      }
      do throws(TensorFlowProblem) {
        try check(entry, file)
      } catch {
        throw .format(FormatError(path: file.path, problem: error))
      }
      guard let elementType = entry.type.elementType else { continue }
      weights.tensors.append(
        StoredTensor(
          name: entry.name, elementType: elementType, shape: entry.shape,
          isBigEndian: bundle.isBigEndian, range: entry.range, source: file))
    }
    weights.tensors = try VariableNames.rename(weights.tensors, path: source.path)
    return weights
  }

  private static func open(
    _ name: String, beside source: SourceFile
  ) throws(CheckpointError) -> SourceFile {
    do throws(CheckpointError) {
      return try source.sibling(name)
    } catch {
      guard case .file(let reason) = error, reason.code == ENOENT else { throw error }
      throw .format(
        FormatError(path: source.path, problem: TensorFlowProblem.missingShard(name: name)))
    }
  }

  /// Checks that `file` has the bytes of `entry`, unchanged.
  private static func check(
    _ entry: TensorBundle.Entry, _ file: SourceFile
  ) throws(TensorFlowProblem) {
    guard entry.range.upperBound <= file.bytes.count else {
      throw .beyondEnd(tensor: entry.name, range: entry.range, available: file.bytes.count)
    }
    // The checksum of strings and variants is not that of their bytes in the file.
    if entry.type == .string || entry.type == .variant { return }
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
    let computed = CRC32C.masked(CRC32C.checksum(bytes))
    guard checksumAgrees(entry.checksum, computed) else {
      throw .tensorChecksum(tensor: entry.name, stored: entry.checksum, computed: computed)
    }
    file.release(entry.range)
  }
}

/// The names of the files of values: `model.ckpt.data-00000-of-00002`.
private struct ShardFileName {
  /// Without the folder, unless it comes from a path.
  var stem: String
  var total: Int

  init(index path: String, total: Int) {
    let name = path.split(separator: "/").last ?? ""
    stem = String(name.hasSuffix(".index") ? name.dropLast(6) : name)
    self.total = total
  }

  /// nil for other names.
  init?(_ path: String) {
    let parts = path.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4, parts[parts.count - 2] == "of",
      [parts[parts.count - 3], parts[parts.count - 1]].allSatisfy({
        $0.utf8.count >= 5 && $0.allSatisfy { $0.isASCII && $0.isNumber }
      }),
      let total = Int(parts[parts.count - 1])
    else { return nil }
    let before = parts.dropLast(3).joined(separator: "-")
    guard before.hasSuffix(".data") else { return nil }
    stem = String(before.dropLast(5))
    self.total = total
  }

  func text(of shard: Int) -> String { "\(stem).data-\(padded(shard))-of-\(padded(total))" }

  private func padded(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
  }
}
