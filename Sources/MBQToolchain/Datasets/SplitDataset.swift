import Foundation
import MBQCore
import MBQEvaluation
import MBQReport

/// What `Toolchain.split` does.
public struct SplitOptions: Sendable, Equatable {
  /// The dataset; `-` is standard input.
  public var data: String
  public var format: String?
  public var test: SplitSize
  /// Of what the test part leaves; `nil`: none.
  public var validation: SplitSize?
  /// The column whose values keep their shares in all parts; `nil`: none.
  public var stratify: String?
  /// scikit-learn's `random_state`.
  public var randomState: UInt32 = 42
  /// The folder that gets the parts, or with `indices` a file of row numbers; `nil`: nothing is written.
  public var folder: String?
  /// Rows are numbered, not copied.
  public var indices = false

  public init(data: String, test: SplitSize) {
    self.data = data
    self.test = test
  }
}

/// Where the parts went and what is in them.
public struct SplitResult: Sendable, Encodable {
  public struct Part: Sendable, Encodable {
    public struct Class: Sendable, Encodable {
      public var label: String
      public var rows: Int
      public var share: Double
    }

    public var name: String
    /// Missing with `indices`.
    public var file: String?
    public var rows: Int
    public var share: Double
    public var classes: [Class]
  }

  public var dataset: String
  public var format: String
  public var rows: Int
  public var seed: Int
  public var stratify: String?
  public var indices: String?
  public var parts: [Part]
  /// (parts) The numbers of the rows, from 0; as JSON.
  package var indicesText: String?

  enum CodingKeys: String, CodingKey {
    case dataset, format, rows, seed, stratify, indices, parts
  }
}

extension Toolchain {
  /// Splits a dataset into train, validation and test, row for row as scikit-learn's `train_test_split`.
  ///
  /// Refuses sizes that leave a part empty, and classes too rare to be in every part (`SplitError`).
  public func split(_ options: SplitOptions) throws -> SplitResult {
    let reader = try DatasetReaders.open(path: options.data, format: options.format)
    let name = type(of: reader).name
    func path(_ part: String, _ folder: String) -> String { "\(folder)/\(part).\(name)" }
    if let folder = options.folder {
      let files =
        options.indices
        ? ["\(folder)/indices.json"] : DatasetSplit.partNames.map { path($0, folder) }
      for file in files { try OutputPlace.refuse(file, .output, ifOneOf: [options.data]) }
    }
    let folder = try options.folder.map { try NewFolder($0) }
    let reading = stage("reading \(options.data)", total: nil, unit: "rows")
    defer { reading.finish() }
    let split = try DatasetSplit(
      reader,
      options: DatasetSplit.Options(
        test: options.test, validation: options.validation, stratify: options.stratify,
        seed: options.randomState),
      spoolFolder: options.indices ? nil : folder?.path
    ) { reading.advance() }
    reading.finish()
    var result = SplitResult(
      dataset: options.data, format: name, rows: split.rowCount, seed: Int(options.randomState),
      stratify: options.stratify,
      parts: split.parts.map { part in
        SplitResult.Part(
          name: part.name,
          file: options.indices ? nil : folder.map { path(part.name, $0.path) },
          rows: part.rows.count, share: Double(part.rows.count) / Double(split.rowCount),
          classes: zip(split.classNames, part.classCounts).map {
            .init(label: $0, rows: $1, share: Double($1) / Double(part.rows.count))
          })
      })
    if options.indices {
      let text = JSONValue.object(
        split.parts.map { JSONMember($0.name, .array($0.rows.map { .integer(Int($0)) })) }
      ).text
      result.indicesText = text
      if let folder {
        result.indices = "\(folder.path)/indices.json"
        try AtomicFile.write(text, to: "\(folder.path)/indices.json")
      }
    } else if let folder {
      let writing = stage("writing", total: split.rowCount, unit: "rows")
      defer { writing.finish() }
      var files: [PendingFile] = []
      for part in split.parts {
        files.append(try split.pending(part, at: path(part.name, folder.path)) { writing.advance() })
      }
      try PendingFile.commit(files)
    }
    folder?.keep()
    return result
  }
}

extension SplitResult {
  package var report: Report {
    var table = ReportTable(columns: [
      .text("part", overflow: .keep), .number("rows"), .number("share"),
    ])
    // As many classes as fit a line; JSON has them all.
    let classes = parts[0].classes.prefix(4)
    for (index, item) in classes.enumerated() {
      table.columns.append(.number("class_\(index)", DisplayText.shortened(item.label, to: 12)))
    }
    for part in parts {
      table.rows.append(
        [.text(part.name), .count(part.rows), .percent(part.share, digits: 2)]
          + part.classes.prefix(classes.count).map { .count($0.rows) })
    }
    var blocks: [Report.Block] = [.table(table)]
    if parts[0].classes.count > classes.count {
      blocks.append(.note("\(parts[0].classes.count) classes; --json has the counts of all"))
    }
    let files = indices.map { [$0] } ?? parts.compactMap(\.file)
    blocks.append(.verbatim(files.map { "wrote \($0)\n" }.joined()))
    return Report(blocks)
  }
}

/// A folder that is made if it is not there, and removed again, while empty, unless it is kept.
private final class NewFolder {
  let path: String
  private var isMade = false

  init(_ path: String) throws(FileError) {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    if mkdir(self.path, 0o755) == 0 {
      isMade = true
      return
    }
    let code = errno
    guard Paths.isFolder(self.path) else { throw FileError(.create, path, code: code) }
  }

  func keep() { isMade = false }

  deinit { if isMade { rmdir(path) } }
}
