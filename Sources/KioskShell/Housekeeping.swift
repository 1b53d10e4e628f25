import KioskJournal
import Logging
import Ratings
import Systemd

/// What a kiosk does unasked: puts steps of the wall clock on record, and deletes what may be deleted.
final class Housekeeping {
    /// How often the wall clock is compared with the boot clock.
    static let lookMilliseconds: Int64 = 10_000
    /// How often records that are receipted and old enough are looked for.
    static let compactMilliseconds: Int64 = 3_600_000

    private let worker: JournalWorker
    private let clock: WallClock
    private let logger: Logger
    private var timers: [Timer] = []
    private var watch: ClockWatch

    init(loop: EventLoop, worker: JournalWorker, clock: WallClock, logger: Logger) throws {
        self.worker = worker
        self.clock = clock
        self.logger = logger
        watch = ClockWatch(offset: clock.offsetMilliseconds(), wall: clock.now().wall)
        try every(Self.lookMilliseconds, on: loop) { [weak self] in self?.look() }
        try every(Self.compactMilliseconds, on: loop) { [weak self] in self?.compact() }
    }

    func stop() { timers = [] }

    private func every(_ milliseconds: Int64, on loop: EventLoop, _ work: @escaping () -> Void) throws {
        let index = timers.count
        let timer = try loop.timer(on: .boot, accuracyMilliseconds: 500, priority: .idle) { [weak self] in
            work()
            // A timer that cannot be armed again only ends the housekeeping, never the dialog.
            if let self, index < timers.count { try? timers[index].arm(afterMilliseconds: milliseconds) }
        }
        timers.append(timer)
        try timer.arm(afterMilliseconds: milliseconds)
    }

    private func look() {
        guard let change = watch.look(offset: clock.offsetMilliseconds(), wall: clock.now().wall) else { return }
        worker.append(.clock(change), at: clock.stamp()) { [logger] result in
            // Told once it is durable: who reads it may cut the power.
            logger.notice("the wall clock was set", metadata: ["old": "\(change.old)", "new": "\(change.new)"])
            if case .failure(let error) = result, error != .notEnrolled {
                logger.error("the change of the clock was not stored", metadata: ["cause": "\(error)"])
            }
        }
    }

    private func compact() {
        worker.compact { [logger] result in
            switch result {
            case .success(0): break
            case .success(let count): logger.info("old records were deleted", metadata: ["records": "\(count)"])
            case .failure(let error): logger.error("the journal was not compacted", metadata: ["cause": "\(error)"])
            }
        }
    }
}
