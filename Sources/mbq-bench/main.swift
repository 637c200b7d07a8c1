// Answers timing requests line by line, so that a script can measure mbq in turn with other runtimes
// (Benchmarks/README.md has the protocol).

import MBQCore
import MBQKernels
import MBQRuntime

func fail(_ message: String, code: Int32) -> Never {
  Standard.writeError("error: \(message)\n")
  Standard.exit(code)
}

var arguments = Array(CommandLine.arguments.dropFirst())
var threads = 1
var kernels = KernelSets.best
func take(_ option: String, from arguments: inout [String]) -> String? {
  guard let place = arguments.firstIndex(of: option), place + 1 < arguments.count else {
    return nil
  }
  defer { arguments.removeSubrange(place...(place + 1)) }
  return arguments[place + 1]
}
if let text = take("--threads", from: &arguments) {
  guard let count = Int(text), (1...256).contains(count) else {
    fail("--threads is '\(text)'; allowed: 1 to 256", code: 2)
  }
  threads = count
}
if let name = take("--kernels", from: &arguments) {
  guard let set = KernelSets.named(name) else {
    let names = KernelSets.runnable.map { $0.name }.joined(separator: ", ")
    fail("kernel set '\(name)' cannot be used here; this processor runs: \(names)", code: 2)
  }
  kernels = set
}
guard arguments.count == 2, arguments[0] == "worker" else {
  fail("usage: mbq-bench worker MODEL [--threads N] [--kernels NAME]", code: 2)
}

let model: Model
do throws(ModelError) {
  model = try Model(path: arguments[1], kernels: kernels)
} catch {
  fail(error.explanation, code: error.kind.rawValue)
}
let pool = ThreadPool(workerCount: threads)
let state = RunState(model: model, parallel: pool.parallel)
while let line = readLine() {
  guard Standard.writeLine(Worker(model: model, state: state).answer(line)) else { break }
}
