// The libFuzzer targets of what evaluation reads; compiled into MBQEvaluation by run.sh, which says with
// MBQ_FUZZ_FORMAT which it is: `dataset` (every reader and gzip; the first byte chooses) or `answers`.

import Foundation
import MBQCore

private let isAnswers: Bool = {
  let name = ProcessInfo.processInfo.environment["MBQ_FUZZ_FORMAT"] ?? ""
  guard name == "dataset" || name == "answers" else {
    fatalError("MBQ_FUZZ_FORMAT is '\(name)'; it is dataset or answers")
  }
  return name == "answers"
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let bytes = UnsafeBufferPointer(start: start, count: count)
  if isAnswers {
    fuzzAnswers(UnsafeRawBufferPointer(bytes))
  } else if let first = bytes.first {
    fuzzDataset(Array(bytes.dropFirst()), choice: Int(first))
  }
  return 0
}

/// The text is part of what is tested: it quotes what the file says.
private func check(_ error: any ExplainedError) {
  precondition(!error.explanation.isEmpty && error.explanation.utf8.count < 1 << 16)
  precondition(error.kind == .badInput || error.kind == .usage)
}

// MARK: Datasets

/// Small, so that inputs reach them.
private let limits = DatasetLimits(fieldBytes: 1 << 12, rowBytes: 1 << 14, columns: 64)

private struct Reading: Equatable {
  var columns: [String] = []
  var rows: [[String]] = []
  var lines: [Int] = []
  var error: DatasetError?
}

private func open(
  _ type: any DatasetReader.Type, _ bytes: [UInt8], portion: Int
) throws(DatasetError) -> any DatasetReader {
  try type.init(
    unpacked(MemorySource(bytes, name: "fuzzed", portion: portion)), limits: limits)
}

private func read(
  _ type: any DatasetReader.Type, _ bytes: [UInt8], portion: Int, copy: inout [UInt8]
) -> Reading {
  var reading = Reading()
  do throws(DatasetError) {
    let reader = try open(type, bytes, portion: portion)
    reading.columns = reader.columns
    reader.appendHeader(to: &copy)
    var row = DatasetRow()
    while try reader.next(into: &row), reading.rows.count < 4096 {
      precondition(row.count == reader.columns.count)
      reading.rows.append((0..<row.count).map { row.text($0) })
      reading.lines.append(row.line)
      reader.appendRow(row, to: &copy)
    }
  } catch {
    check(error)
    reading.error = error
  }
  return reading
}

private func fuzzDataset(_ bytes: [UInt8], choice: Int) {
  let types = DatasetReaders.all
  let type = types[choice % types.count]
  var (copy, ignored) = ([UInt8](), [UInt8]())
  let whole = read(type, bytes, portion: .max, copy: &copy)
  // However the bytes arrive, they are the same rows.
  let inParts = read(type, bytes, portion: 1 + choice / types.count, copy: &ignored)
  precondition(whole == inParts, "other rows in other portions")
  if whole.error == nil {
    // What is written of them reads as the same rows.
    let again = read(type, copy, portion: .max, copy: &ignored)
    precondition(
      again.columns == whole.columns && again.rows == whole.rows && again.error == nil,
      "other rows when written and read again")
  }
  do throws(DatasetError) {
    let reader = try open(type, bytes, portion: .max)
    var texts = try LabelledTexts(
      reader,
      columns: .init(text: reader.columns.first.map { [$0] }, label: reader.columns.last),
      labels: choice & 1 == 0 ? LabelVocabulary(names: ["real", "fake"]) : nil)
    var description = DatasetDescription(tokenizing: nil)
    var digest = DatasetDigest()
    while let row = try texts.next() {
      description.add(row)
      digest.add(row.text, label: row.label)
    }
    _ = digest.value
  } catch {
    check(error)
  }
}

// MARK: Answers

private func fuzzAnswers(_ bytes: UnsafeRawBufferPointer) {
  let answers: Answers
  do throws(AnswersFileError) {
    answers = try AnswersFile.read(bytes, name: "fuzzed")
  } catch {
    check(error)
    return
  }
  let again = try? AnswersFile.bytes(answers).withUnsafeBytes {
    try AnswersFile.read($0, name: "again")
  }
  precondition(again == answers, "other answers when written and read again")
  precondition(answers.lengths.count == answers.rowCount)
  do {
    // Bootstraps over many labels only take time.
    if answers.rowCount * answers.key.model.labels.count < 1 << 10 {
      _ = try answers.evaluation()
      _ = try answers.comparison()
      _ = try answers.beside(answers, names: ("a", "b"), flipLimit: 3).comparison()
    }
    _ = try Answers.merged([("a", answers)])
  } catch let error as any ExplainedError {
    check(error)
  } catch {
    preconditionFailure("\(error)")
  }
}
