public import MBQCore

/// Why a checkpoint cannot be written as a Hugging Face folder.
public enum ConversionError: ExplainedError, Equatable {
  case checkpoint(CheckpointError)
  case write(FileError)
  /// A folder that has one of the files.
  case occupied(folder: String, name: String)
  /// Values of a tensor are too large for the type that was asked for.
  case range(tensor: String, largest: Float, type: ElementType)

  public var explanation: String {
    switch self {
    case .checkpoint(let error): error.explanation
    case .write(let error): error.explanation
    case .occupied(let folder, let name):
      "\(quoted(folder)) has a \(name) already; name a new folder, or replace what is there with"
        + " --force"
    case .range(let tensor, let largest, .float16):
      "tensor \(quoted(tensor)) has values up to \(largest), and F16 holds at most 65504; use --dtype"
        + " bf16 or f32"
    case .range(let tensor, let largest, let type):
      "tensor \(quoted(tensor)) has values up to \(largest), and \(type.rawValue) holds at most"
        + " 3.3895e+38; use --dtype f32"
    }
  }

  public var kind: FailureKind {
    switch self {
    case .checkpoint(let error): error.kind
    case .write(let error): error.kind
    case .range, .occupied: .badInput
    }
  }
}
