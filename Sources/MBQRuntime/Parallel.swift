/// How the host runs independent tasks: the runtime has no threads of its own.
public struct Parallel: Sendable {
  /// At least 1.
  public let workerCount: Int
  /// Calls `body(task, worker)` once for every task below the count, each worker index from one thread
  /// at a time, and returns when all are done.
  package let run: @Sendable (_ count: Int, _ body: (_ task: Int, _ worker: Int) -> Void) -> Void

  public init(
    workerCount: Int,
    run: @escaping @Sendable (_ count: Int, _ body: (_ task: Int, _ worker: Int) -> Void) -> Void
  ) {
    precondition(workerCount >= 1)
    self.workerCount = workerCount
    self.run = run
  }

  /// Everything on the caller's thread.
  public static let serial = Parallel(workerCount: 1) { count, body in
    for task in 0..<count { body(task, 0) }
  }
}
