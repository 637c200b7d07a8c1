public import Foundation

/// Where tests find the repository's own files and the optional data beside it.
public enum Repository {
  /// The repository's root, found from this file's place in it.
  public static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// `../shared`, which only some machines have; tests that need it are skipped elsewhere.
  public static let shared: URL? = {
    let url = root.deletingLastPathComponent().appendingPathComponent("shared")
    return FileManager.default.fileExists(atPath: url.path) ? url : nil
  }()

  public static func path(_ relative: String) -> String {
    root.appendingPathComponent(relative).path
  }
}
