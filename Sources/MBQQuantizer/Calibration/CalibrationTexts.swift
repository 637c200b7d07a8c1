public import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQFormat
public import MBQTokenizer

/// Texts to calibrate a model on, and others to choose among its variants by, as token ids.
public struct CalibrationTexts: Equatable, Sendable {
  public var texts: [[UInt32]]
  public var heldBack: [[UInt32]]
  public var audit: CalibrationAudit
  public var options: CalibrationOptions

  public init(
    texts: [[UInt32]], heldBack: [[UInt32]] = [], audit: CalibrationAudit = .init(),
    options: CalibrationOptions
  ) {
    self.texts = texts
    self.heldBack = heldBack
    self.audit = audit
    self.options = options
  }

  /// SHA-256 of the calibrating texts: of each its length and its ids, 32 bits little-endian.
  public var digest: [UInt8] { Self.digest(of: texts) }

  static func digest(of texts: [[UInt32]]) -> [UInt8] {
    var bytes: [UInt8] = []
    func append(_ value: UInt32) {
      for shift in [0, 8, 16, 24] as [UInt32] {
        bytes.append(UInt8(truncatingIfNeeded: value >> shift))
      }
    }
    for text in texts {
      append(UInt32(text.count))
      for id in text { append(id) }
    }
    return bytes.withUnsafeBytes { sha256($0) }
  }
}

/// Draws calibration texts from a stream of any length: blank texts and repeated ones are left out, and
/// of the others each is as likely to be drawn.
///
/// Reservoir sampling (Vitter, "Random sampling with a reservoir", 1985, algorithm R); the same texts in
/// the same order with the same seed give the same sample. Memory: the sample, and 16 bytes for each
/// text read.
public struct CalibrationSampler: Sendable {
  private let tokenizer: WordPieceTokenizer
  private let options: CalibrationOptions
  private let evaluation: TextDigests?
  private let limit: Int
  private let capacity: Int
  private var seen = TextDigests()
  private var generator: SeededGenerator
  private var sample: [[UInt32]] = []
  private var ids: [UInt32] = []
  public private(set) var audit = CalibrationAudit()

  /// `limit` is the longest text the model takes; `evaluation` has the texts it is judged by.
  ///
  /// Refuses options out of range with `CalibrationError.invalidOption`.
  public init(
    _ tokenizer: WordPieceTokenizer, limit: Int, options: CalibrationOptions = .init(),
    evaluation: TextDigests? = nil
  ) throws(CalibrationError) {
    try options.check()
    self.tokenizer = tokenizer
    self.options = options
    self.evaluation = evaluation
    self.limit = max(min(limit, options.maximumTokens), WordPieceTokenizer.minimumLimit)
    capacity = options.texts + options.heldBack
    generator = SeededGenerator(seed: options.seed)
    audit.limit = self.limit
    if evaluation != nil { audit.overlap = 0 }
  }

  public mutating func add(_ text: String) {
    audit.read += 1
    var text = text
    let summary = text.withUTF8 { tokenizer.encode($0, limit: limit, into: &ids) }
    guard ids.count > WordPieceTokenizer.minimumLimit else {
      audit.blank += 1
      return
    }
    let digest = TextDigests.digest(text)
    guard seen.insert(digest) else {
      audit.duplicates += 1
      return
    }
    if let evaluation, evaluation.contains(digest) {
      audit.overlap = (audit.overlap ?? 0) + 1
      audit.firstOverlap = audit.firstOverlap ?? audit.read
    }
    let whole = summary.untruncatedCount ?? ids.count
    audit.usable += 1
    audit.count(length: whole)
    if summary.isTruncated { audit.truncated += 1 }
    audit.tokens += ids.count
    audit.untruncatedTokens += whole
    audit.unknownTokens += summary.unknownCount
    if sample.count < capacity {
      sample.append(ids)
    } else {
      let place = below(audit.usable)
      if place < capacity { sample[place] = ids }
    }
  }

  /// The sample in a drawn order, the last fifth of it held back.
  ///
  /// Refuses with `CalibrationError.noUsableText` when there was none, and, unless `allowsOverlap`, with
  /// `CalibrationError.overlap` texts that the model is judged by. The names are for the errors.
  public mutating func finish(
    file: String, evaluation evaluationFile: String = "", allowsOverlap: Bool = false
  ) throws(CalibrationError) -> CalibrationTexts {
    guard audit.usable > 0 else {
      throw .noUsableText(file: file, read: audit.read, blank: audit.blank)
    }
    if !allowsOverlap, let overlap = audit.overlap, overlap > 0 {
      throw .overlap(
        file: file, evaluation: evaluationFile, texts: overlap, of: audit.usable,
        row: audit.firstOverlap ?? 0)
    }
    // Fisher and Yates: what comes first in the file must not all be in one of the halves.
    for last in stride(from: sample.count - 1, to: 0, by: -1) {
      sample.swapAt(last, below(last + 1))
    }
    let heldBack = min(options.heldBack, sample.count / 5)
    let texts = Array(sample.prefix(min(options.texts, sample.count - heldBack)))
    audit.calibrating = texts.count
    audit.heldBack = heldBack
    audit.calibratingTokens = texts.reduce(0) { $0 + $1.count }
    return CalibrationTexts(
      texts: texts, heldBack: Array(sample.suffix(heldBack)), audit: audit, options: options)
  }

  /// A number from 0 to `bound` - 1; uneven by at most `bound` / 2⁶⁴.
  private mutating func below(_ bound: Int) -> Int {
    Int(generator.next().multipliedFullWidth(by: UInt64(bound)).high)
  }
}

extension WordPieceTokenizer {
  /// The tokenizer a checkpoint's files describe.
  public init(_ files: TokenizerFiles) throws(TokenizerError) {
    try self.init(
      vocabulary: Vocabulary(pieces: Array(files.pieces.prefix(files.wordPieceCount))),
      options: TokenizerOptions(files))
  }
}
