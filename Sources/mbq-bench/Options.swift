import MBQCore
import MBQKernels
import MBQRuntime

func fail(_ message: String, code: Int32) -> Never {
  Standard.writeError("error: \(message)\n")
  Standard.exit(code)
}

/// The words of the command line; what is asked for is taken out.
struct Options {
  let command: String
  private var words: [String]

  init(_ arguments: some Sequence<String>) {
    words = Array(arguments)
    command = words.isEmpty ? "" : words.removeFirst()
  }

  /// The word after `option`.
  mutating func text(_ option: String) -> String? {
    guard let place = words.firstIndex(of: option) else { return nil }
    guard place + 1 < words.count else { fail("\(option) needs a value", code: 2) }
    defer { words.removeSubrange(place...(place + 1)) }
    return words[place + 1]
  }

  mutating func flag(_ option: String) -> Bool {
    guard let place = words.firstIndex(of: option) else { return false }
    words.remove(at: place)
    return true
  }

  mutating func number(_ option: String, _ range: ClosedRange<Int>, otherwise: Int) -> Int {
    list(option, range, otherwise: [otherwise])[0]
  }

  mutating func list(_ option: String, _ range: ClosedRange<Int>, otherwise: [Int]) -> [Int] {
    guard let text = text(option) else { return otherwise }
    let values = text.split(separator: ",").compactMap { Int($0) }.filter { range.contains($0) }
    guard !values.isEmpty, values.count == text.split(separator: ",").count else {
      fail(
        "\(option) is '\(text)'; allowed: \(range.lowerBound) to \(range.upperBound)", code: 2)
    }
    return values
  }

  mutating func kernels() -> KernelSet {
    guard let name = text("--kernels") else { return KernelSets.best }
    guard let set = KernelSets.named(name) else {
      let names = KernelSets.runnable.map { $0.name }.joined(separator: ", ")
      fail("kernel set '\(name)' cannot be used here; this processor runs: \(names)", code: 2)
    }
    return set
  }

  /// The one word left, the packed model's path.
  mutating func model(_ kernels: KernelSet) -> Model {
    guard words.count == 1 else { fail(usage, code: 2) }
    do throws(ModelError) {
      return try Model(path: words.removeFirst(), kernels: kernels)
    } catch {
      fail(error.explanation, code: error.kind.rawValue)
    }
  }

  /// Refuses words that nobody has asked for.
  func end() {
    if let word = words.first {
      fail("'\(word)' is not an option of \(command)\n\(usage)", code: 2)
    }
  }
}
