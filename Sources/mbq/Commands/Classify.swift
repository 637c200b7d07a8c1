import ArgumentParser
import Foundation
import MBQRuntime
import MBQTokenizer
struct Classify: ParsableCommand {
  @Argument var model: String
  @Argument var texts: [String] = []
  @OptionGroup var runtime: RuntimeOptions
  func run() throws {
    let model = try runtime.model(self.model)
    let pool = runtime.pool()
    let state = RunState(model: model, parallel: pool.parallel)
    if texts.count == 1, texts[0].hasSuffix(".jsonl") {
      // temporary: golden comparision
      let data = try String(contentsOfFile: texts[0], encoding: .utf8)
      var worst = 0.0, flips = 0, n = 0, idbad = 0, big = 0.0
      let t = ContinuousClock.now
      for line in data.split(separator: "\n") {
        let o = try JSONSerialization.jsonObject(with: Data(line.utf8)) as! [String: Any]
        let c = try state.classify([o["text"] as! String])[0]
        let ids = (o["input_ids"] as! [NSNumber]).map { $0.uint32Value }
        if model.tokenizer.encode(o["text"] as! String, limit: model.maximumTokens).ids != ids { idbad += 1 }
        let l = (o["logits"] as! [NSNumber]).map { $0.doubleValue }
        for (a, b) in zip(c.logits, l) { worst = max(worst, abs(Double(a) - b)); big = max(big, abs(b)) }
        if (l[1] > l[0]) != (c.label == 1) { flips += 1 }
        n += 1
      }
      print("\(n) texts worst \(worst) of \(big) flips \(flips) ids differing \(idbad) \(ContinuousClock.now - t)")
      return
    }
    for c in try state.classify(texts) { print(model.labels[c.label], c.probabilities, c.logits, c.tokenCount) }
  }
}
