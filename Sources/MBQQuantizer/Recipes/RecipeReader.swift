import Foundation
import MBQCore
import Yams

/// Reads recipes: YAML without anchors, every key known, every value checked.
public enum RecipeReader {
  /// A recipe is a page; what is longer is something else.
  static let mostBytes = 65_536
  /// Nested deeper than any recipe; Yams follows nesting on the stack.
  static let mostBrackets = 64

  public static func read(path: String) throws(RecipeError) -> Recipe {
    let file: MappedFile
    do throws(FileError) {
      file = try MappedFile(path: path)
    } catch {
      throw .file(error)
    }
    guard file.bytes.count <= mostBytes else {
      throw .tooLong(file: path, bytes: file.bytes.count, limit: mostBytes)
    }
    guard let text = String(validating: file.bytes, as: UTF8.self) else {
      throw .notText(file: path)
    }
    return try read(text, file: path)
  }

  /// `file` is for errors.
  ///
  /// Refuses unknown keys, all at once, with `RecipeError.unknownKeys`, and values of the wrong type or
  /// out of range with `RecipeError.invalid`.
  public static func read(_ text: String, file: String) throws(RecipeError) -> Recipe {
    try checkShape(text, file)
    let root: Node?
    do {
      root = try compose(yaml: text, Resolver.basic)
    } catch let error as YamlError {
      throw syntax(error, file)
    } catch {
      throw .syntax(file: file, line: nil, problem: "it is no YAML")
    }
    guard let root, !isEmpty(root) else { return Recipe() }
    let unknown = RecipeKeys.unknown(in: root)
    guard unknown.keys.isEmpty else {
      throw .unknownKeys(file: file, unknown.keys, allowed: unknown.allowed)
    }
    return try RecipeFields(root, path: "", file: file).recipe()
  }

  /// A file of comments only.
  private static func isEmpty(_ node: Node) -> Bool {
    if case .scalar(let scalar) = node { return scalar.string.isEmpty && scalar.style == .plain }
    return false
  }

  /// Refuses what could make a short text a large or deep tree.
  private static func checkShape(_ text: String, _ file: String) throws(RecipeError) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      var quote: Character?
      var previous: Character = " "
      var opened = 0
      var dashes = 0
      scan: for character in line {
        switch character {
        case _ where quote != nil: if character == quote { quote = nil }
        case "#" where previous == " ": break scan
        case "'",
          "\"" where " [{,:".contains(previous):
          quote = character
        case "&" where " [{,".contains(previous):
          throw .syntax(
            file: file, line: index + 1,
            problem: "anchors (&) have no place in a recipe; quote a text that has one")
        case "[", "{": opened += 1
        case "-", "?": if " -?".contains(previous) { dashes += 1 }
        default: break
        }
        previous = character
      }
      guard opened <= 8, dashes <= 16, line.prefix(while: { $0 == " " }).count <= mostBrackets
      else {
        throw .syntax(
          file: file, line: index + 1, problem: "nested deeper than any recipe is")
      }
    }
    guard
      text.utf8.count(where: { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }) <= mostBrackets
    else { throw .syntax(file: file, line: nil, problem: "more brackets than any recipe has") }
  }

  private static func syntax(_ error: YamlError, _ file: String) -> RecipeError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      return .syntax(file: file, line: mark.line, problem: problem)
    case .duplicatedKeysInMapping(let duplicates, _):
      let names = duplicates.map { "'\($0)'" }.sorted().joined(separator: ", ")
      return .syntax(file: file, line: nil, problem: "\(names) is there twice; keep one")
    default:
      return .syntax(file: file, line: nil, problem: "it is no YAML")
    }
  }
}
