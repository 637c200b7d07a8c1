import ArgumentParser
import MBQToolchain

struct Quantize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Packs a fine-tuned checkpoint into one .mbq file.",
    discussion: """
      Reads a Hugging Face folder, or weights of PyTorch, TensorFlow, ONNX or NumPy beside a \
      config.json and a vocabulary, and writes a file that holds everything inference needs.

      Texts of the kind the model will see (--text; labels are not needed) make 4 bits and less, \
      pruning and fewer layers accurate: weights are rounded, and what is left is fitted, by what \
      those texts show of the hidden states.

      Examples:
        mbq quantize ./my-model                    # int8, writes my-model-int8.mbq
        mbq quantize ./my-model --bits 32 -o baseline.mbq
        mbq quantize ./my-model --bits 4 --text news.csv
        mbq quantize ./my-model --recipe small --text news.csv --evaluation test.csv
      """)

  @OptionGroup var source: CheckpointOptions

  @OptionGroup var compression: CompressionOptions

  @Option(
    name: .shortAndLong,
    help: "The file to write (default: the checkpoint's name, the type and .mbq).")
  var output: String?

  @Flag(help: "Do everything but write the file.")
  var dryRun = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  @OptionGroup var columns: DataOptions
  @OptionGroup var runtime: RuntimeOptions

  func run() throws {
    let toolchain = runtime.toolchain
    var options = QuantizeOptions(checkpoint: source.source)
    options.recipe = try compression.recipe(toolchain)
    options.output = dryRun ? .nowhere : output.map { .file($0) } ?? .named
    options.text = compression.text
    options.calibration = compression.calibration
    options.dataset = columns.dataset
    options.evaluation = compression.overlap.evaluation
    options.allowsOverlap = compression.overlap.allowOverlap
    options.targetBytes = compression.targetSize?.bytes
    options.sensitivityFile = compression.sensitivity
    options.vocabularyText = compression.keepVocabularyOf
    let result = try toolchain.quantize(options)
    Output.show(result.report, json: json)
    if !json, !dryRun { Output.show("\nNext: mbq evaluate \(result.path) --data test.csv") }
  }
}
