/// Why an archive is refused.
enum ZipProblem: FormatProblem, Equatable {
  case noDirectory
  case directory(String)
  case tooManyEntries(UInt64)
  case name
  case encrypted(entry: String)
  case method(entry: String, UInt16)
  case header(entry: String, String)
  case duplicate(entry: String)
  case overlap(String, String)
  case unfolds(to: Int, limit: Int)
  case stream(entry: String)
  case inflatedSize(entry: String, stated: Int)
  case checksum(entry: String)

  var text: String {
    let again = "; copy or download the file again"
    let save = "; save the model again"
    switch self {
    case .noDirectory:
      return "is cut off or no zip archive: its end has no directory of entries\(again)"
    case .directory(let problem): return "has a damaged directory of entries: \(problem)\(again)"
    case .tooManyEntries(let count):
      return "says it has \(count) entries, and at most \(ZipArchive.maximumEntries) are"
        + " allowed\(save)"
    case .name: return "has an entry whose name is not UTF-8\(save)"
    case .encrypted(let entry):
      return "has the encrypted entry \(quoted(entry)); unpack it and save the model without a"
        + " password"
    case .method(let entry, let method):
      return
        "has the entry \(quoted(entry)) compressed by method \(method), and only 0 (stored) and"
        + " 8 (deflate) are read\(save)"
    case .header(let entry, let problem):
      return "has a damaged entry \(quoted(entry)): \(problem)\(again)"
    case .duplicate(let entry): return "has two entries called \(quoted(entry))\(save)"
    case .overlap(let first, let second):
      return "has the entries \(quoted(first)) and \(quoted(second)) over the same bytes\(save)"
    case .unfolds(let count, let limit):
      return "unfolds to \(count) bytes, and \(limit) are allowed for a file of its size; if you"
        + " trust it, unpack it and pack it again without compression"
    case .stream(let entry):
      return "has a damaged entry \(quoted(entry)): its compressed bytes cannot be read\(again)"
    case .inflatedSize(let entry, let stated):
      return "has a damaged entry \(quoted(entry)): it does not unfold to the \(stated) bytes its"
        + " directory states\(again)"
    case .checksum(let entry):
      return "has a damaged entry \(quoted(entry)): its checksum is another\(again)"
    }
  }
}
