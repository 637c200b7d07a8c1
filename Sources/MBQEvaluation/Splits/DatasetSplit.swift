import Foundation
import MBQCore

/// A dataset's rows in two or three parts, as two calls of `train_test_split` make them: the test part
/// out of all rows, the validation part out of the rest, both with the same seed.
public struct DatasetSplit {
  public struct Options: Sendable {
    public var test: SplitSize
    /// Of the rows outside the test part.
    public var validation: SplitSize?
    /// The column for stratification: the parts keep the shares of its values.
    public var stratify: String?
    public var seed: UInt32

    public init(
      test: SplitSize, validation: SplitSize? = nil, stratify: String? = nil, seed: UInt32 = 42
    ) {
      self.test = test
      self.validation = validation
      self.stratify = stratify
      self.seed = seed
    }
  }

  public struct Part: Sendable, Equatable {
    /// One of `partNames`.
    public var name: String
    /// The rows, from 0, in the order in which they are written.
    public var rows: [Int32]
    /// How many rows each class has.
    public var classCounts: [Int]
  }

  /// The allowed names of parts.
  public static let partNames = ["train", "validation", "test"]

  public let rowCount: Int
  /// The classes' names in the order in which they were sorted; empty without a column.
  public let classNames: [String]
  public let parts: [Part]
  private let header: [UInt8]
  private let spool: RowSpool?

  /// Reads all rows, and keeps them in `spoolFolder` for writing.
  ///
  /// It calls `advance` for each row. Refuses the requests that scikit-learn refuses (`SplitError`), a
  /// dataset without rows or without the column, and rows without a class (`DatasetError`).
  public init(
    _ reader: any DatasetReader, options: Options, spoolFolder: String?,
    advance: () -> Void = {}
  ) throws {
    let spool = try spoolFolder.map { try RowSpool(folder: $0) }
    let column = try options.stratify.map { try Self.place(of: $0, in: reader) }
    var table = ClassTable()
    var row = DatasetRow()
    var count = 0
    while try reader.next(into: &row) {
      count += 1
      try spool?.append { reader.appendRow(row, to: &$0) }
      if let column { try Self.add(row, count, column, reader, &table) }
      advance()
    }
    guard count > 0 else {
      throw DatasetError.noRows(file: reader.sourceName, columns: reader.columns)
    }
    try spool?.flush()
    table.sort()
    var header: [UInt8] = []
    reader.appendHeader(to: &header)
    self.header = header
    self.spool = spool
    rowCount = count
    classNames = table.names
    parts = try Self.parts(count, column == nil ? nil : table, options)
  }

  private static func place(
    of column: String, in reader: any DatasetReader
  ) throws(DatasetError) -> Int {
    guard let place = reader.columns.firstIndex(of: column) else {
      throw .missingColumn(
        file: reader.sourceName, column: column, option: "--stratify", columns: reader.columns)
    }
    return place
  }

  private static func add(
    _ row: DatasetRow, _ number: Int, _ column: Int, _ reader: any DatasetReader,
    _ table: inout ClassTable
  ) throws {
    let (file, name) = (reader.sourceName, reader.columns[column])
    guard !row.nestedFields.contains(column) else {
      throw DatasetError.nestedValue(file: file, row: number, line: row.line, column: name)
    }
    guard !row.withBytes(column, { strippedRange(of: $0).isEmpty }) else {
      throw SplitError.blankLabel(file: file, row: number, line: row.line, column: name)
    }
    guard table.append(row.text(column)) else {
      throw SplitError.tooManyClasses(column: name, limit: ClassTable.limit)
    }
  }

  private static func parts(
    _ count: Int, _ table: ClassTable?, _ options: Options
  ) throws(SplitError) -> [Part] {
    func split(
      _ rows: [Int32]?, _ size: SplitSize, _ option: String, _ part: String
    ) throws(SplitError) -> TrainTestSplit {
      guard let table else {
        return try TrainTestSplit(
          count: rows?.count ?? count, test: size, seed: options.seed, option: option)
      }
      // A class may have no row left.
      let classes = rows.map { $0.map { table.classes[Int($0)] } } ?? table.classes
      var numbers = [Int32](repeating: -1, count: table.names.count)
      for index in classes { numbers[Int(index)] = 0 }
      var names: [String] = []
      for index in numbers.indices where numbers[index] == 0 {
        numbers[index] = Int32(names.count)
        names.append(table.names[index])
      }
      return try TrainTestSplit(
        classes: classes.map { numbers[Int($0)] }, names: names, test: size, seed: options.seed,
        option: option, part: part)
    }
    func part(_ name: String, _ rows: [Int32]) -> Part {
      var counts = [Int](repeating: 0, count: table?.names.count ?? 0)
      if let table { for row in rows { counts[Int(table.classes[Int(row)])] += 1 } }
      return Part(name: name, rows: rows, classCounts: counts)
    }
    let first = try split(nil, options.test, "--test", "the test part")
    guard let size = options.validation else {
      return [part("train", first.train), part("test", first.test)]
    }
    let second = try split(first.train, size, "--validation", "the validation part")
    return [
      part("train", second.train.map { first.train[Int($0)] }),
      part("validation", second.test.map { first.train[Int($0)] }), part("test", first.test),
    ]
  }

  /// A part's rows, to be put at `path`.
  ///
  /// - Precondition: the split has a spool folder.
  public func pending(
    _ part: Part, at path: String, advance: () -> Void = {}
  ) throws(FileError) -> PendingFile {
    guard let spool else { preconditionFailure("the rows were not kept") }
    let file = try PendingFile(at: path)
    var bytes = header
    var row: [UInt8] = []
    func flush() throws(FileError) {
      var failure: FileError?
      bytes.withUnsafeBytes { buffer in
        do throws(FileError) { try file.append(buffer) } catch { failure = error }
      }
      if let failure { throw failure }
      bytes.removeAll(keepingCapacity: true)
    }
    for index in part.rows {
      try spool.read(Int(index), into: &row)
      bytes += row
      if bytes.count >= 1 << 20 { try flush() }
      advance()
    }
    try flush()
    return file
  }
}
