import Foundation
import MBQRuntime
import Testing

@Suite("The thread pool")
struct ThreadPoolTests {
  /// Counts what happens in a phase.
  ///
  /// The lock is Foundation's: ThreadSanitizer does not see the one of Synchronization.
  private final class Ledger: @unchecked Sendable {
    private let lock = NSLock()
    private var calls: [Int]
    private var busy: [Bool]
    private var mistakes = 0

    init(tasks: Int, workers: Int) {
      calls = Array(repeating: 0, count: tasks)
      busy = Array(repeating: false, count: workers)
    }

    func enter(_ task: Int, _ worker: Int) {
      lock.withLock {
        guard calls.indices.contains(task), busy.indices.contains(worker), !busy[worker] else {
          mistakes += 1
          return
        }
        calls[task] += 1
        busy[worker] = true
      }
    }

    func leave(_ worker: Int) { lock.withLock { busy[worker] = false } }

    func expect(_ condition: Bool) { lock.withLock { mistakes += condition ? 0 : 1 } }

    var isPerfect: Bool { lock.withLock { mistakes == 0 && calls.allSatisfy { $0 == 1 } } }
  }

  @Test("every task once, a worker index in one thread at a time", arguments: [1, 2, 3, 8])
  func tasks(workerCount: Int) {
    let pool = ThreadPool(workerCount: workerCount)
    #expect(pool.parallel.workerCount == workerCount)
    for count in [0, 1, 2, 3, 7, 100, 1000] {
      let ledger = Ledger(tasks: count, workers: workerCount)
      pool.parallel.run(count) { task, worker in
        ledger.enter(task, worker)
        ledger.leave(worker)
      }
      #expect(ledger.isPerfect, "\(count) tasks")
    }
  }

  @Test("many small phases, and what one wrote is there in the next")
  func phases() {
    let pool = ThreadPool(workerCount: 3)
    let cells = UnsafeMutablePointer<Int>.allocate(capacity: 64)
    cells.initialize(repeating: 0, count: 64)
    defer { cells.deallocate() }
    for phase in 0..<5000 {
      // Each task reads what another one wrote in the phase before.
      let shift = phase % 2
      pool.parallel.run(32) { task, _ in
        cells[shift * 32 + task] = cells[(1 - shift) * 32 + (task + 1) % 32] + 1
      }
    }
    #expect((0..<32).allSatisfy { cells[32 + $0] == 5000 })
  }

  @Test("workers that fell asleep wake up")
  func sleepers() async throws {
    let pool = ThreadPool(workerCount: 3)
    for _ in 0..<5 {
      try await Task.sleep(for: .milliseconds(5))
      let ledger = Ledger(tasks: 50, workers: 3)
      pool.parallel.run(50) { task, worker in
        ledger.enter(task, worker)
        ledger.leave(worker)
      }
      #expect(ledger.isPerfect)
    }
  }

  @Test("two callers take turns")
  func callers() async {
    let pool = ThreadPool(workerCount: 2)
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<3 {
        group.addTask {
          for count in 0..<200 {
            let ledger = Ledger(tasks: count, workers: 2)
            pool.parallel.run(count) { task, worker in
              ledger.enter(task, worker)
              ledger.leave(worker)
            }
            if !ledger.isPerfect { return false }
          }
          return true
        }
      }
      for await perfect in group { #expect(perfect) }
    }
  }

  @Test("a task that uses its own pool does the work by itself")
  func nested() {
    let pool = ThreadPool(workerCount: 3)
    let ledger = Ledger(tasks: 20 * 10, workers: 3)
    pool.parallel.run(20) { task, worker in
      pool.parallel.run(10) { inner, innerWorker in
        ledger.enter(task * 10 + inner, innerWorker)
        ledger.expect(innerWorker == worker)
        ledger.leave(innerWorker)
      }
    }
    #expect(ledger.isPerfect)
    // And the pool is still of use.
    let after = Ledger(tasks: 9, workers: 3)
    pool.parallel.run(9) { task, worker in
      after.enter(task, worker)
      after.leave(worker)
    }
    #expect(after.isPerfect)
  }

  @Test("pools come and go, used or not")
  func destruction() {
    for round in 0..<200 {
      let pool = ThreadPool(workerCount: 1 + round % 4)
      if round % 3 != 0 {
        let ledger = Ledger(tasks: 5, workers: 4)
        pool.parallel.run(5) { task, worker in
          ledger.enter(task, worker)
          ledger.leave(worker)
        }
        #expect(ledger.isPerfect)
      }
    }
    #expect(ThreadPool(workerCount: 0).parallel.workerCount == 1)
    #expect(ThreadPool(workerCount: -3).parallel.workerCount == 1)
  }
}
