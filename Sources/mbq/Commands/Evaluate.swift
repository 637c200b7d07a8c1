import ArgumentParser
struct Evaluate: ParsableCommand {}
