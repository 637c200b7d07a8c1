/// Memory limits for a dataset.
///
/// A reader refuses rows beyond them, so that a stray quote in a large file cannot use up the memory.
public struct DatasetLimits: Sendable, Equatable {
  public var fieldBytes: Int
  public var rowBytes: Int
  public var columns: Int

  public init(fieldBytes: Int = 16 << 20, rowBytes: Int = 64 << 20, columns: Int = 4096) {
    self.fieldBytes = fieldBytes
    self.rowBytes = rowBytes
    self.columns = columns
  }
}

/// A file format of datasets: named columns, and rows that are read one at a time in constant memory.
public protocol DatasetReader: AnyObject, SendableMetatype {
  /// The name on the command line, such as `csv`.
  static var name: String { get }
  /// The file name extensions of this format, in lower case and without the dot.
  static var fileExtensions: [String] { get }

  /// Reads up to the names of the columns.
  init(_ source: any ByteSource, limits: DatasetLimits) throws(DatasetError)

  /// The name of the file for errors.
  var sourceName: String { get }
  /// The names of the columns, as in the file.
  var columns: [String] { get }

  /// Replaces `row` by the next row, which has as many fields as there are columns; `false` at the
  /// end. After an error the reader is finished.
  func next(into row: inout DatasetRow) throws(DatasetError) -> Bool

  /// Appends the start of a file of this format: the names of the columns, or nothing.
  func appendHeader(to bytes: inout [UInt8])
  /// Appends `row`, which is the last one read, in this format, and a line break.
  func appendRow(_ row: DatasetRow, to bytes: inout [UInt8])
}

/// Every format this build reads.
///
/// To add one: a file in Readers/, and a line here.
public enum DatasetReaders {
  public static let all: [any DatasetReader.Type] = [
    CSVReader.self,
    TSVReader.self,
    JSONLinesReader.self,
  ]

  /// Opens `path` (`-` is standard input) as `format`, or by its extension, or as CSV.
  ///
  /// A file compressed with gzip is inflated, whatever its name.
  public static func open(
    path: String, format: String? = nil, limits: DatasetLimits = DatasetLimits()
  ) throws(DatasetError) -> any DatasetReader {
    let reader = try reader(path: path, format: format)
    return try reader.init(unpacked(FileSource(path: path)), limits: limits)
  }

  static func reader(path: String, format: String?) throws(DatasetError) -> any DatasetReader.Type {
    if let format {
      guard let named = all.first(where: { $0.name == format }) else {
        throw .unknownFormat(name: format, allowed: all.map { $0.name })
      }
      return named
    }
    let file = path.split(separator: "/").last ?? ""
    var endings = file.split(separator: ".").dropFirst(file.hasPrefix(".") ? 0 : 1)
    if endings.last?.lowercased() == "gz" { endings.removeLast() }
    let ending = endings.last?.lowercased() ?? ""
    return all.first { $0.fileExtensions.contains(ending) } ?? CSVReader.self
  }
}
