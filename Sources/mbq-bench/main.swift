// What the benchmarks are made of; Benchmarks/README.md says how to use it. No Foundation here, so that
// the memory of this process is the runtime's.

import MBQCore

let usage = """
  usage: mbq-bench worker MODEL [--threads N] [--kernels NAME]
           answers timing requests on standard input
         mbq-bench kernels [--kernels NAME] [--only TEXT] [--rows LIST] [--rounds N] [--json]
           kernels alone, against the core's measured peak

  """

var options = Options(CommandLine.arguments.dropFirst())
switch options.command {
case "worker": Worker.serve(&options)
case "kernels": KernelBenchmark.run(&options)
case "--help", "-h", "help":
  _ = Standard.writeLine(usage)
default: fail(usage, code: 2)
}
