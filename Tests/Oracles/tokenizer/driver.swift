// Runs the tokenizer for the scripts beside this file, which compile it together with the sources of
// MBQCore and MBQTokenizer into one module. Not part of the package.
//
// usage: driver VOCABULARY COUNT OPTIONS MODE [LIMIT]
// VOCABULARY and OPTIONS are files in the layouts of Formats/wordpiece/wordpiece.md.
//
//  encode LIMIT     standard input: texts. For each: count of ids, untruncated count, start of the
//                   second text, ids. With a limit of 0 there is none.
//  pairs LIMIT      the same, two texts at a time
//  early LIMIT      as encode, not counting the rest; the untruncated count is then 0
//  normalize        for each text the normalized text
//  time LIMIT FILE  reads texts from FILE; for each line of standard input encodes all of them once
//                   and prints nanoseconds
//  load             prints how many nanoseconds it takes to build the vocabulary, ten times
//
// Texts are written as a 32-bit length and their bytes; all numbers are little-endian.

@preconcurrency import Glibc

@main
enum Driver {
  static func main() throws {
    let arguments = CommandLine.arguments
    let packed = try MappedFile(path: arguments[1])
    let stored = try MappedFile(path: arguments[3])
    let count = Int(arguments[2]) ?? 0
    let vocabulary = try Vocabulary(packed: packed.bytes, count: count)
    let tokenizer = try WordPieceTokenizer(
      vocabulary: vocabulary, options: TokenizerOptions(decoding: stored.bytes))
    let given = arguments.count > 5 ? Int(arguments[5]) ?? 0 : 0
    let limit = given == 0 ? Int.max : given
    switch arguments[4] {
    case "encode", "early":
      let countsAll = arguments[4] == "encode"
      var ids: [UInt32] = []
      while let text = readText() {
        let summary = text.withUnsafeBufferPointer {
          tokenizer.encode($0, limit: limit, countsAll: countsAll, into: &ids)
        }
        write(ids, summary)
      }
    case "pairs":
      var ids: [UInt32] = []
      while let first = readText(), let second = readText() {
        let summary = first.withUnsafeBufferPointer { first in
          second.withUnsafeBufferPointer { second in
            tokenizer.encode(first, second, limit: limit, into: &ids)
          }
        }
        write(ids, summary)
      }
    case "normalize":
      while let text = readText() {
        let result = text.withUnsafeBufferPointer { tokenizer.normalized($0) }
        write([UInt32(result.count)])
        _ = result.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, stdout) }
      }
    case "time":
      let texts = try readTexts(arguments[6])
      var ids: [UInt32] = []
      var total = 0
      while readLine() != nil {
        let start = now()
        for text in texts {
          let summary = text.withUnsafeBufferPointer {
            tokenizer.encode($0, limit: limit, countsAll: false, into: &ids)
          }
          total &+= summary.secondStart
        }
        print(now() - start, total)
        fflush(stdout)
      }
    case "load":
      for _ in 0..<10 {
        let start = now()
        let vocabulary = try Vocabulary(packed: packed.bytes, count: count)
        print(now() - start, vocabulary.count)
      }
    default: print("unknown mode")
    }
    fflush(stdout)
  }

  static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  static func readText() -> [UInt8]? {
    var length: UInt32 = 0
    guard fread(&length, 4, 1, stdin) == 1 else { return nil }
    var text = [UInt8](repeating: 0, count: Int(length))
    return fread(&text, 1, text.count, stdin) == text.count ? text : nil
  }

  static func readTexts(_ path: String) throws -> [[UInt8]] {
    let file = try MappedFile(path: path)
    var texts: [[UInt8]] = []
    var offset = 0
    while offset < file.bytes.count {
      let length = Int(file.bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
      texts.append([UInt8](file.bytes[offset + 4..<offset + 4 + length]))
      offset += 4 + length
    }
    return texts
  }

  static func write(_ numbers: [UInt32]) {
    _ = numbers.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, stdout) }
  }

  static func write(_ ids: [UInt32], _ summary: EncodingSummary) {
    let total = UInt32(summary.untruncatedCount ?? 0)
    write([UInt32(ids.count), total, UInt32(summary.secondStart)])
    write(ids)
  }
}
