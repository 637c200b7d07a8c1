/// Finds the name that the user most likely means.
enum NearestName {
  /// The limits of the search, so that it stays short for any file; a MobileBERT has 1,113 tensors.
  static let maximumCandidates = 4096
  static let maximumLength = 200

  /// The candidate with the smallest edit distance to `name`, the first of equals; nil if that is more
  /// than a third of the name's length.
  static func find(_ name: String, in candidates: [String]) -> String? {
    let wanted = Array(name.utf8)
    guard wanted.count <= maximumLength else { return nil }
    var best: (name: String, distance: Int)?
    var limit = wanted.count / 3
    for candidate in candidates.prefix(maximumCandidates)
    where candidate.utf8.count <= maximumLength {
      if let found = distance(wanted, Array(candidate.utf8), limit: limit) {
        best = (candidate, found)
        limit = found - 1
        if limit < 0 { break }
      }
    }
    return best?.name
  }

  /// Levenshtein's distance (insert, delete, replace), or nil if it is more than `limit`.
  static func distance(_ a: [UInt8], _ b: [UInt8], limit: Int) -> Int? {
    if abs(a.count - b.count) > limit { return nil }
    var row = Array(0...b.count)
    for (i, left) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      var smallest = row[0]
      for (j, right) in b.enumerated() {
        let replaced = diagonal + (left == right ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(replaced, diagonal + 1, row[j] + 1)
        smallest = min(smallest, row[j + 1])
      }
      if smallest > limit { return nil }
    }
    return row[b.count] <= limit ? row[b.count] : nil
  }
}
