import ArgumentParser
import MBQCheckpoints
import MBQCore
import MBQEvaluation
import MBQQuantizer
import MBQTokenizer

/// How a checkpoint is compressed.
struct CompressionOptions: ParsableArguments {
  @Option(help: "Bits a weight: 8, 16, 32, or 4, 3, 2 with a scale a group.")
  var bits = 8

  @Option(help: ArgumentHelp("Inputs that share a scale at 4 bits or fewer: 32, 64 or 128.", valueName: "n"))
  var group = 64

  @Option(help: ArgumentHelp("nearest, mse or gptq (default: gptq with --text, mse without, nearest at 8 bits).", valueName: "name"))
  var rounding: String?

  @Flag(help: "Give every group of 4 bits or fewer a zero point.")
  var zeroPoint = false

  @Option(help: ArgumentHelp("Bits of the word embeddings (default: as --bits, at least 4).", valueName: "n"))
  var embeddingBits: Int?

  @Flag(inversion: .prefixedNo, help: "Rescale channels so that int8 fits them; exact.")
  var equalize = true

  @Option(help: ArgumentHelp("Calibration text; needs no labels.", valueName: "file"))
  var text: String?

  @Option(help: ArgumentHelp("Texts to calibrate with.", valueName: "n"))
  var texts = 128

  @Option(help: ArgumentHelp("Tokens of a calibration text.", valueName: "n"))
  var textTokens = 128
  @Option var prune: String?
  @Option var sparsity = 0.5
  @Option var pattern = "unstructured"
}
