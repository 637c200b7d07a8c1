import ArgumentParser

/// What calibration text must not share with the texts a model is judged by.
struct OverlapOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Texts the model will be judged by; none may be calibrated on.", valueName: "file"))
  var evaluation: String?

  @Flag(help: "Calibrate even if texts are in --evaluation too.")
  var allowOverlap = false
}
