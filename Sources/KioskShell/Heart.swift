import KioskJournal
import Logging
import Systemd

/// Tells the service manager that the program makes progress: the loop turns and the store answers.
///
/// A timer alone would beat on while the store hangs, so each beat goes through the journal's thread and back.
final class Heart {
    /// How long a stop waits for records that are on their way.
    static let farewellMilliseconds: Int64 = 3_000
    private static let farewellStepMilliseconds: Int64 = 10

    private let loop: EventLoop
    private let worker: JournalWorker
    private let logger: Logger
    private var beat: Timer?
    private var farewell: Timer?

    init(loop: EventLoop, worker: JournalWorker, logger: Logger) throws {
        self.loop = loop
        self.worker = worker
        self.logger = logger
        guard let interval = try ServiceManager.watchdogIntervalMilliseconds() else { return }
        let beat = try loop.timer { [weak self] in self?.send(every: interval / 3) }
        self.beat = beat
        try beat.arm(afterMilliseconds: 0)
    }

    /// Stops the loop with 0 as soon as `isSettled`, or after a while.
    func finish(when isSettled: @escaping () -> Bool) {
        guard farewell == nil else { return }
        let end = KernelClock.monotonic.milliseconds + Self.farewellMilliseconds
        farewell = try? loop.timer { [weak self] in self?.leave(by: end, when: isSettled) }
        leave(by: end, when: isSettled)
    }

    private func leave(by end: Int64, when isSettled: () -> Bool) {
        let isLate = KernelClock.monotonic.milliseconds >= end
        if isLate { logger.error("the store did not answer in time; stopping without it") }
        if isLate || isSettled() { return loop.stop(status: 0) }
        try? farewell?.arm(afterMilliseconds: Self.farewellStepMilliseconds)
    }

    private func send(every interval: Int64) {
        worker.perform({ _ throws(JournalError) in () }, on: loop) { [weak self] _ in
            _ = try? ServiceManager.notify(.watchdog)
            try? self?.beat?.arm(afterMilliseconds: interval)
        }
    }
}
