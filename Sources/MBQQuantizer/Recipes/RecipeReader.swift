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
    let unknown = RecipeKey.unknown(in: root)
    guard unknown.keys.isEmpty else {
      throw .unknownKeys(file: file, unknown.keys, allowed: unknown.allowed)
    }
    var recipe = Recipe()
    for (name, node) in try mapping(root, "", file) {
      if name == "overrides" {
        recipe.overrides = try overrides(node, file)
      } else if RecipeKey.at(name) != nil {
        try read(name, node, file, into: &recipe)
      } else {
        let group = try mapping(node, name, file)
        for (key, value) in group { try read("\(name).\(key)", value, file, into: &recipe) }
        try checkGroup(group, name, file)
      }
    }
    return recipe
  }

  // MARK: Values

  /// The keys of a mapping and their values; unknown keys are refused before.
  private static func mapping(
    _ node: Node, _ path: String, _ file: String
  ) throws(RecipeError) -> [(name: String, value: Node)] {
    guard case .mapping(let mapping) = node else {
      throw invalid(
        file, path.isEmpty ? "the recipe" : path,
        RecipeRefusal(node, allowed: "keys and values, such as 'bits: 4'"))
    }
    return mapping.map { ($0.key.scalar?.string ?? "", $0.value) }
  }

  private static func read(
    _ path: String, _ node: Node, _ file: String, into recipe: inout Recipe
  ) throws(RecipeError) {
    guard case .recipe(let read, _)? = RecipeKey.at(path)?.place else { return }
    do throws(RecipeRefusal) {
      try read(node, &recipe)
    } catch {
      throw invalid(file, path, error)
    }
  }

  private static func overrides(
    _ node: Node, _ file: String
  ) throws(RecipeError) -> [Recipe.Override] {
    guard case .sequence(let elements) = node else {
      throw invalid(
        file, "overrides",
        RecipeRefusal(node, allowed: "a list of keys and values, each after '- '"))
    }
    var overrides: [Recipe.Override] = []
    for (index, element) in elements.enumerated() {
      let path = "overrides[\(index)]"
      let group = try mapping(element, path, file)
      var override = Recipe.Override(sites: "")
      for (name, value) in group {
        guard case .override(let read)? = RecipeKey.at("overrides.\(name)")?.place else { continue }
        do throws(RecipeRefusal) {
          try read(value, &override)
        } catch {
          throw invalid(file, "\(path).\(name)", error)
        }
      }
      guard !override.sites.isEmpty else {
        throw .invalid(
          file: file, path: "\(path).sites", line: element.mark?.line ?? 1, found: "missing",
          allowed: RecipeKind<String>.patternExample)
      }
      try checkGroup(group, path, file)
      overrides.append(override)
    }
    return overrides
  }

  /// `group` means something with 4 bits or fewer only.
  private static func checkGroup(
    _ group: [(name: String, value: Node)], _ path: String, _ file: String
  ) throws(RecipeError) {
    guard let size = group.first(where: { $0.name == "group" })?.value,
      let bits = group.first(where: { $0.name == "bits" })?.value.scalar.flatMap({ Int($0.string) }
      ),
      bits > 4
    else { return }
    throw invalid(
      file, "\(path).group",
      RecipeRefusal(
        size, allowed: "nothing with \(bits) bits; groups are for 4 bits and fewer"))
  }

  private static func invalid(
    _ file: String, _ path: String, _ refusal: RecipeRefusal
  ) -> RecipeError {
    .invalid(
      file: file, path: path, line: refusal.line, found: refusal.found, allowed: refusal.allowed)
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

/// Finds recipes by name.
public enum RecipeFiles {
  /// The folders recipes are looked for in: of a checkout in the current directory, and where
  /// `make install` puts them.
  public static var folders: [String] {
    let program = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    let executable = Bundle.main.executableURL?.resolvingSymlinksInPath() ?? program
    let prefix = executable.deletingLastPathComponent().deletingLastPathComponent()
    return ["Calibration/recipes", prefix.appendingPathComponent("share/mbq/recipes").path]
  }

  /// The names of those that are there, in order.
  public static func names(in folders: [String] = folders) -> [String] {
    var names = Set<String>()
    for folder in folders {
      for file in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
      where file.hasSuffix(".yaml") {
        names.insert(String(file.dropLast(5)))
      }
    }
    return names.sorted()
  }

  /// The path of a recipe: of one that is there by name, or the path itself.
  ///
  /// Refuses, with `RecipeError.notFound`, a name that is neither.
  public static func find(
    _ name: String, in folders: [String] = folders
  ) throws(RecipeError) -> String {
    let looked = name.contains("/") ? [] : folders.map { "\($0)/\(name).yaml" }
    for path in looked + [name] where isFile(path) { return path }
    throw .notFound(name: name, looked: looked, available: names(in: folders))
  }

  private static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && !isFolder.boolValue
  }
}
