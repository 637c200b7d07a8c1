import ArgumentParser
import MBQEvaluation
import MBQToolchain

/// Which texts of a dataset are used.
struct DataOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A column of the text; several are joined by a space (default: title, if there is one, and text).",
      valueName: "name"))
  var textColumn: [String] = []

  @Option(help: ArgumentHelp("The column of the label.", valueName: "name"))
  var labelColumn = DatasetOptions.defaultLabelColumn

  @Option(
    help: ArgumentHelp(
      "What the label column's values mean, such as real=0,fake=1 (default: indices or label names).",
      valueName: "map"))
  var labelMap: String?

  @OptionGroup var form: FormatOption

  var dataset: DatasetOptions {
    var options = DatasetOptions()
    options.textColumns = textColumn
    options.labelColumn = labelColumn
    options.labelMap = labelMap
    options.format = form.format
    return options
  }
}

struct FormatOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      DatasetReaders.all.map { $0.name }.joined(separator: ", ")
        + ", each also compressed with gzip (default: by the file's ending).", valueName: "name"))
  var format: String?
}
