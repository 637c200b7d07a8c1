#if !hasFeature(Embedded)
/// A sentence that names settings: in plain words where a library speaks, by flags where the command
/// line does.
public struct SettingText: Hashable, Sendable, ExpressibleByStringInterpolation {
  enum Part: Hashable, Sendable {
    case words(String)
    /// Stands for the setting's name.
    case name(Setting)
    /// What changes a thing that the words name already: a flag in parentheses, or nothing.
    case hint([Setting])
  }

  let parts: [Part]

  public init(stringLiteral words: String) { parts = [.words(words)] }

  public init(stringInterpolation: StringInterpolation) { parts = stringInterpolation.parts }

  public struct StringInterpolation: StringInterpolationProtocol {
    var parts: [Part] = []

    public init(literalCapacity: Int, interpolationCount: Int) {}

    public mutating func appendLiteral(_ words: String) { parts.append(.words(words)) }

    public mutating func appendInterpolation(_ value: String) { parts.append(.words(value)) }

    public mutating func appendInterpolation(_ value: Int) { parts.append(.words("\(value)")) }

    /// The setting's name stands here.
    public mutating func appendInterpolation(_ setting: Setting) { parts.append(.name(setting)) }

    /// The settings' flags stand here in parentheses, where settings have flags.
    public mutating func appendInterpolation(by settings: Setting...) {
      parts.append(.hint(settings))
    }
  }

  /// The sentence, with `name` for each setting.
  public func text(naming name: (Setting) -> String) -> String {
    parts.map { part in
      switch part {
      case .words(let words): return words
      case .name(let setting): return name(setting)
      case .hint(let settings):
        // A caller without flags gives the words, which the sentence has said.
        let flags = settings.map(name)
        guard flags != settings.map(\.words) else { return "" }
        return " (\(flags.joined(separator: ", ")))"
      }
    }.joined()
  }
}
#endif
