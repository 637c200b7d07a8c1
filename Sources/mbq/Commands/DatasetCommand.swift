import ArgumentParser

struct DatasetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Looks at a dataset, or splits it for training.",
    subcommands: [DescribeDataset.self, SplitDataset.self])
}
