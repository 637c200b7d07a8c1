import ArgumentParser
import MBQToolchain

/// Which texts a command looks at that needs few and short ones.
struct SampleOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Texts to look at, drawn from --text.", valueName: "n"))
  var sampleTexts = DoctorOptions.sampleTexts

  @Option(help: ArgumentHelp("Cut these texts to this many tokens.", valueName: "n"))
  var sampleTokens = DoctorOptions.sampleTokens
}
