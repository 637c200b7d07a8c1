// What differs between Linux and macOS lives here and nowhere else in this module.
import Foundation

/// Time that never goes back and does not follow the wall clock's corrections.
public enum MonotonicClock {
  /// Nanoseconds since some moment of the past.
  public static var nanoseconds: UInt64 { read() }

  private static func read() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// The most memory this process has had resident.
public enum PeakMemory {
  /// In bytes; `nil` where the system does not say.
  public static var bytes: Int? {
    #if os(Linux)
    // Not getrusage: its ru_maxrss starts from the memory of the program that started this one.
    return field("VmHWM:", ofStatus: status() ?? "")
    #else
    var usage = rusage()
    guard getrusage(RUSAGE_SELF, &usage) == 0 else { return nil }
    return Int(usage.ru_maxrss)
    #endif
  }

  /// Makes the present use the peak, so that the next step is measured alone.
  ///
  /// `false` where the system does not allow it (macOS never does).
  public static func reset() -> Bool {
    #if os(Linux)
    let descriptor = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return write(descriptor, "5", 1) == 1
    #else
    return false
    #endif
  }

  /// The bytes that a line such as `VmHWM:  1234 kB` of /proc/self/status states.
  static func field(_ name: String, ofStatus text: String) -> Int? {
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      let words = line.dropFirst(name.count).split { $0 == " " || $0 == "\t" }
      guard words.count == 2, words[1] == "kB", let count = Int(words[0]) else { return nil }
      return count.multipliedReportingOverflow(by: 1024).overflow ? nil : count * 1024
    }
    return nil
  }

  #if os(Linux)
  private static func status() -> String? {
    let descriptor = open("/proc/self/status", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 14)
    let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }
  #endif
}
