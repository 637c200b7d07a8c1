/// Tab-separated values with a header line, quoted as CSV is (what `pandas.to_csv(sep="\t")` writes).
public final class TSVReader: DatasetReader {
  public static let name = "tsv"
  public static let fileExtensions = ["tsv", "tab"]

  private static let delimiter = UInt8(ascii: "\t")
  private let records: DelimitedRecords

  public init(_ source: any ByteSource, limits: DatasetLimits) throws(DatasetError) {
    records = try DelimitedRecords(source, delimiter: Self.delimiter, limits: limits)
  }

  public var sourceName: String { records.name }
  public var columns: [String] { records.columns }

  public func next(into row: inout DatasetRow) throws(DatasetError) -> Bool {
    try records.next(into: &row)
  }

  public func appendHeader(to bytes: inout [UInt8]) {
    DelimitedText.appendHeader(columns, delimiter: Self.delimiter, to: &bytes)
  }

  public func appendRow(_ row: DatasetRow, to bytes: inout [UInt8]) {
    DelimitedText.append(row, delimiter: Self.delimiter, to: &bytes)
  }
}
