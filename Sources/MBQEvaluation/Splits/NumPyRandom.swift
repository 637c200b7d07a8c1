/// The numbers of `numpy.random.RandomState(seed)`, which NumPy never changes ("legacy random
/// generation").
///
/// The generator is MT19937 (Matsumoto and Nishimura, "Mersenne Twister", 1998), seeded by their
/// `init_genrand` as `RandomState` does with an integer.
struct NumPyRandom {
  private static let size = 624
  private static let shift = 397

  private var state: [UInt32]
  private var position = size

  /// A state for a seed; NumPy takes those below 2³².
  init(seed: UInt32) {
    state = [seed]
    state.reserveCapacity(Self.size)
    for index in 1..<Self.size {
      let last = state[index - 1]
      state.append(1_812_433_253 &* (last ^ last >> 30) &+ UInt32(index))
    }
  }

  /// 32 random bits.
  mutating func next() -> UInt32 {
    if position == Self.size { twist() }
    var value = state[position]
    position += 1
    value ^= value >> 11
    value ^= value << 7 & 0x9D2C_5680
    value ^= value << 15 & 0xEFC6_0000
    return value ^ value >> 18
  }

  private mutating func twist() {
    for index in 0..<Self.size {
      let joined =
        state[index] & 0x8000_0000 | state[(index + 1) % Self.size] & 0x7FFF_FFFF
      state[index] =
        state[(index + Self.shift) % Self.size] ^ joined >> 1 ^ (joined & 1) &* 0x9908_B0DF
    }
    position = 0
  }

  /// A number from 0 to `bound`, both included, by drawing until one fits (`random_interval`).
  ///
  /// `bound` is below 2³²: beyond, NumPy draws 64 bits.
  mutating func interval(_ bound: UInt32) -> UInt32 {
    if bound == 0 { return 0 }
    let mask = UInt32.max >> UInt32(bound.leadingZeroBitCount)
    while true {
      let value = next() & mask
      if value <= bound { return value }
    }
  }

  /// `RandomState.shuffle` of one dimension: Fisher and Yates, from the end.
  mutating func shuffle(_ values: inout [Int32]) {
    for last in stride(from: values.count - 1, to: 0, by: -1) {
      values.swapAt(last, Int(interval(UInt32(last))))
    }
  }

  /// `RandomState.permutation(count)`: the numbers from 0, shuffled.
  mutating func permutation(_ count: Int) -> [Int32] {
    var values = Array(0..<Int32(count))
    shuffle(&values)
    return values
  }

  /// `RandomState.choice(values, count, replace=False)`.
  mutating func choice(_ values: [Int], _ count: Int) -> [Int] {
    permutation(values.count).prefix(count).map { values[Int($0)] }
  }
}
