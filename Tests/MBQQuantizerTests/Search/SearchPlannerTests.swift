import Foundation
import MBQCore
import MBQTestSupport
import Testing

@testable import MBQQuantizer

@Suite("Planning a search")
struct SearchPlannerTests {
  private func space() throws -> SearchSpace {
    SearchSpace(try workingModel("example", "tiny-news").1.folded(), keptPieces: 900)
  }

  /// A world in which layers are nearly free and zeros are not, unlike what the planner guesses.
  private func truth(_ point: SearchPoint, _ space: SearchSpace) -> SearchResult {
    let divergence =
      1e-4 * Double(space.layerCount - point.layers) + 0.1 * point.sparsity
      + [8: 1e-5, 4: 1e-3, 3: 6e-3, 2: 0.2][point.bits, default: 1]
      + (point.dropsUnusedPieces ? 2e-4 : 0) + (point.embeddingBits < 4 ? 1e-3 : 0)
      + 4e-4 * Double(point.droppedStacks) + 3e-4 * Double(point.droppedHeads)
    return SearchResult(
      point: point, byteCount: Int(space.expectedBytes(point) * 1.12), agreement: 1 - divergence,
      divergence: divergence, medianMilliseconds: 1, p95Milliseconds: Double(point.layers))
  }

  @Test("every point once, and the best of all within a few", arguments: [0.25, 0.4, 0.7])
  func findsTheBest(share: Double) throws {
    let space = try space()
    let all = space.points.map { truth($0, space) }
    let maximum = Int(Double(all.map(\.byteCount).max() ?? 0) * share)
    let best = try #require(
      SearchPlanner.best(all, maximumBytes: maximum, maximumP95: nil))
    var planner = SearchPlanner(space, maximumBytes: maximum)
    var tries = 0
    var foundAt: Int?
    while let point = planner.next() {
      #expect(!planner.results.map(\.point).contains(point))
      planner.add(truth(point, space))
      tries += 1
      let found = SearchPlanner.best(planner.results, maximumBytes: maximum, maximumP95: nil)
      if foundAt == nil, let found, found.divergence <= 1.05 * best.divergence { foundAt = tries }
    }
    #expect(try #require(foundAt) <= 32, "of \(space.points.count)")
    #expect(tries <= space.points.count)
  }

  @Test("the front is what nothing beats; the best keeps to both limits")
  func front() throws {
    let space = try space()
    let all = space.points.map { truth($0, space) }
    let front = SearchPlanner.front(all)
    for result in all {
      let beaten = all.contains {
        $0.byteCount <= result.byteCount && $0.divergence < result.divergence
          || $0.byteCount < result.byteCount && $0.divergence <= result.divergence
      }
      if !beaten {
        #expect(front.contains { $0.byteCount == result.byteCount })
      } else {
        #expect(!front.contains(result))
      }
    }
    let fast = try #require(
      SearchPlanner.best(all, maximumBytes: .max, maximumP95: 2.5))
    #expect(fast.point.layers <= 2)
    #expect(SearchPlanner.best(all, maximumBytes: 10, maximumP95: nil) == nil)
  }

  @Test("a point's recipe says what the point says, whatever the base keeps")
  func recipes() throws {
    var base = Recipe()
    base.keepLayers = .first(2)
    for point in try space().points {
      let recipe = point.recipe(base, of: 6)
      #expect(recipe.keepLayers == (point.layers < 6 ? .first(point.layers) : nil))
      #expect(recipe.weights?.bits == point.bits)
      #expect(recipe.embeddings?.bits == point.embeddingBits)
      #expect(recipe.prune?.sparsity ?? 0 == point.sparsity)
      #expect(recipe.vocabulary?.keepUsed == point.dropsUnusedPieces)
      #expect(recipe.prune?.dropStacks ?? 0 == point.droppedStacks)
      #expect(recipe.prune?.dropHeads ?? 0 == point.droppedHeads)
      if point.layers < 6 || point.droppedStacks + point.droppedHeads > 0 {
        #expect(try Plan(recipe, hasText: true).structure.recovery == .linears)
      }
    }
  }

  @Test("a file is read for its key alone, and another file is refused and left")
  func file() throws {
    let scratch = try Scratch()
    let path = scratch.path("search.json")
    let space = try space()
    var file = try SearchFile.read(path: path, key: ["a"])
    #expect(file.results.isEmpty)
    file.results = space.points.prefix(5).map { truth($0, space) }
    try file.write(to: path)
    #expect(try SearchFile.read(path: path, key: ["a"]) == file)
    #expect(try SearchFile.read(path: path, key: ["b"]).results.isEmpty)
    for text in ["hello", "{}", #"{"key": ["a"], "results": [{"point": 3}]}"#] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      let expected = QuantizerError.results(
        path: path, problem: "it does not hold a search's results", advice: "give another name")
      #expect(throws: expected) { try SearchFile.read(path: path, key: ["a"]) }
    }
  }
}
