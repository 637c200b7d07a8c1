import ArgumentParser

/// A share that may be written as a percentage: `0.005` or `0.5%`.
struct Share: ExpressibleByArgument, Equatable {
  let value: Double

  init(_ value: Double) { self.value = value }

  init?(argument: String) {
    let isPercentage = argument.hasSuffix("%")
    var digits = isPercentage ? argument.dropLast() : argument[...]
    while digits.last == " " { digits.removeLast() }
    guard let number = Double(digits), number.isFinite, number >= 0 else { return nil }
    let share = isPercentage ? number / 100 : number
    guard share <= 1 else { return nil }
    value = share
  }
}

/// How sure an interval is to be.
struct ConfidenceOption: ParsableArguments {
  @Option(
    help: ArgumentHelp("The confidence of every interval, such as 0.95 or 95%.", valueName: "share")
  )
  var confidence = Share(0.95)

  var value: Double { confidence.value }

  func validate() throws {
    guard (0.5...0.9999).contains(value) else {
      throw ValidationError("--confidence is \(value); allowed: 0.5 to 0.9999.")
    }
  }
}

extension Share: CustomStringConvertible {
  var description: String { "\(value)" }
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
