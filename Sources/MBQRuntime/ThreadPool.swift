#if !hasFeature(Embedded)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif
import MBQKernels
import Synchronization

/// A few threads that wait for work; the caller is one of the workers.
///
/// A model has some fifty phases of a fraction of a millisecond each, so workers spin for a moment
/// before they sleep: a wake-up costs as much as a phase.
public final class ThreadPool: Sendable {
  private let shared: Shared
  private let threads: [pthread_t]
  public let parallel: Parallel

  /// `workerCount` counts the caller's thread: 1 starts none.
  ///
  /// Callers in several threads take turns. A task may use the pool it runs in, and then has no help.
  public init(workerCount: Int) {
    let shared = Shared(helpers: max(workerCount, 1) - 1)
    var threads: [pthread_t] = []
    for worker in 1..<max(workerCount, 1) {
      let start = Unmanaged.passRetained(Start(shared: shared, worker: worker))
      #if canImport(Darwin)
      var thread: pthread_t?
      #else
      var thread = pthread_t()
      #endif
      let code = pthread_create(&thread, nil, workerMain, start.toOpaque())
      precondition(code == 0, "the system refused to start a thread (code \(code))")
      #if canImport(Darwin)
      if let thread { threads.append(thread) }
      #else
      threads.append(thread)
      #endif
    }
    self.shared = shared
    self.threads = threads
    parallel = Parallel(workerCount: threads.count + 1) { count, body in shared.run(count, body) }
  }

  deinit {
    shared.stop()
    for thread in threads { pthread_join(thread, nil) }
  }
}

#if canImport(Darwin)
private func workerMain(_ argument: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
  Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().serve()
  return nil
}
#else
private func workerMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let argument { Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().serve() }
  return nil
}
#endif

private final class Start: Sendable {
  let shared: Shared
  let worker: Int

  init(shared: Shared, worker: Int) {
    self.shared = shared
    self.worker = worker
  }

  func serve() { shared.serve(worker) }
}

/// One phase at a time: `phase` is raised to start it, `busy` falls to zero when every helper is done.
private final class Shared: @unchecked Sendable {
  private let helpers: Int
  private let phase = Atomic<Int>(0)
  private let next = Atomic<Int>(0)
  private let busy = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  // Written by `run` before `phase` is raised, read by helpers after they saw it raised.
  private var count = 0
  private var body: ((Int, Int) -> Void)?
  private var stopping = false
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let wake: UnsafeMutablePointer<pthread_cond_t>
  // Two callers must not share a phase.
  private let turn: UnsafeMutablePointer<pthread_mutex_t>
  /// In each thread, the worker it is while it runs tasks, plus 1.
  private let current: pthread_key_t

  init(helpers: Int) {
    self.helpers = helpers
    mutex = .allocate(capacity: 1)
    wake = .allocate(capacity: 1)
    turn = .allocate(capacity: 1)
    var key = pthread_key_t()
    let code = pthread_key_create(&key, nil)
    precondition(code == 0, "the system has no thread key left (code \(code))")
    current = key
    pthread_mutex_init(mutex, nil)
    pthread_mutex_init(turn, nil)
    pthread_cond_init(wake, nil)
  }

  deinit {
    pthread_key_delete(current)
    pthread_mutex_destroy(mutex)
    pthread_mutex_destroy(turn)
    pthread_cond_destroy(wake)
    mutex.deallocate()
    turn.deallocate()
    wake.deallocate()
  }

  func run(_ count: Int, _ body: (Int, Int) -> Void) {
    guard helpers > 0, count > 1 else {
      for task in 0..<count { body(task, 0) }
      return
    }
    // A task that uses its own pool would wait for itself: it does the work alone.
    let worker = Int(bitPattern: pthread_getspecific(current)) - 1
    guard worker < 0 else {
      for task in 0..<count { body(task, worker) }
      return
    }
    pthread_mutex_lock(turn)
    defer { pthread_mutex_unlock(turn) }
    withoutActuallyEscaping(body) { body in
      self.count = count
      self.body = body
      next.store(0, ordering: .relaxed)
      busy.store(helpers, ordering: .relaxed)
      raisePhase()
      work(0)
      awaitHelpers()
      self.body = nil
    }
  }

  func stop() {
    stopping = true
    raisePhase()
  }

  private func raisePhase() {
    phase.add(1, ordering: .sequentiallyConsistent)
    if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
      pthread_mutex_lock(mutex)
      pthread_cond_broadcast(wake)
      pthread_mutex_unlock(mutex)
    }
  }

  func serve(_ worker: Int) {
    var seen = 0
    while true {
      awaitPhase(after: seen)
      seen += 1
      if stopping { return }
      work(worker)
      busy.subtract(1, ordering: .releasing)
    }
  }

  private func work(_ worker: Int) {
    guard let body else { return }
    pthread_setspecific(current, UnsafeRawPointer(bitPattern: worker + 1))
    defer { pthread_setspecific(current, nil) }
    while true {
      let task = next.add(1, ordering: .relaxed).oldValue
      guard task < count else { return }
      body(task, worker)
    }
  }

  /// Spins for a moment, then lets others run: on a busy machine a helper may have lost its core.
  private func awaitHelpers() {
    var looks = 0
    while busy.load(ordering: .acquiring) > 0 {
      looks += 1
      if looks < 2000 {
        pause()
      } else {
        sched_yield()
      }
    }
  }

  private func awaitPhase(after seen: Int) {
    // About 50 microseconds of looking before sleeping.
    for _ in 0..<2000 {
      if phase.load(ordering: .acquiring) > seen { return }
      pause()
    }
    pthread_mutex_lock(mutex)
    sleepers.add(1, ordering: .sequentiallyConsistent)
    while phase.load(ordering: .sequentiallyConsistent) <= seen {
      pthread_cond_wait(wake, mutex)
    }
    sleepers.subtract(1, ordering: .sequentiallyConsistent)
    pthread_mutex_unlock(mutex)
  }

  @inline(__always)
  private func pause() {
    spinHint()
  }
}
#endif
