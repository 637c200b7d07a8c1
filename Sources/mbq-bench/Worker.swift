import MBQCore
import MBQKernels
import MBQRuntime
import MBQTokenizer

/// One request, one line of JSON.
struct Worker {
  let model: Model
  let state: RunState

  /// Answers until the input ends.
  static func serve(_ options: inout Options) {
    let threads = options.number("--threads", 1...256, otherwise: 1)
    let model = options.model(options.kernels())
    let pool = ThreadPool(workerCount: threads)
    let worker = Worker(model: model, state: RunState(model: model, parallel: pool.parallel))
    while let line = readLine() {
      guard Standard.writeLine(worker.answer(line)) else { break }
    }
  }

  func answer(_ line: String) -> String {
    let words = line.split(separator: " ")
    do throws(ModelError) {
      switch words.first {
      case "run": return try run(words.dropFirst().compactMap { Double(String($0)) })
      case "ids": return try logits(words.dropFirst().compactMap { UInt32($0) })
      case "encode": return try encode(line)
      default: return error("unknown request '\(line)'; known: run, ids, encode")
      }
    } catch {
      return self.error(error.explanation)
    }
  }

  /// Batch, tokens a text, and the milliseconds to fill.
  private func run(_ numbers: [Double]) throws(ModelError) -> String {
    guard numbers.count == 3, numbers[0] >= 1, numbers[0] <= 4096, numbers[1] >= 1,
      numbers[1] <= Double(model.maximumTokens), numbers[2] >= 0, numbers[2] < 1e6
    else { return error("run takes a batch, tokens up to \(model.maximumTokens), milliseconds") }
    var generator = SeededGenerator(seed: 42)
    let texts = (0..<Int(numbers[0])).map { _ in
      (0..<Int(numbers[1])).map { _ in
        UInt32.random(in: 0..<UInt32(model.vocabularyCount), using: &generator)
      }
    }
    var runs = 0
    let start = Standard.nanoseconds
    var elapsed: UInt64 = 0
    repeat {
      _ = try state.logits(texts)
      runs += 1
      elapsed = Standard.nanoseconds - start
    } while Double(elapsed) < numbers[2] * 1e6
    return "{\"runs\": \(runs), \"milliseconds\": \(Double(elapsed) / Double(runs) / 1e6)}"
  }

  private func logits(_ ids: [UInt32]) throws(ModelError) -> String {
    let start = Standard.nanoseconds
    let logits = try state.logits([ids])
    let elapsed = Double(Standard.nanoseconds - start) / 1e6
    return "{\"logits\": [\(logits.map { "\($0)" }.joined(separator: ", "))], "
      + "\"milliseconds\": \(elapsed)}"
  }

  /// Limit, milliseconds to fill, and a file with a text a line: every text once a pass.
  private func encode(_ line: String) throws(ModelError) -> String {
    let words = line.split(separator: " ", maxSplits: 3)
    guard words.count == 4, let limit = Int(words[1]), limit >= WordPieceTokenizer.minimumLimit,
      let most = Double(String(words[2])), most >= 0, most < 1e6
    else {
      return error(
        "encode takes a limit from \(WordPieceTokenizer.minimumLimit), milliseconds, a file")
    }
    let file: MappedFile
    do throws(FileError) {
      file = try MappedFile(path: String(words[3]))
    } catch {
      throw .file(error)
    }
    let texts = file.bytes.split(separator: 10).map { UnsafeRawBufferPointer(rebasing: $0) }
    var ids: [UInt32] = []
    var tokens = 0
    var hash: UInt64 = 0
    var passes = 0
    let start = Standard.nanoseconds
    var elapsed: UInt64 = 0
    repeat {
      (tokens, hash) = (0, 0)
      for text in texts {
        let bytes = text.bindMemory(to: UInt8.self)
        _ = model.tokenizer.encode(bytes, limit: limit, countsAll: false, into: &ids)
        tokens += ids.count
        for id in ids { hash = (hash &* 31 &+ UInt64(id)) % 4_294_967_291 }
      }
      passes += 1
      elapsed = Standard.nanoseconds - start
    } while Double(elapsed) < most * 1e6
    return "{\"passes\": \(passes), \"milliseconds\": \(Double(elapsed) / Double(passes) / 1e6), "
      + "\"texts\": \(texts.count), \"bytes\": \(file.bytes.count), \"tokens\": \(tokens), "
      + "\"hash\": \(hash)}"
  }

  private func error(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" { escaped += "\\" }
      escaped.unicodeScalars.append(scalar.value < 0x20 ? " " : scalar)
    }
    return "{\"error\": \"\(escaped)\"}"
  }
}
