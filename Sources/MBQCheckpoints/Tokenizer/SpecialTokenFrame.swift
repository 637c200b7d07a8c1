/// The tokens put around a text, from `post_processor` in tokenizer.json: `[CLS] text [SEP]`, and
/// for a pair `[CLS] first [SEP] second [SEP]`.
///
/// Anything else is refused.
struct SpecialTokenFrame {
  struct Token {
    var name: String
    var id: Int
  }

  let classification: Token
  let separator: Token

  init(_ file: ConfigurationFields) throws(CheckpointError) {
    let needed = "a TemplateProcessing or BertProcessing with BERT's special tokens"
    guard let value = file.present("post_processor") else {
      throw file.refuse("post_processor", file.object["post_processor"], allowed: needed)
    }
    let fields = try file.nested("post_processor", value)
    switch fields.object["type"] {
    case .string("BertProcessing")?:
      classification = try Self.pair(fields, "cls")
      separator = try Self.pair(fields, "sep")
    case .string("TemplateProcessing")?:
      let single = try Self.template(fields, "single")
      guard single.count == 3, case .token(let first, 0) = single[0],
        case .text("A", 0) = single[1], case .token(let last, 0) = single[2]
      else {
        throw fields.refuse(
          "single", fields.object["single"], allowed: "[CLS] A [SEP], all of type 0")
      }
      let pair = try Self.template(fields, "pair")
      guard
        pair == [
          .token(first, 0), .text("A", 0), .token(last, 0), .text("B", 1), .token(last, 1),
        ]
      else {
        throw fields.refuse(
          "pair", fields.object["pair"],
          allowed: "[CLS] A [SEP] of type 0, then B [SEP] of type 1")
      }
      let tokens = try fields.nested("special_tokens")
      classification = try Self.special(tokens, first)
      separator = try Self.special(tokens, last)
    default:
      throw fields.refuse("type", fields.object["type"], allowed: needed)
    }
  }

  /// `["[SEP]", 102]`.
  private static func pair(
    _ fields: ConfigurationFields, _ key: String
  ) throws(CheckpointError) -> Token {
    guard case .array(let values)? = fields.object[key], values.count == 2,
      case .string(let name) = values[0], case .integer(let id) = values[1]
    else {
      throw fields.refuse(key, fields.object[key], allowed: "a list of a token and its id")
    }
    return Token(name: name, id: id)
  }

  private enum Part: Equatable {
    case token(String, Int)
    case text(String, Int)
  }

  /// `[{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, …]`.
  private static func template(
    _ fields: ConfigurationFields, _ key: String
  ) throws(CheckpointError) -> [Part] {
    guard case .array(let values)? = fields.object[key] else {
      throw fields.refuse(key, fields.object[key], allowed: "a list")
    }
    var parts: [Part] = []
    for (index, value) in values.enumerated() {
      let part = try fields.nested("\(key)[\(index)]", value)
      guard part.object.members.count == 1, let member = part.object.members.first,
        case .object(let content) = member.value, case .string(let id)? = content["id"],
        case .integer(let type)? = content["type_id"],
        member.key == "SpecialToken" || member.key == "Sequence"
      else {
        throw fields.refuse(
          "\(key)[\(index)]", value, allowed: "a SpecialToken or a Sequence with id and type_id")
      }
      parts.append(member.key == "Sequence" ? .text(id, type) : .token(id, type))
    }
    return parts
  }

  /// `"[CLS]": {"id": "[CLS]", "ids": [101], "tokens": ["[CLS]"]}`.
  private static func special(
    _ tokens: ConfigurationFields, _ name: String
  ) throws(CheckpointError) -> Token {
    let entry = try tokens.nested(name)
    guard case .array(let ids)? = entry.object["ids"], ids.count == 1,
      case .integer(let id) = ids[0]
    else {
      throw entry.refuse("ids", entry.object["ids"], allowed: "a list of one id")
    }
    return Token(name: name, id: id)
  }
}
