import MBQTestSupport
import Testing

/// Exit code 2, and a message that says what is allowed.
@Suite("usage errors")
struct UsageErrorTests {
  private let mbq = Program("mbq")

  @Test(
    "a request that makes no sense exits with 2 and says what is allowed",
    arguments: [
      (
        ["quantize", "Examples/tiny-news/model", "--bits", "7"],
        "error: --bits is 7; allowed: 2, 3, 4, 8, 16, 32\n"
      ),
      (
        ["classify", "none.mbq", "text", "--kernels", "mmx"],
        "error: kernel set 'mmx' cannot be used here; this processor runs: "
      ),
      (
        ["classify", "none.mbq", "text", "--threads", "0"],
        "Error: --threads is 0; allowed: 1 to 256.\n"
      ),
      (
        ["classify", "none.mbq", "text", "--data", "x.csv"],
        "Error: Give either texts or --data, not both.\n"
      ),
      (["evaluate", "none.mbq"], "Error: Missing expected argument '--data <file>'\n"),
      (
        ["evaluate", "none.mbq", "--data", "-", "--baseline", "b.mbq"],
        "Error: --baseline reads the data twice: give a file, not standard input.\n"
      ),
      (
        ["demo", "--data", "x.csv"],
        "Error: Give both --checkpoint and --data, or neither.\n"
      ),
      (["benchmark"], "Error: Missing expected argument '<models> ...'\n"),
      (["shrink"], "Error: Unexpected argument 'shrink'\n"),
    ])
  func usage(arguments: [String], message: String) throws {
    let result = try mbq.run(arguments)
    #expect(result.code == 2)
    #expect(result.output == "")
    #expect(result.errors.hasPrefix(message), "\(result.errors)")
  }
}
