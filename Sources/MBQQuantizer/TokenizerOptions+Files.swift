import MBQCheckpoints
import MBQTokenizer

extension TokenizerOptions {
  /// The options a checkpoint's tokenizer files describe.
  init(_ files: TokenizerFiles) {
    self.init(
      lowercases: files.lowercases, stripsAccents: files.stripsAccents,
      spacesIdeographs: files.spacesIdeographs, cleansText: files.cleansText,
      maximumWordLength: files.maximumWordLength, unknownID: UInt32(files.unknownID),
      classificationID: UInt32(files.classificationID), separatorID: UInt32(files.separatorID),
      paddingID: UInt32(files.paddingID),
      addedTokens: files.addedTokens.map {
        AddedToken(
          content: Array($0.content.utf8), id: UInt32($0.id), isSingleWord: $0.singleWord,
          stripsLeft: $0.leftStrip, stripsRight: $0.rightStrip, isNormalized: $0.normalized)
      })
  }
}
