import Foundation
import MBQCore
import MBQEvaluation
import MBQReport

/// Every wrong answer with its whole text, written while they are found: CSV, or JSON Lines if the
/// name ends in `.jsonl` or `.ndjson`.
struct MistakesFile {
  let path: String
  let labels: [String]

  private var isLines: Bool {
    let name = path.lowercased()
    return name.hasSuffix(".jsonl") || name.hasSuffix(".ndjson")
  }

  /// Runs `body` with what it has to call for each row; the file appears when `body` has returned.
  func write<Value>(_ body: (EvaluationRun.Visit) throws -> Value) throws -> Value {
    var result: Result<Value, any Error>?
    do throws(FileError) {
      try AtomicFile.write(to: path) { append throws(FileError) in
        try withoutActuallyEscaping(append) { append throws(FileError) in
          do {
            if !isLines { try Self.put("row,truth,predicted,probability,margin,text\n", append) }
            result = .success(
              try body { row, place, answers in
                guard let mistake = mistake(row, place, answers) else { return }
                try Self.put(line(mistake, row.text), append)
              })
          } catch {
            result = .failure(error)
            // Ends the writing, and with it the unfinished file; `result` says why.
            throw FileError(.write, path, code: ECANCELED)
          }
        }
      }
    } catch {
      if case .failure(let cause) = result { throw cause }
      throw error
    }
    guard case .success(let value) = result else { preconditionFailure("the body was run") }
    return value
  }

  private static func put(_ text: String, _ append: AtomicFile.Append) throws(FileError) {
    var failure: FileError?
    var text = text
    text.withUTF8 { bytes in
      do throws(FileError) {
        try append(UnsafeRawBufferPointer(bytes))
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  private func mistake(
    _ row: LabelledText, _ place: Int, _ answers: Answers
  ) -> Mistakes.Mistake? {
    let predicted = Int(answers.outputs.predicted[place])
    guard let truth = row.label, truth != predicted else { return nil }
    let probability = answers.outputs.probability(of: predicted, row: place)
    return Mistakes.Mistake(
      row: row.row, truth: truth, predicted: predicted, probability: probability,
      margin: probability - answers.outputs.probability(of: truth, row: place), excerpt: "")
  }

  private func line(_ mistake: Mistakes.Mistake, _ text: String) -> String {
    let (truth, predicted) = (labels[mistake.truth], labels[mistake.predicted])
    if isLines {
      return JSONValue.object([
        JSONMember("row", .integer(mistake.row)), JSONMember("truth", .string(truth)),
        JSONMember("predicted", .string(predicted)),
        JSONMember("probability", .number(mistake.probability)),
        JSONMember("margin", .number(mistake.margin)), JSONMember("text", .string(text)),
      ]).line + "\n"
    }
    let fields = [
      "\(mistake.row)", quoted(truth), quoted(predicted), "\(mistake.probability)",
      "\(mistake.margin)", quoted(text),
    ]
    return fields.joined(separator: ",") + "\n"
  }

  /// A field of RFC 4180.
  private func quoted(_ text: String) -> String {
    "\"" + text.replacing("\"", with: "\"\"") + "\""
  }
}
