// The small deployable: a packed model and lines of text in, labels out. No Foundation, no argument
// parser: what a device needs and nothing else.

import MBQCore
import MBQRuntime

func fail(_ message: String, code: Int32) -> Never {
  Standard.writeError("error: \(message)\n")
  Standard.exit(code)
}

let arguments = CommandLine.arguments
guard arguments.count >= 2, arguments[1] != "--help", arguments[1] != "-h" else {
  Standard.writeError(
    """
    usage: mbq-classify MODEL [TEXT ...]
    Prints the label, its probability and the text, separated by tabs, for every TEXT, or for every
    line of standard input. A multi-label model gives any number of labels and probabilities,
    separated by commas, or a hyphen for none.

    """)
  Standard.exit(arguments.count >= 2 ? 0 : 2)
}

do throws(ModelError) {
  let model = try Model(path: arguments[1])
  let state = RunState(model: model)
  func show(_ text: String) throws(ModelError) {
    let said = try state.classify([text])[0]
    let given = said.labels
    if given.isEmpty { print("-\t-", terminator: "\t") }
    for label in given { print(model.labels[label], terminator: end(label)) }
    for label in given { print(said.probabilities[label], terminator: end(label)) }
    print(text)
    func end(_ label: Int) -> String { label == given.last ? "\t" : "," }
  }
  if arguments.count > 2 {
    for text in arguments[2...] { try show(text) }
  } else {
    while let line = readLine() { try show(line) }
  }
} catch {
  fail(error.explanation, code: error.kind.rawValue)
}
