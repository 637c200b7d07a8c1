import MBQCore
import Testing

@testable import MBQEvaluation

@Suite("Labelled texts")
struct LabelledTextsTests {
  private let labels = LabelVocabulary(names: ["real", "fake"])

  private func texts(
    _ csv: String, columns: LabelledTexts.Columns = .init(), labels: LabelVocabulary? = nil
  ) throws -> [LabelledText] {
    let reader = try CSVReader(
      MemorySource(Array(csv.utf8), name: "news.csv"), limits: DatasetLimits())
    var texts = try LabelledTexts(reader, columns: columns, labels: labels ?? self.labels)
    var all: [LabelledText] = []
    while let text = try texts.next() { all.append(text) }
    return all
  }

  private func refusal(
    _ csv: String, columns: LabelledTexts.Columns = .init(), labels: LabelVocabulary? = nil
  ) -> String? {
    let error = #expect(throws: DatasetError.self) {
      _ = try texts(csv, columns: columns, labels: labels)
    }
    return error?.explanation
  }

  @Test("WELFake's layout: title, a space, text")
  func layout() throws {
    let all = try texts(
      "n,title,text,label\n0, Title ,\" Body\n\",1\n1,,Body,0\n2,Title,,fake\n3,\" \",\u{A0},REAL\n"
    )
    #expect(all.map(\.text) == ["Title   Body", "Body", "Title", ""])
    #expect(all.map(\.label) == [1, 0, 1, 0])
    #expect(all.map(\.row) == [1, 2, 3, 4])
    #expect(all.map(\.line) == [2, 4, 5, 6])
  }

  @Test("a dataset without titles is its texts")
  func noTitle() throws {
    #expect(try texts("text,label\nBody,0\n").map(\.text) == ["Body"])
  }

  @Test("columns by name, joined in the order asked for; labels are optional")
  func columns() throws {
    let all = try texts(
      "a,b,c\n1,2,3\n4,,6\n", columns: .init(text: ["c", "a", "b"], label: nil))
    #expect(all.map(\.text) == ["3 1 2", "6 4"])
    #expect(all.allSatisfy { $0.label == nil })
  }

  @Test("blank texts are kept and counted")
  func blank() throws {
    let reader = try CSVReader(
      MemorySource(Array("text,label\n\" \",0\nx,1\n\"\n\",1\n".utf8), name: "x"),
      limits: DatasetLimits())
    var texts = try LabelledTexts(reader, labels: labels)
    while try texts.next() != nil {}
    #expect(texts.rowCount == 3 && texts.blankCount == 2)
  }

  @Test("a missing column names what there is and the nearest name")
  func missingColumn() {
    #expect(
      refusal("title,txt,label\na,b,0\n")
        == "'news.csv' has no column 'text'; it has 'title', 'txt', 'label'; did you mean 'txt'?; "
        + "choose with --text-column")
    #expect(
      refusal("text,Label\na,0\n")
        == "'news.csv' has no column 'label'; it has 'text', 'Label'; did you mean 'Label'?; "
        + "choose with --label-column")
    #expect(
      refusal("x,y\n1,2\n", columns: .init(text: ["body"]))
        == "'news.csv' has no column 'body'; it has 'x', 'y'; choose with --text-column")
  }

  @Test("a file without a header does not print its texts in full")
  func noHeader() throws {
    let long = String(repeating: "word ", count: 100) + "\u{1B}[31m"
    let names = (0..<30).map { "\($0)" }.joined(separator: ",")
    let message = try #require(refusal("\"\(long)\",\(names)\n"))
    #expect(message.utf8.count < 400 && !message.contains("\u{1B}"))
    #expect(message.contains("' and 11 more; choose with --text-column"))
  }

  @Test("a label the model does not have names row, line, value and the allowed ones")
  func unknownLabel() {
    #expect(
      refusal("text,label\n\"a\nb\",0\nc,maybe\n")
        == "'news.csv', row 2 (line 4): the model has no label 'maybe'; allowed are 0 ('real'), "
        + "1 ('fake'); translate others with --label-map, such as --label-map maybe=0")
    #expect(
      refusal("text,label\na,2\n")
        == "'news.csv', row 1 (line 2): the model has no label '2'; allowed are 0 ('real'), "
        + "1 ('fake'); translate others with --label-map, such as --label-map VALUE=0")
    #expect(
      refusal("text,label\na, \n")
        == "'news.csv', row 1 (line 2): the label is blank; allowed are 0 ('real'), 1 ('fake'); "
        + "translate others with --label-map, such as --label-map VALUE=0")
  }

  @Test("a header alone is refused")
  func headerOnly() {
    #expect(
      refusal("text,label\n")
        == "'news.csv' names its columns ('text', 'label') but has no rows; add at least one")
  }

  @Test("labels are found by name, index, and name in another case, in this order")
  func vocabulary() throws {
    let odd = LabelVocabulary(names: ["Fake", "fake", "1", "0", "Straße"])
    #expect(odd.index(of: "Fake") == 0 && odd.index(of: "fake") == 1)
    #expect(odd.index(of: "FAKE") == nil, "two labels could be meant")
    #expect(odd.index(of: "1") == 2 && odd.index(of: "0") == 3 && odd.index(of: "4") == 4)
    #expect(odd.index(of: " straße ") == 4 && odd.index(of: "2.0") == 2)
    for value in ["5", "-1", "+1", "1.5", "", "99999999999999999999", "٣", "1e0", ".0"] {
      #expect(odd.index(of: value) == nil, "\(value)")
    }
  }

  @Test("a label map translates, and then only its values are allowed")
  func map() throws {
    let mapped = try LabelVocabulary(names: ["real", "fake"], map: "TRUE=real, false = 1,a=b=0")
    #expect(mapped.index(of: "TRUE") == 0 && mapped.index(of: "true") == 0)
    #expect(mapped.index(of: "False") == 1 && mapped.index(of: "a=b") == 0)
    #expect(mapped.index(of: "real") == nil && mapped.index(of: "0") == nil)
    #expect(
      refusal("text,label\na,0\n", labels: mapped)
        == "'news.csv', row 1 (line 2): the model has no label '0'; allowed are 'TRUE', 'false', "
        + "'a=b'; translate others with --label-map, such as --label-map VALUE=0")
    let cased = try LabelVocabulary(names: ["real", "fake"], map: "T=0,t=1")
    #expect(cased.index(of: "T") == 0 && cased.index(of: "t") == 1)
    let crossed = try LabelVocabulary(names: ["real", "fake"], map: "AB=0,Ab=1")
    #expect(crossed.index(of: "ab") == nil, "two values could be meant")
    let swapped = try LabelVocabulary(names: ["real", "fake"], map: "0=1,1=0")
    #expect(swapped.index(of: "0") == 1 && swapped.index(of: "1") == 0)
  }

  @Test(
    "a label map that makes no sense says which entry",
    arguments: [
      ("real", "'real' has no '='"),
      ("", "'' has no '='"),
      ("a=0,,b=1", "'' has no '='"),
      ("a=3", "'a=3' names a label the model does not have (allowed are 0 ('real'), 1 ('fake'))"),
      ("a=0,a=1", "'a=1' repeats a value"),
    ])
  func badMap(map: String, reason: String) {
    let error = #expect(throws: DatasetError.self) {
      _ = try LabelVocabulary(names: ["real", "fake"], map: map)
    }
    #expect(
      error?.explanation
        == "the label map entry \(reason); write VALUE=LABEL,VALUE=LABEL, such as real=0,fake=1")
    #expect(error?.kind == .usage)
  }

  private struct Strip: Decodable {
    struct Cases: Decodable {
      var spaces: [UInt32]
      var kept: [UInt32]
      var texts: [[String]]
    }
    var strip: Cases
  }

  @Test("texts are stripped as Python strips them")
  func strip() throws {
    let golden = try Goldens.decode(Strip.self, from: "statistics.json").strip
    func stripped(_ text: String) -> [UInt8] {
      let bytes = Array(text.utf8)
      return Array(bytes[strippedRange(of: bytes)])
    }
    for value in golden.spaces {
      let space = String(try #require(Unicode.Scalar(value)))
      #expect(stripped(space + "x" + space + space) == Array("x".utf8), "U+\(value)")
    }
    for value in golden.kept {
      let text = String(try #require(Unicode.Scalar(value)))
      #expect(stripped(text) == Array(text.utf8), "U+\(value)")
    }
    for pair in golden.texts { #expect(stripped(pair[0]) == Array(pair[1].utf8)) }
  }

  @Test("the nearest name is near")
  func nearest() {
    #expect(nearestName(to: "lable", among: ["text", "label"]) == "label")
    #expect(nearestName(to: "TEXT", among: ["title", "text"]) == "text")
    #expect(nearestName(to: "text", among: ["subject", "date"]) == nil)
    #expect(nearestName(to: "x", among: []) == nil)
    #expect(nearestName(to: String(repeating: "x", count: 1000), among: ["x"]) == nil)
  }
}
