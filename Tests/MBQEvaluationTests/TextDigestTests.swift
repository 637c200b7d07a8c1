import Testing

@testable import MBQEvaluation

@Suite("Digests of texts")
struct TextDigestTests {
  @Test("white space of any kind is a space, and nothing else is")
  func whiteSpace() {
    let expected = TextDigests.digest("a b")
    for value in 0...UInt32(0x3100) {
      guard let scalar = Unicode.Scalar(value), scalar != "b" else { continue }
      let isSame = TextDigests.digest("\(scalar)a \(scalar)\(scalar)b\(scalar)") == expected
      #expect(isSame == scalar.properties.isWhitespace, "U+\(String(value, radix: 16))")
    }
  }

  @Test("the digest is the start of SHA-256 of the words with a space between")
  func digest() {
    for (text, normalized) in [
      ("", ""), (" \n\t", ""), (" x ", "x"), ("é\u{A0}\u{3000}漢字\r\n😀 ", "é 漢字 😀"),
      (
        String(repeating: " long\n text", count: 9999),
        (0..<9999).map { _ in "long text" }.joined(separator: " ")
      ),
    ] {
      var hash = SHA256()
      hash.update(normalized.utf8)
      let digest = TextDigests.digest(text)
      let hex = [digest.high, digest.low].map { word in
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
      }.joined()
      #expect(hash.hexDigest().hasPrefix(hex))
    }
  }

  @Test("a set knows what it has seen")
  func set() {
    var digests = TextDigests()
    #expect(digests.insert("one  text") == true)
    #expect(digests.insert(" one\ntext ") == false)
    #expect(digests.insert("One text") == true)
    #expect(digests.contains("one text") && !digests.contains("onetext") && digests.count == 2)
  }
}
