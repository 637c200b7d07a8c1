import Foundation

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
