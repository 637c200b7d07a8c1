/// The first and last of each range of East Asian wide and fullwidth characters (UAX #11, Unicode 14)
/// that are not shown as emoji, ascending; gaps that are not assigned are filled.
///
/// Emoji come from the newer table of the standard library. A test compares these ranges with the
/// output of Tests/Oracles/evaluation/make_width.py.
private let wideRanges: [ClosedRange<UInt32>] = [
  0x1100...0x115F,  // Hangul leading consonants
  0x2329...0x232A,  // angle brackets
  0x2E80...0x303E,  // radicals, CJK punctuation
  0x3041...0x3247,  // kana, bopomofo, enclosed CJK
  0x3250...0x4DBF,
  0x4E00...0xA4CF,  // ideographs, Yi
  0xA960...0xA97F,
  0xAC00...0xD7A3,  // Hangul syllables
  0xF900...0xFAFF,  // compatibility ideographs
  0xFE10...0xFE19,  // vertical forms
  0xFE30...0xFE6F,
  0xFF01...0xFF60,  // fullwidth forms
  0xFFE0...0xFFE6,
  0x16FE0...0x1B2FF,  // Tangut, Khitan, kana supplements, Nushu
  0x1F200...0x1F2FF,  // enclosed ideographs
  0x20000...0x3FFFD,  // the ideographic planes
]

/// Whether `scalar` takes two columns by itself, emoji left aside.
func isWide(_ scalar: Unicode.Scalar) -> Bool {
  let value = scalar.value
  guard value >= 0x1100 else { return false }
  return wideRanges.contains { $0.contains(value) }
}
