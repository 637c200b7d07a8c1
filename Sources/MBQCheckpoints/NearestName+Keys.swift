/// The key of `candidates` that the user most likely means by `name`; nil if none is near.
///
/// A key with an underscore for a hyphen, or with another case, is always near.
public func nearestKey(to name: String, among candidates: [String]) -> String? {
  let plain = name.lowercased().replacing("_", with: "-")
  return NearestName.find(plain, in: candidates)
}
