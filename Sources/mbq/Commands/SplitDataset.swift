import ArgumentParser
import Foundation
import MBQCore
import MBQEvaluation
import MBQReport

struct SplitDataset: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "split",
    abstract: "Splits a dataset into train, validation and test, as scikit-learn does.",
    discussion: """
      The rows, and their order, are those of scikit-learn's
        rest, test = train_test_split(rows, test_size=TEST,
                                      stratify=rows[LABEL], random_state=SEED)
        train, validation = train_test_split(rest, test_size=VALIDATION,
                                      stratify=rest[LABEL], random_state=SEED)
      so that --validation is a share of what the test part leaves. A size is a share, such as 0.15, or \
      a number of rows. The parts are written in the dataset's format, uncompressed; --indices gives \
      the numbers of their rows instead, from 0 as df.iloc counts.

      Examples:
        mbq data split news.csv --test 0.15 --validation 0.1765 \\
            --stratify label --seed 42 -o parts
        mbq data split news.jsonl.gz --test 1000 -o parts
        mbq data split news.csv --test 0.2 --stratify label --indices > rows.json
      """)

  @Argument(help: "The dataset; - is standard input.")
  var file: String

  @Option(help: ArgumentHelp("The test part: a share or a number of rows.", valueName: "size"))
  var test: String

  @Option(
    help: ArgumentHelp(
      "The validation part, of what the test part leaves (default: none).", valueName: "size"))
  var validation: String?

  @Option(
    help: ArgumentHelp("Keep the shares of this column's values in all parts.", valueName: "column")
  )
  var stratify: String?

  @Option(help: ArgumentHelp("scikit-learn's random_state.", valueName: "n"))
  var seed = 42

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The folder to write to; it is made if need be.", valueName: "folder"))
  var output: String?

  @Flag(help: "Give the rows' numbers, as JSON, instead of the rows.")
  var indices = false

  @Option(help: ArgumentHelp(DataOptions.formatHelp, valueName: "name"))
  var format: String?

  @Flag(help: "Print what was written, and the classes' counts, as JSON.")
  var json = false

  func validate() throws {
    guard output != nil || indices else {
      throw ValidationError("Give a folder to write to (-o), or --indices.")
    }
    guard !(indices && output == nil && json) else {
      throw ValidationError("--indices without -o prints JSON already: leave --json out.")
    }
  }

  /// Where a part went and what is in it.
  private struct Written: Encodable {
    struct Class: Encodable {
      var label: String
      var rows: Int
      var share: Double
    }

    var name: String
    /// Missing with `--indices`.
    var file: String?
    var rows: Int
    var share: Double
    var classes: [Class]
  }

  private struct Result: Encodable {
    var dataset: String
    var format: String
    var rows: Int
    var seed: Int
    var stratify: String?
    var indices: String?
    var parts: [Written]
  }

  func run() throws {
    guard let seed = UInt32(exactly: seed) else { throw SplitError.seed(found: "\(seed)") }
    let options = DatasetSplit.Options(
      test: try SplitSize(test, option: "--test"),
      validation: try validation.map { try SplitSize($0, option: "--validation") },
      stratify: stratify, seed: seed)
    let reader = try DatasetReaders.open(path: file, format: format)
    let name = type(of: reader).name
    if let output, !indices {
      let paths = DatasetSplit.partNames.map { Self.path($0, output, name) }
      if let path = paths.first(where: { OutputPlace.isSameFile($0, file) }) {
        throw CommandError.usage("'\(path)' is the dataset itself; choose another folder with -o")
      }
    }
    let folder = try output.map { try Folder($0) }
    let reading = ProgressBar("reading \(file)", total: nil, unit: "rows")
    let split = try DatasetSplit(
      reader, options: options, spoolFolder: indices ? nil : folder?.path
    ) { reading.advance() }
    reading.finish()

    var indicesPath: String?
    if indices {
      let text = Self.rows(of: split)
      guard let folder else {
        Output.show(text)
        return
      }
      let path = "\(folder.path)/indices.json"
      try AtomicFile.write(text, to: path)
      indicesPath = path
    } else if let folder {
      let writing = ProgressBar("writing", total: split.rowCount, unit: "rows")
      var files: [PendingFile] = []
      for part in split.parts {
        let path = Self.path(part.name, folder.path, name)
        files.append(try split.pending(part, at: path) { writing.advance() })
      }
      try PendingFile.commit(files)
      writing.finish()
    }
    folder?.keep()
    try show(
      Result(
        dataset: file, format: name, rows: split.rowCount, seed: self.seed, stratify: stratify,
        indices: indicesPath,
        parts: split.parts.map { part in
          Written(
            name: part.name,
            file: indices ? nil : folder.map { Self.path(part.name, $0.path, name) },
            rows: part.rows.count, share: Double(part.rows.count) / Double(split.rowCount),
            classes: zip(split.classNames, part.classCounts).map {
              .init(label: $0, rows: $1, share: Double($1) / Double(part.rows.count))
            })
        }))
  }

  private static func path(_ part: String, _ folder: String, _ format: String) -> String {
    "\(folder)/\(part).\(format)"
  }

  private static func rows(of split: DatasetSplit) -> String {
    JSONValue.object(
      split.parts.map { JSONMember($0.name, .array($0.rows.map { .integer(Int($0)) })) }
    ).text
  }

  private func show(_ result: Result) throws {
    if json {
      Output.show(try JSONText.encode(result))
      return
    }
    var table = ReportTable(columns: [
      .text("part", overflow: .keep), .number("rows"), .number("share"),
    ])
    // As many classes as fit a line; JSON has them all.
    let classes = result.parts[0].classes.prefix(4)
    for (index, item) in classes.enumerated() {
      table.columns.append(.number("class_\(index)", DisplayText.shortened(item.label, to: 12)))
    }
    for part in result.parts {
      table.rows.append(
        [.text(part.name), .count(part.rows), .percent(part.share, digits: 2)]
          + part.classes.prefix(classes.count).map { .count($0.rows) })
    }
    var blocks: [Report.Block] = [.table(table)]
    if result.parts[0].classes.count > classes.count {
      blocks.append(
        .note("\(result.parts[0].classes.count) classes; --json has the counts of all"))
    }
    let files = result.indices.map { [$0] } ?? result.parts.compactMap(\.file)
    blocks.append(.verbatim(files.map { "wrote \($0)\n" }.joined()))
    Output.show(Report(blocks), json: false)
  }
}

/// A folder that is made if it is not there, and removed again, while empty, unless it is kept.
private final class Folder {
  let path: String
  private var isMade = false

  init(_ path: String) throws(FileError) {
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    if mkdir(self.path, 0o755) == 0 {
      isMade = true
      return
    }
    let code = errno
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: self.path, isDirectory: &isFolder),
      isFolder.boolValue
    else { throw FileError(.create, path, code: code) }
  }

  func keep() { isMade = false }

  deinit { if isMade { rmdir(path) } }
}
