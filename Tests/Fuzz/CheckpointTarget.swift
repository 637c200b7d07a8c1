// The libFuzzer target of every checkpoint reader; compiled into MBQCheckpoints by run.sh, which says
// with MBQ_FUZZ_FORMAT which reader it is for.

import Foundation
import MBQModel

private let reader: any CheckpointReader.Type = {
  let name = ProcessInfo.processInfo.environment["MBQ_FUZZ_FORMAT"] ?? ""
  guard let reader = CheckpointReaders.all.first(where: { $0.name == name }) else {
    fatalError("MBQ_FUZZ_FORMAT is '\(name)'; it names a reader")
  }
  return reader
}()

/// What the input is called: files it names are looked for in this folder.
private let path = ProcessInfo.processInfo.environment["MBQ_FUZZ_PATH"] ?? "/nonexistent/input"

/// Values of small tensors are read; reading large ones would only take time.
private let maximumValues = 1 << 16

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let source = SourceFile(
    path: path, memory: OwnedBytes(UnsafeBufferPointer(start: start, count: count)))
  do throws(CheckpointError) {
    try read(source)
  } catch {
    // The text is part of what is tested: it quotes what the file says.
    precondition(!error.explanation.isEmpty && error.explanation.utf8.count < 1 << 16)
  }
  return 0
}

private func read(_ source: SourceFile) throws(CheckpointError) {
  let weights = try reader.read(source)
  try Checkpoint.checkSharing(weights, path: source.path)
  for tensor in weights.tensors {
    precondition(
      tensor.byteCount >= 0 && tensor.strides.map { $0.count == tensor.shape.count } ?? true)
    precondition(tensor.range.lowerBound >= 0)
    try tensor.source.prepare()
    precondition(tensor.range.upperBound <= tensor.source.bytes.count)
    guard tensor.count <= maximumValues, let view = TensorView(tensor) else { continue }
    precondition(view.floats().count == tensor.count)
    if let found = view.nonFiniteValues() {
      precondition(view.indices(ofElement: found.first).count == tensor.shape.count)
    }
  }
  for family in ModelConfiguration.Family.allCases {
    _ = try? TensorNames(weights.tensors, family: family, path: source.path)
  }
}
