/// Cuts text into words and words into pieces.
///
/// It lives for one call, because it points into the tokenizer and the stack of the caller.
struct WordScanner {
  /// The constants of a tokenizer.
  struct Settings {
    let pieces: PieceView
    /// For every byte its `ByteClass`.
    let classes: UnsafePointer<UInt8>
    /// The piece of every ASCII character by itself, or the unknown piece.
    let singles: UnsafePointer<UInt32>
    let unknownID: UInt32
    let maximumWordLength: Int
  }

  private let settings: Settings
  private let normalization: Normalization
  /// The bit that turns a capital into a small letter; 0 if capitals stay.
  private let capitalBit: UInt64

  /// The current word, normalized; the rest of a word that is too long is counted but not stored.
  private let word: UnsafeMutablePointer<UInt8>
  private let wordEnd: UnsafePointer<UInt8>
  private var wordBytes = 0
  private var wordScalars = 0
  /// The place in the word of the first mark that may still move.
  private var marksStart = 0

  /// The pieces found so far.
  var output: PieceOutput

  /// The size of `word` in bytes: a longest word, plus room to read and write eight bytes at once.
  static func wordCapacity(_ maximumWordLength: Int) -> Int { 4 * maximumWordLength + 16 }

  init(
    _ settings: Settings, _ normalization: Normalization, word: UnsafeMutablePointer<UInt8>,
    output: PieceOutput
  ) {
    self.settings = settings
    self.normalization = normalization
    capitalBit = normalization.lowercases ? 0x20 : 0
    self.word = word
    wordEnd = UnsafePointer(word + Self.wordCapacity(settings.maximumWordLength))
    self.output = output
  }

  /// Reads a separate text until the output is complete.
  mutating func scan(_ start: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) {
    var start = start
    while start < end {
      if end - start >= 8 {
        let text = PieceView.load(start, end)
        let length = ASCIIRun.wordLength(text)
        if length > 0 {
          let lowered = ASCIIRun.lowercased(text, bit: capitalBit)
          start += length
          if wordScalars == 0, length < 8, length <= settings.maximumWordLength,
            settings.classes[Int(start.pointee)] &- 1 < 2
          {
            // A whole word of up to seven characters, which is most of them.
            shortWord(PieceView.prefix(lowered, length), length)
            if start.pointee == 0x20 { start += 1 }
            if output.isFull {
              output.flush()
              if output.isDone { return }
            }
            continue
          }
          append(run: lowered, length)
          continue
        }
      }
      scanOne(&start, end)
      if output.isFull {
        output.flush()
        if output.isDone { return }
      }
    }
    endWord()
    output.flush()
  }

  /// Reads one character.
  @inline(__always)
  private mutating func scanOne(
    _ start: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
  ) {
    let byte = start.pointee
    switch ByteClass(rawValue: settings.classes[Int(byte)]) {
    case .space:
      start += 1
      endWord()
    case .punctuation:
      start += 1
      endWord()
      output.append(settings.singles[Int(byte)])
    case .word:
      start += 1
      append(run: ASCIIRun.lowercased(UInt64(byte), bit: capitalBit), 1)
    case .removed:
      start += 1
    case .other, nil:
      normalization.apply(UTF8Text.read(&start, end), to: &self)
    }
  }

  /// Takes an added token, found between texts.
  mutating func take(token id: UInt32) {
    output.append(id)
    output.flush()
  }

  // MARK: The word

  /// Appends the first `length` of eight ASCII characters.
  @inline(__always)
  private mutating func append(run: UInt64, _ length: Int) {
    wordScalars &+= length
    if wordScalars <= settings.maximumWordLength {
      UnsafeMutableRawPointer(word + wordBytes)
        .storeBytes(of: run.littleEndian, as: UInt64.self)
      wordBytes &+= length
      marksStart = wordBytes
    }
  }

  private mutating func append(_ scalar: UInt32, order: Int) {
    wordScalars &+= 1
    guard wordScalars <= settings.maximumWordLength else { return }
    if order == 0 {
      wordBytes &+= UTF8Text.write(scalar, word + wordBytes)
      marksStart = wordBytes
      return
    }
    let place = CanonicalOrder.place(order, in: word, from: marksStart, to: wordBytes)
    // Written behind the word first for its length: there is room for it and eight bytes more.
    let length = UTF8Text.write(scalar, word + wordBytes)
    var index = wordBytes
    while index > place {
      index -= 1
      word[index + length] = word[index]
    }
    _ = UTF8Text.write(scalar, word + place)
    wordBytes &+= length
  }

  private mutating func shortWord(_ key: UInt64, _ length: Int) {
    if let id = settings.pieces.find(key, word, length, .first) {
      output.append(id)
      return
    }
    UnsafeMutableRawPointer(word).storeBytes(of: key.littleEndian, as: UInt64.self)
    split(length)
  }

  private mutating func endWord() {
    if wordScalars == 0 { return }
    if wordScalars > settings.maximumWordLength {
      output.append(settings.unknownID)
    } else if let id = settings.pieces.find(word, wordBytes, .first, wordEnd) {
      output.append(id)
    } else {
      split(wordBytes)
    }
    wordBytes = 0
    wordScalars = 0
    marksStart = 0
  }

  /// Cuts the first `length` bytes of the word, which are not a piece, into pieces, longest first.
  ///
  /// If no piece fits a part of a word, the whole word is unknown.
  private mutating func split(_ length: Int) {
    let before = output.count
    var start = 0
    var position = PieceView.Position.first
    // Less than the whole, to begin with.
    var longest = length &- 1
    while start < length {
      let match = settings.pieces.longest(word + start, longest, position, wordEnd)
      if match.length == 0 {
        output.count = before
        output.append(settings.unknownID)
        return
      }
      output.append(match.id)
      start &+= match.length
      longest = length &- start
      position = .later
    }
  }
}

extension WordScanner: NormalizedSink {
  mutating func take(_ scalar: UInt32, _ record: UnicodeRecord) {
    if record.isWhitespace {
      endWord()
    } else if record.isPunctuation {
      endWord()
      append(scalar, order: 0)
      endWord()
    } else {
      let order = normalization.stripsAccents ? record.order : 0
      append(normalization.lowercases ? record.lowercased(scalar) : scalar, order: order)
      // The only character with a lower case of two characters: I with a dot above.
      if normalization.lowercases, scalar == 0x130 { append(0x307, order: 0) }
    }
  }

  mutating func stopReordering() { marksStart = wordBytes }
}
