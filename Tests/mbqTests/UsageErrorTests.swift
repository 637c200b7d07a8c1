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
      (["evaluate"], "Error: Missing expected argument '<model>'\n"),
      (
        ["evaluate", "none.mbq", "--data", "-", "-o", "x"],
        "Error: -o goes on with a file when it is run again: give --data a file, not standard input.\n"
      ),
      (
        ["evaluate", "none.mbq", "--data", "x.csv", "--shard", "8/7", "-o", "x"],
        "Error: --shard is 8/7; allowed: i/n with i from 1 to n, n up to 100000.\n"
      ),
      (
        ["evaluate", "none.mbq", "--data", "x.csv", "--shard", "1/7"],
        "Error: --shard answers a part of the rows: say with -o where to keep it.\n"
      ),
      (
        ["evaluate", "none.mbq", "--data", "x.csv", "--unlabelled"],
        "Error: Without labels there is nothing to score: give --baseline as well.\n"
      ),
      (
        ["evaluate", "none.mbq", "--merge", "a", "b"],
        "Error: --merge reads what was kept: leave out the model, --data, --baseline, --shard and "
          + "--mistakes-file.\n"
      ),
      (
        ["evaluate", "none.mbq", "--data", "x.csv", "--confidence", "1"],
        "Error: --confidence is 1.0; allowed: 0.5 to 0.9999.\n"
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
