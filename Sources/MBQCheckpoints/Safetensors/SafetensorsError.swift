public import MBQCore

/// Why a file is not what Formats/safetensors/safetensors.md describes.
public struct SafetensorsError: ExplainedError, Equatable {
  public enum Problem: Error, Equatable, Sendable {
    case tooShort(bytes: Int)
    case gitLFSPointer
    case headerTooLarge(length: UInt64, limit: Int)
    case headerBeyondEnd(length: Int, available: Int)
    case header(JSONError)
    case headerNotAnObject(found: String)
    case metadata(key: String?, found: String)
    case entry(tensor: String, field: String, found: String, needed: String)
    case unknownType(tensor: String, found: String)
    case sizeOverflow(tensor: String, shape: [Int], type: ElementType)
    case partialByte(tensor: String, shape: [Int], type: ElementType)
    case wrongSize(tensor: String, shape: [Int], type: ElementType, needed: Int, found: Int)
    /// A gap before the tensor, or an overlap with the one before it.
    case notContiguous(tensor: String, start: Int, previousEnd: Int)
    case reversed(tensor: String, start: Int, end: Int)
    case wrongEnd(end: Int, available: Int)
  }

  public var path: String
  public var problem: Problem

  public var explanation: String { "\(quoted(path)) \(text)" }

  private var text: String {
    let again = "; copy or download the file again"
    let damaged = "; the file is damaged or was not made by safetensors, save it again"
    switch problem {
    case .tooShort(let bytes):
      return
        "has \(counted(bytes, "byte")), and a safetensors file starts with 8 that give the length"
        + " of its header\(again)"
    case .gitLFSPointer:
      return
        "is a Git LFS pointer, not the weights; run `git lfs pull` in its folder, or download it"
    case .headerTooLarge(let length, let limit):
      return "says its header has \(length) bytes, and at most \(limit) are allowed; it is no"
        + " safetensors file, or damaged"
    case .headerBeyondEnd(let length, let available):
      return "is cut off: its header needs \(length) bytes after the first 8, and the file has"
        + " \(available)\(again)"
    case .header(let error):
      return "has a header that cannot be read: \(error.explanation)"
    case .headerNotAnObject(let found):
      return "has a header that is not an object of tensors: found \(found)\(damaged)"
    case .metadata(nil, let found):
      return "has a '__metadata__' that is not an object of texts: found \(found)\(damaged)"
    case .metadata(let key?, let found):
      return "has a '__metadata__' whose \(quoted(key)) is not a text: found \(found)\(damaged)"
    case .entry(let tensor, let field, let found, let needed):
      return "describes tensor \(quoted(tensor)) wrongly: \(field) is \(found), needed"
        + " \(needed)\(damaged)"
    case .unknownType(let tensor, let found):
      return "gives tensor \(quoted(tensor)) the unknown type \(quoted(found)); the known ones are "
        + listed(ElementType.allCases.map(\.rawValue))
    case .sizeOverflow(let tensor, let shape, let type):
      return "gives tensor \(quoted(tensor)) the shape \(described(shape)), more values of type"
        + " \(type.rawValue) than a file can hold\(damaged)"
    case .partialByte(let tensor, let shape, let type):
      return "gives tensor \(quoted(tensor)) the shape \(described(shape)), and its values of type"
        + " \(type.rawValue) end inside a byte\(damaged)"
    case .wrongSize(let tensor, let shape, let type, let needed, let found):
      return "gives tensor \(quoted(tensor)) \(counted(found, "byte")), and its shape"
        + " \(described(shape)) of type \(type.rawValue) needs \(needed)\(damaged)"
    case .notContiguous(let tensor, let start, let previousEnd):
      return
        "starts tensor \(quoted(tensor)) at byte \(start) of the data, and the tensor before it"
        + " ends at \(previousEnd)\(damaged)"
    case .reversed(let tensor, let start, let end):
      return "lets tensor \(quoted(tensor)) start at byte \(start) and end at \(end)\(damaged)"
    case .wrongEnd(let end, let available):
      return end > available
        ? "is cut off: its tensors need \(end) bytes after the header, and the file has"
          + " \(available)\(again)"
        : "has \(available) bytes after the header, and its tensors are \(end)\(damaged)"
    }
  }
}
