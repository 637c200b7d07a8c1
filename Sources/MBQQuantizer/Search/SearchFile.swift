/// Every point tried so far, kept beside the model: an interrupted search goes on from it.
public struct SearchFile: Equatable, Sendable, KeptResults {
  /// The checkpoint's weights, the texts, the word pieces kept, and everything the recipe says that all
  /// points start from; results of another key are of no use.
  public var key: [String]
  public var results: [SearchResult]

  public init(key: [String], results: [SearchResult] = []) {
    self.key = key
    self.results = results
  }

  public static var contents: String { "a search's results" }

  public var isPlausible: Bool {
    results.allSatisfy {
      $0.byteCount > 0 && (0...1).contains($0.agreement) && $0.divergence.isFinite
    }
  }

  /// What is kept at `path`, or an empty file if there is none or it has another key.
  ///
  /// Refuses, with `QuantizerError.results`, a file that is something else.
  public static func read(path: String, key: [String]) throws(QuantizerError) -> SearchFile {
    try kept(at: path, key: key) ?? SearchFile(key: key)
  }
}
