/// The value below which the share `fraction` (0...1) of `sorted` lies, in proportion between
/// neighbours.
///
/// `sorted` ascends and is not empty. This is numpy's `percentile(method="linear")`, type 7 of
/// Hyndman and Fan, "Sample quantiles in statistical packages", 1996.
public func percentile(_ fraction: Double, of sorted: [Double]) -> Double {
  precondition(!sorted.isEmpty && (0...1).contains(fraction), "a share of some values")
  let place = Double(sorted.count - 1) * fraction
  let index = Int(place)
  guard index + 1 < sorted.count else { return sorted[sorted.count - 1] }
  let (low, high, part) = (sorted[index], sorted[index + 1], place - Double(index))
  // From the nearer end, as numpy does, so that equal neighbours give themselves.
  return part < 0.5 ? low + (high - low) * part : high - (high - low) * (1 - part)
}
