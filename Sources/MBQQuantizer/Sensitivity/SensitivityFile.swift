/// Sensitivities kept between runs, and between the parts of an interrupted one: JSON, one object a
/// linear.
public struct SensitivityFile: Equatable, Sendable, KeptResults {
  /// What the figures depend on; figures of another key are of no use.
  public struct Key: Equatable, Sendable, Codable {
    /// SHA-256 of the checkpoint's weights, in hexadecimal.
    public var checkpoint: String
    /// SHA-256 of the calibration texts' ids.
    public var texts: String
    public var group: Int
    public var measuredBits: Int
    /// `Plan.Structure.key`: all that made the model.
    public var structure: String

    public init(
      checkpoint: String, texts: String, group: Int, measuredBits: Int, structure: String
    ) {
      self.checkpoint = checkpoint
      self.texts = texts
      self.group = group
      self.measuredBits = measuredBits
      self.structure = structure
    }
  }

  public var key: Key
  public var sites: [SiteSensitivity]

  public init(key: Key, sites: [SiteSensitivity] = []) {
    self.key = key
    self.sites = sites
  }

  /// By name.
  public var known: [String: SiteSensitivity] {
    Dictionary(sites.map { ($0.site, $0) }, uniquingKeysWith: { $1 })
  }

  public static var contents: String { "sensitivities" }

  public var isPlausible: Bool {
    sites.allSatisfy { site in
      site.weights > 0 && site.logitChange >= 0 && site.logitChange.isFinite
        && site.relativeError.values.allSatisfy { $0 >= 0 && $0.isFinite }
    }
  }

  /// What is kept at `path`, or an empty file if there is nothing, or what is there has another key.
  ///
  /// Refuses, with `QuantizerError.results`, a file that is something else.
  public static func read(path: String, key: Key) throws(QuantizerError) -> SensitivityFile {
    try kept(at: path, key: key) ?? SensitivityFile(key: key)
  }
}
