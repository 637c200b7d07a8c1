/// Why an .npz archive is refused, besides problems of the zip archive.
enum NumPyProblem: FormatProblem, Equatable {
  enum Header: Error, Equatable {
    case magic
    case version(UInt8, UInt8)
    case cutOff
    case tooLong(Int)
    case syntax(String)
    case type(String)
    case objects
  }

  case notArchive
  case noArrays
  case entry(String)
  case array(String, Header)
  case size(String, shape: [Int], type: ElementType, needed: Int?, found: Int)

  var text: String {
    let save = "; save the weights again with `numpy.savez(path, **arrays)`"
    switch self {
    case .notArchive:
      return "is no .npz file: it is no zip archive\(save)"
    case .noArrays: return "is an .npz file without arrays\(save)"
    case .entry(let name):
      return "has the entry \(quoted(name)), and an .npz file holds only .npy arrays\(save)"
    case .array(let name, let problem):
      return "has a damaged array \(quoted(name)): \(Self.text(problem))\(save)"
    case .size(let name, let shape, let type, let needed?, let found):
      return "has a damaged array \(quoted(name)): its shape \(described(shape)) of type"
        + " \(type.rawValue) needs \(counted(needed, "byte")), and it has \(found)\(save)"
    case .size(let name, let shape, let type, nil, _):
      return "has a damaged array \(quoted(name)): its shape \(described(shape)) of type"
        + " \(type.rawValue) is more than a file can hold\(save)"
    }
  }

  private static func text(_ problem: Header) -> String {
    switch problem {
    case .magic: "it does not start as a .npy array does"
    case .version(let major, let minor):
      "its version is \(major).\(minor), and 1.0 to 3.0 are read"
    case .cutOff: "its header is cut off"
    case .tooLong(let length):
      "its header has \(length) bytes, and at most \(NumPyHeader.maximumBytes) are allowed"
    case .syntax(let problem): "its header is not understood, \(problem)"
    case .type(let type): "its type is \(type), which is no number mbq knows"
    case .objects: "it holds Python objects (a pickle), which are not read"
    }
  }
}
