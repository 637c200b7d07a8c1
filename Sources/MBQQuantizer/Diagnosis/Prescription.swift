import MBQSchemes

/// What to do about a site, and its price.
public struct Prescription: Equatable, Sendable, Encodable {
  public enum Remedy: String, Sendable, CaseIterable, Encodable {
    /// Rescale channels by powers of two, folded into the neighbouring weights: costs nothing.
    case equalize
    /// Multiply the input with a vector before it is put on its grid.
    case smooth
    /// Give the input 16 bits.
    case int16 = "int16-input"
    /// Leave the weights in int8 where the others get 4 bits.
    case keep8 = "keep-8-bits"
    /// Leave the model in fp32: a file has integer products everywhere or nowhere; the price is this site's.
    case floatModel = "fp32-model"
  }

  public var remedy: Remedy
  /// Decibels gained over not doing it.
  public var gain: Double
  /// Bytes in the file, and nanoseconds at 128 tokens on one thread of this machine, more than without it;
  /// nil where no time was measured.
  public var bytes: Int
  public var nanoseconds: Double?
}

/// How a site does, from best to worst.
public enum SiteHealth: Int, Comparable, Sendable {
  case healthy = 0
  /// Other tools' grids lose it; what `mbq quantize` does by itself does not.
  case warning = 1
  /// int8 as `mbq quantize` makes it loses it too: follow the prescription.
  case error = 2

  public static func < (a: SiteHealth, b: SiteHealth) -> Bool { a.rawValue < b.rawValue }
}

/// The levels a diagnosis is judged by.
public enum DiagnosisLimits {
  /// Below this many decibels (a tenth of the signal's energy) a product has lost what it is for.
  public static let lost = 10.0
  /// A remedy must gain this much to be worth naming: half the energy of the noise.
  public static let gain = 3.0
  /// 16 bits cost time, so they must gain four times the resolution.
  public static let int16Gain = 12.0
  /// Products this clean need no more bits.
  public static let clean = 20.0
  /// A runtime that multiplies the smaller operand of an add with the ratio of their scales, in fixed point,
  /// is at the end of its digits.
  public static let scaleRatio = 0x1p-10
}

extension LinearDiagnosis {
  /// What to do here, the first first; empty: nothing.
  public func prescriptions(_ times: LinearTimes?) -> [Prescription] {
    func nanoseconds(_ more: LinearTimes.Form, _ less: LinearTimes.Form) -> Double? {
      times.flatMap { times in
        times.nanoseconds[more].flatMap { a in times.nanoseconds[less].map { a - $0 } }
      }
    }
    func bytes(_ code: SchemeCode) -> Int {
      code.byteCount(rows: outputs, columns: inputs)
        + code.groupByteCount(rows: outputs, columns: inputs) + (code.hasScales ? 2 * outputs : 0)
    }
    var result: [Prescription] = []
    let int8 = equalized[.int8] ?? 0
    let gain = int8 - (noise[.int8] ?? 0)
    // Decibels a clean product gains are no reason to touch it.
    let isWorth =
      (noise[.int8] ?? 0) < DiagnosisLimits.clean
      || (noise[.int8Static] ?? 0) < DiagnosisLimits.lost
    if isWorth, gain >= DiagnosisLimits.gain {
      result.append(
        isSmoothed
          ? Prescription(
            remedy: .smooth, gain: gain, bytes: 4 * inputs,
            nanoseconds: nanoseconds(.smoothed, .int8))
          : Prescription(
            remedy: .equalize, gain: gain, bytes: 0, nanoseconds: times == nil ? nil : 0))
    }
    let wide = (equalized[.int16] ?? 0) - int8
    if int8 < DiagnosisLimits.clean, wide >= DiagnosisLimits.int16Gain {
      result.append(
        Prescription(remedy: .int16, gain: wide, bytes: 0, nanoseconds: nanoseconds(.int16, .int8)))
    } else if int8 < DiagnosisLimits.lost {
      result.append(
        Prescription(
          remedy: .floatModel, gain: 140 - int8, bytes: bytes(.float32Panels) - bytes(.int8Channel),
          nanoseconds: nanoseconds(.float, .int8)))
      // No bits are worth choosing for a model that is not to be rounded.
      return result
    }
    let int4 = equalized[.int4] ?? 0
    if int4 < DiagnosisLimits.lost, int8 - int4 >= DiagnosisLimits.gain {
      result.append(
        Prescription(
          remedy: .keep8, gain: int8 - int4,
          bytes: bytes(.int8Channel) - bytes(.int4ChannelGroup64),
          nanoseconds: nanoseconds(.int8, .int4)))
    }
    return result
  }

  public var health: SiteHealth {
    if (equalized[.int8] ?? 0) < DiagnosisLimits.lost { return .error }
    if (noise[.int8] ?? 0) < DiagnosisLimits.lost
      || (noise[.int8Static] ?? 0) < DiagnosisLimits.lost
      || input.halfOverflows > 0 || weight.halfOverflows > 0
    {
      return .warning
    }
    return .healthy
  }
}

extension AddDiagnosis {
  /// Adds stay in fp32, so nothing is needed; what makes one unfit for other runtimes is mended by the way.
  public func prescriptions() -> [Prescription] {
    let mends =
      scaleRatio < DiagnosisLimits.scaleRatio && equalizedScaleRatio > 4 * scaleRatio
      || halfOverflows > 0 && equalizedHalfOverflows == 0
    guard mends else { return [] }
    let gain = (equalizedNoise[.int8Static] ?? 0) - (noise[.int8Static] ?? 0)
    return [Prescription(remedy: .equalize, gain: gain, bytes: 0, nanoseconds: 0)]
  }

  public var health: SiteHealth {
    scaleRatio < DiagnosisLimits.scaleRatio || halfOverflows > 0
      || (noise[.int8Static] ?? 0) < DiagnosisLimits.lost ? .warning : .healthy
  }
}

extension SiteDiagnosis {
  public var health: SiteHealth {
    switch self {
    case .linear(let site): site.health
    case .add(let site): site.health
    }
  }
}
