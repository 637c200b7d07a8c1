import ArgumentParser
import MBQCore
import MBQEvaluation

/// Values of options that people write with a unit.
enum Parse {
  /// A limit on accuracy or on answers: `0.5%` or `0.5pt`; a bare number could mean two things.
  static func limit(_ text: String) throws -> Share { try share(text, .withUnit) }

  /// A share or a percentage: `0.95` or `95%`.
  static func share(_ text: String) throws -> Share { try share(text, .shareOrPercent) }

  private static func share(_ text: String, _ notation: Share.Notation) throws -> Share {
    do throws(ShareError) { return try Share(text: text, notation) } catch {
      throw ValidationError(error.explanation)
    }
  }

  /// Whole numbers, separated by commas.
  static func list(_ text: String) throws -> [Int] {
    try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let value = Int(part) else {
        throw ValidationError("'\(part)' is no number; write whole numbers, separated by commas")
      }
      return value
    }
  }
}

/// How sure an interval is to be.
struct ConfidenceOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The confidence of every interval, such as 0.95 or 95%.", valueName: "share"),
    transform: Parse.share)
  var confidence = Share(0.95)

  func validate() throws {
    guard (0.5...0.9999).contains(confidence.value) else {
      throw ValidationError("--confidence is \(confidence.value); allowed: 0.5 to 0.9999.")
    }
  }
}

/// A part of a dataset, such as `3/7`.
struct ShardOption: ExpressibleByArgument {
  let index: Int
  let count: Int

  init?(argument: String) {
    let numbers = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let index = numbers[0], let count = numbers[1] else { return nil }
    self.index = index
    self.count = count
  }
}
