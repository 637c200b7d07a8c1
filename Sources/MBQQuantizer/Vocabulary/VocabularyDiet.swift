import MBQCheckpoints
import MBQModel
import MBQTokenizer

/// Drops the word pieces a corpus never uses from the word table and from the tokenizer.
///
/// A text of the corpus keeps its pieces, so its logits keep their bits. Other texts fall back to shorter
/// pieces (`FallbackPieces`), and never to the unknown piece where there was none. As in Abdaoui et al.,
/// "Load What You Need: Smaller Versions of Multilingual BERT" (2020), with a fallback.
public enum VocabularyDiet {
  /// How often each id occurs in `texts`.
  public static func counts(of texts: [[UInt32]], vocabularySize: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: vocabularySize)
    for text in texts {
      for id in text where id < vocabularySize { counts[Int(id)] += 1 }
    }
    return counts
  }

  /// `model` without the pieces that occur less than `minimumCount` times; `counts` by id, ids beyond
  /// its end never.
  ///
  /// Kept besides: the special and added tokens, and what others fall back to. Ids are renumbered in
  /// their order; `configuration.vocabularySize`, the word table and the tokenizer stay in step. Rows of
  /// the table that no piece has go. Works before and after `folded`, and before the table is rounded.
  public static func apply(
    to model: WorkingModel, counts: [Int], minimumCount: Int = 1
  ) -> (model: WorkingModel, report: VocabularyReport) {
    let files = model.tokenizer
    var kept = FallbackPieces(files).ids
    for (id, count) in counts.enumerated() where count >= minimumCount { kept.insert(id) }
    kept.formUnion([
      files.unknownID, files.classificationID, files.separatorID, files.paddingID,
    ])
    kept.formUnion(files.addedTokens.map(\.id))
    // Beyond WordPiece's own there are only added tokens.
    kept.formUnion(files.wordPieceCount..<max(files.wordPieceCount, files.pieces.count))
    let order = files.pieces.indices.filter(kept.contains)
    var newIDs = [Int?](repeating: nil, count: files.pieces.count)
    for (new, old) in order.enumerated() { newIDs[old] = new }

    var result = model
    result.tokenizer.pieces = order.map { files.pieces[$0] }
    result.tokenizer.wordPieceCount = order.prefix { $0 < files.wordPieceCount }.count
    // All of these were kept.
    func renumbered(_ id: Int) -> Int { newIDs[id] ?? 0 }
    result.tokenizer.unknownID = renumbered(files.unknownID)
    result.tokenizer.classificationID = renumbered(files.classificationID)
    result.tokenizer.separatorID = renumbered(files.separatorID)
    result.tokenizer.paddingID = renumbered(files.paddingID)
    for index in result.tokenizer.addedTokens.indices {
      result.tokenizer.addedTokens[index].id = renumbered(files.addedTokens[index].id)
    }
    let rowsBefore = model.configuration.vocabularySize
    result.configuration.vocabularySize = order.count
    let width = result.keepWordRows(order)
    return (
      result,
      VocabularyReport(
        piecesBefore: rowsBefore, piecesKept: order.count, width: width,
        pieceBytesSaved: files.pieces.reduce(0) { $0 + $1.count }
          - result.tokenizer.pieces.reduce(0) { $0 + $1.count },
        newIDs: newIDs, pieces: files.pieces)
    )
  }

  /// How the diet changes the pieces of `texts`.
  ///
  /// Refuses, with `TokenizerError`, tokenizers that the runtime would refuse.
  public static func compare(
    _ texts: some Sequence<String>, before: TokenizerFiles, after: TokenizerFiles
  ) throws(TokenizerError) -> TokenizationChange {
    let (first, second) = (try before.tokenizer(), try after.tokenizer())
    var change = TokenizationChange()
    for text in texts {
      let old = first.encode(text, limit: before.maximumLength)
      let new = second.encode(text, limit: after.maximumLength)
      change.texts += 1
      let same = old.ids.map { before.pieces[Int($0)] } == new.ids.map { after.pieces[Int($0)] }
      if !same { change.changedTexts += 1 }
      change.piecesBefore += old.untruncatedCount
      change.piecesAfter += new.untruncatedCount
      if new.unknownCount > old.unknownCount { change.textsWithNewUnknowns += 1 }
    }
    return change
  }
}

/// What a vocabulary diet did.
public struct VocabularyReport: Sendable {
  /// Rows of the word table.
  public var piecesBefore: Int
  public var piecesKept: Int
  /// Columns of the word table.
  public var width: Int
  /// Bytes of text of the dropped pieces.
  public var pieceBytesSaved: Int
  /// By old id.
  public var newIDs: [Int?]
  /// By old id.
  let pieces: [[UInt8]]

  /// Bytes of the word table and of the vocabulary that are saved when a weight has so many bits.
  public func bytesSaved(bits: Int) -> Int {
    (piecesBefore - piecesKept) * width * bits / 8 + pieceBytesSaved
  }
}

/// How many texts have other pieces than before.
public struct TokenizationChange: Equatable, Sendable {
  public var texts = 0
  public var changedTexts = 0
  /// Texts with more unknown pieces than before: always 0.
  public var textsWithNewUnknowns = 0
  public var piecesBefore = 0
  public var piecesAfter = 0
}

extension TokenizerFiles {
  func tokenizer() throws(TokenizerError) -> WordPieceTokenizer {
    try WordPieceTokenizer(
      vocabulary: try Vocabulary(pieces: Array(pieces.prefix(wordPieceCount))),
      options: TokenizerOptions(self))
  }
}

extension WorkingModel {
  /// Keeps some rows of the word table; gives its width.
  fileprivate mutating func keepWordRows(_ rows: [Int]) -> Int {
    var width = 0
    for table in Set(graph.steps.compactMap(\.operation.wordTable)) {
      precondition(rounded[table] == nil, "the word table is rounded after rows are dropped")
      let columns = graph.tensors[table].shape[1]
      let old = values[table]
      var new: [Float] = []
      new.reserveCapacity(rows.count * columns)
      for row in rows { new += old[(row * columns)..<((row + 1) * columns)] }
      values[table] = new
      graph.tensors[table].shape[0] = rows.count
      width += columns
    }
    return width
  }
}

extension Operation {
  fileprivate var wordTable: Int? {
    if case .embed(let o) = self { o.word } else { nil }
  }
}
