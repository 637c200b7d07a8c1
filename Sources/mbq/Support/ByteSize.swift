import ArgumentParser

/// A size as people write it: `6MB` (10^6), `6MiB` (2^20), `500kB`, `800B`; a bare number has no unit.
struct ByteSize: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    let units: [(String, Double)] = [
      ("kib", 1024), ("mib", 1_048_576), ("kb", 1000), ("mb", 1_000_000), ("k", 1000),
      ("m", 1_000_000), ("b", 1),
    ]
    let text = argument.lowercased()
    for (unit, factor) in units where text.hasSuffix(unit) {
      let number = text.dropLast(unit.count).trimmingSuffix { $0 == " " }
      guard let value = Double(number), value > 0, value * factor <= 1e12 else { continue }
      bytes = Int(value * factor)
      return
    }
    return nil
  }
}

extension Substring {
  fileprivate func trimmingSuffix(_ isTrimmed: (Character) -> Bool) -> Substring {
    var end = endIndex
    while end > startIndex, isTrimmed(self[index(before: end)]) { end = index(before: end) }
    return self[..<end]
  }
}
