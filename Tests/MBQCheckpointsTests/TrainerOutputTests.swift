import Foundation
import MBQTestSupport
import Testing

@testable import MBQCheckpoints

/// The folders `Trainer` leaves; the records are spelled as transformers 5.24 spells them.
@Suite("A Trainer's output folder")
struct TrainerOutputTests {
  private static let golden = "Formats/huggingface/golden/tiny"

  private func output(steps: [Int], state: String? = nil) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for step in steps {
      try FileManager.default.copyItem(
        atPath: Repository.path(Self.golden), toPath: folder.path("checkpoint-\(step)"))
    }
    if let state, let last = steps.max() {
      try folder.write("checkpoint-\(last)/trainer_state.json", state)
    }
    return folder
  }

  private func state(best: String, metric: String = "0.9452") -> String {
    """
    {
      "best_global_step": 500,
      "best_metric": \(metric),
      "best_model_checkpoint": \(best),
      "epoch": 3.0,
      "log_history": [{"epoch": 1.0, "eval_accuracy": 0.9452, "step": 500}]
    }
    """
  }

  @Test("one checkpoint leaves no choice", arguments: ["", "/"])
  func one(_ suffix: String) throws {
    let folder = try output(steps: [500])
    let checkpoint = try Checkpoint.open(path: folder.path + suffix)
    #expect(checkpoint.warnings == [])
    #expect(folder.short(checkpoint.weightsPath) == "DIR/checkpoint-500/model.safetensors")
  }

  @Test(
    "of several the one that the last record names is used, wherever it was trained",
    arguments: [
      #""out/checkpoint-500""#, #""/home/a/out/checkpoint-500""#, #""C:\\out\\checkpoint-500""#,
      #""out/checkpoint-500/""#,
    ])
  func best(_ path: String) throws {
    // Sorted by number: 1000 comes after 500.
    let folder = try output(steps: [1000, 500, 750], state: state(best: path))
    let checkpoint = try Checkpoint.open(path: folder.path)
    #expect(folder.short(checkpoint.weightsPath) == "DIR/checkpoint-500/model.safetensors")
    #expect(
      checkpoint.warnings.map(folder.short)
        == [
          "'DIR' holds 3 checkpoints; checkpoint-500 is used, the best by the record in checkpoint-1000:"
            + " best_metric 0.9452"
        ])
  }

  @Test("several without a usable record are refused, with the reason and a name to give")
  func refused() throws {
    let names =
      "'DIR' holds several checkpoints (checkpoint-500, checkpoint-1000), and nothing tells"
    let advice = "; name the one to use, such as 'DIR/checkpoint-1000'"
    let record = "'DIR/checkpoint-1000/trainer_state.json'"
    let cases: [(String?, String)] = [
      (nil, "\(record) is not there"),
      (
        state(best: "null", metric: "null"),
        "\(record) has no best_model_checkpoint, which `load_best_model_at_end=True` records"
      ),
      (
        "[1]", "\(record) has no best_model_checkpoint, which `load_best_model_at_end=True` records"
      ),
      (state(best: #""out/checkpoint-250""#), "the best, 'checkpoint-250', is not there"),
      (state(best: #""../../etc""#), "the best, 'etc', is not there"),
    ]
    for (state, reason) in cases {
      let folder = try output(steps: [500, 1000], state: state)
      #expect(folder.openMessage() == "\(names) which is the best: \(reason)\(advice)")
    }
    let folder = try output(
      steps: [500, 1000], state: state(best: #""out/checkpoint-500""#, metric: "NaN"))
    #expect(folder.openMessage().contains("NaN is not JSON"))
  }

  @Test("a model saved beside the checkpoints is what counts")
  func saved() throws {
    let folder = try TemporaryFolder(copying: "tiny")
    try FileManager.default.copyItem(
      atPath: Repository.path(Self.golden), toPath: folder.path("checkpoint-7"))
    let checkpoint = try Checkpoint.open(path: folder.path)
    #expect(checkpoint.warnings == [])
    #expect(folder.short(checkpoint.weightsPath) == "DIR/model.safetensors")
    // Its own missing parts are told, not passed over for those of a checkpoint.
    try folder.remove("config.json")
    #expect(folder.openMessage().hasPrefix("'DIR' has no config.json"))
  }

  @Test("folders of other names are none")
  func others() throws {
    let folder = try TemporaryFolder()
    for name in ["checkpoint-", "checkpoint-x", "checkpoint-007", "checkpoint--1", "checkpoint-+5"]
    {
      try FileManager.default.copyItem(
        atPath: Repository.path(Self.golden), toPath: folder.path(name))
    }
    try folder.write("checkpoint-9", "a file")
    #expect(folder.openMessage().hasPrefix("'DIR' has no config.json"))
  }
}
