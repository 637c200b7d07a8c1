/// The key of `candidates` a user most likely meant by `name`; nil if none is near.
///
/// An underscore for a hyphen, or another case, always is.
public func nearestKey(to name: String, among candidates: [String]) -> String? {
  let plain = name.lowercased().replacing("_", with: "-")
  return NearestName.find(plain, in: candidates)
}
