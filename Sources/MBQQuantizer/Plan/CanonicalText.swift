import Foundation

/// A value's text in which every stored property stands, for keys of kept results.
///
/// Encoders list properties by themselves: a new one is in the text without anyone thinking of it.
protocol CanonicalText: Encodable {}

extension CanonicalText {
  var canonicalText: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    } catch {
      preconditionFailure("a plan does not encode: \(error)")
    }
  }
}

extension Plan: CanonicalText {
  /// What a model made by this plan depends on beside the checkpoint and the texts.
  public var key: String { canonicalText }
}

extension Plan.Structure: CanonicalText {
  /// What a model prepared by this depends on beside the checkpoint and the texts.
  public var key: String { canonicalText }
}

extension Recipe: CanonicalText {
  /// What plans made from this recipe depend on: all of it but its description.
  public var key: String {
    var recipe = self
    recipe.description = nil
    return recipe.canonicalText
  }
}
