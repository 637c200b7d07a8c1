/// The tool's version.
public let mbqVersion = "0.1.0"

/// The texts whose logits are stored in every packed model: short, so that a device checks itself in a
/// moment, and between them touching every part of the tokenizer.
public enum GoldenTexts {
  public static let all: [String] = [
    "",
    "Council approves budget for new bridge after two-hour debate, officials said on Tuesday.",
    "SHOCKING!!! Doctors HATE this one weird trick — see what they don't want you to know...",
    "Café Ångström’s naïve façade: 中文 新闻, κόσμος, 👍 and #hashtags @ https://example.org/a?b=1",
  ]
}
