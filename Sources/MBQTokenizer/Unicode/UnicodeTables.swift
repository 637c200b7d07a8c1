/// The properties of each Unicode scalar value for the tokenizer, in 42 kB of read-only data.
///
/// The standard library's own properties are not used: Embedded Swift has none, and its Unicode
/// version changes with the toolchain, but the ids of a text must not change. The tables hold the behaviour
/// of Hugging Face `tokenizers`, whose parts follow different Unicode versions (normalization 9.0,
/// lower-casing that of its Rust toolchain), as observed by Tests/Oracles/tokenizer/make_tables.py.
/// They were verified against it over all 1,112,064 scalar values, each alone and between letters, by
/// compare_all_scalars.py in the same folder.
///
/// A scalar value selects a middle block by its upper bits (`top`), a leaf by the next five
/// (`middle`), and a record by the last four (`leaves`). Numbers are written in digits of six bits,
/// lowest first, `0` for 0 to `o` for 63: text that needs no start-up work and no escapes.
enum UnicodeTables {
  /// The number written in `width` digits at the place `index` of a table of such numbers.
  @inline(__always)
  static func number(_ table: StaticString, _ index: Int, width: Int) -> Int {
    number(table, at: index &* width, digits: width)
  }

  /// The number written in `count` digits from the byte `start` on.
  @inline(__always)
  static func number(_ table: StaticString, at start: Int, digits count: Int) -> Int {
    let digits = table.utf8Start + start
    var value = 0
    for index in 0..<count { value |= Int(digits[index] &- 0x30) &<< (6 &* index) }
    return value
  }

  /// The record of `scalar`, which must be below 0x110000; the record of a surrogate has no meaning.
  @inline(__always)
  static func record(_ scalar: UInt32) -> UnicodeRecord {
    let scalar = Int(scalar)
    let block = number(top, scalar &>> 9, width: 2)
    let leaf = number(middle, block &<< 5 | scalar &>> 4 & 31, width: 2)
    return UnicodeRecord(number(leaves, leaf &<< 4 | scalar & 15, width: 2))
  }
}

/// The properties of one or more scalar values.
struct UnicodeRecord {
  /// Where the record's eight digits begin in `UnicodeTables.records`.
  private let start: Int
  private let flags: Int

  @inline(__always)
  init(_ number: Int) {
    start = number &* 8
    flags = UnicodeTables.number(UnicodeTables.records, at: number &* 8, digits: 2)
  }

  /// The effect of stripping accents (canonical decomposition, then removal of nonspacing marks).
  enum Stripping: Int {
    case keeps = 0
    /// One other scalar value remains, `replacement`.
    case replaces = 1
    /// Two or three remain, at `expansion`.
    case expands = 2
    /// Nothing remains.
    case drops = 3
  }

  /// A control, format or private-use character, or U+FFFD: cleaning removes it.
  var isRemoved: Bool { flags & 1 != 0 }
  var isWhitespace: Bool { flags & 2 != 0 }
  /// Punctuation for pre-tokenization, with ASCII symbols such as `$` and `^`.
  var isPunctuation: Bool { flags & 4 != 0 }
  /// In one of the ranges of ideographs, which get spaces around them.
  var isIdeograph: Bool { flags & 8 != 0 }
  /// Matched by `\w` of a regular expression.
  var isWordCharacter: Bool { flags & 16 != 0 }
  var stripping: Stripping { Stripping(rawValue: flags &>> 5 & 3) ?? .keeps }
  /// Of a dropped mark: its combining class is 0, so marks are not reordered across it.
  var isStarter: Bool { flags & 128 != 0 }
  /// The rank of the canonical combining class among those that survive stripping; 0 is class 0.
  var order: Int { flags &>> 8 & 7 }
  /// A Hangul syllable, decomposed by arithmetic when accents are stripped.
  var isHangulSyllable: Bool { flags & 2048 != 0 }

  /// The result of `.replaces`, or the place of the expansion for `.expands`.
  var replacement: Int { UnicodeTables.number(UnicodeTables.records, at: start + 2, digits: 3) }

  /// The lower case of `scalar`, whose record this is; that of U+0130 goes on with U+0307.
  @inline(__always)
  func lowercased(_ scalar: UInt32) -> UInt32 {
    // Eighteen bits in two's complement.
    let delta = UnicodeTables.number(UnicodeTables.records, at: start + 5, digits: 3)
    return scalar &+ UInt32(truncatingIfNeeded: (delta ^ 0x20000) &- 0x20000)
  }
}
