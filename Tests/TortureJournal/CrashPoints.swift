import Dispatch
import FoundationEssentials
import Glibc
import RealPrograms
import SeededRandom
import Synchronization
import Torture

@testable import KioskJournal

/// G3: whatever a power cut loses, tears or reorders, the real journal opens to the state before or after what was under
/// way, and everything thanked is there.
///
/// One journal-writer is recorded: three rounds of opening, a hundred presses with receipts and compaction, closing, and an
/// enrolment between two rounds. At each call the disk is then cut off in several ways (`ModelDisk.Loss`), what is left is
/// written to a directory in memory, and the journal opens it. One try is one such state.
struct CrashPoints {
    static let workload = ["100", "--receipts", "--rounds", "3", "--enrol"]
    /// Threads that open states at once.
    static let lanes = 2
    /// One state in so many is also walked over record by record, and written to.
    static let thoroughEach = 16

    /// An fsync that a wrong program would have left out: it is taken from the recording.
    enum LeftOut: String, Sendable { case directory, store }

    var options: [String] = []
    var workload = Self.workload
    var leftOut: LeftOut?

    func run(_ trial: Trial) throws -> Tried {
        let home = try trial.place.subfolder("crash")
        let directory = home + "/recorded"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        let calls = try CallTrace.record(workload + options, in: directory, at: trial.place)
        try? FileManager.default.removeItem(atPath: directory)
        let points = calls.count { if case .say = $0 { false } else { true } }
        trial.progress.line("G3 crash points: \(points) calls recorded")
        let rows = Mutex<[Tried]>([])
        let failures = Mutex<[any Error]>([])
        DispatchQueue.concurrentPerform(iterations: Self.lanes) { lane in
            do {
                let row = try walk(calls, points: points, lane: lane, home: home, trial)
                rows.withLock { $0.append(row) }
            } catch { failures.withLock { $0.append(error) } }
        }
        if let error = failures.withLock({ $0.first }) { throw error }
        var sum = Tried("G3 crash points", seed: trial.seed)
        for row in rows.withLock({ $0 }) { sum.add(row) }
        return sum
    }

    /// Every call again, on a disk of this lane's own; the lane opens the states of every second point.
    private func walk(_ calls: [TracedCall], points: Int, lane: Int, home: String, _ trial: Trial) throws -> Tried {
        var row = Tried("G3 crash points", seed: trial.seed)
        var disk = ModelDisk()
        var oracle = WriterOracle()
        var point = 0
        for call in calls {
            switch (call, leftOut) {
            case (.synchroniseDirectory, .directory), (.synchronise(name: "journal.db"), .store): break
            default: disk.take(call)
            }
            if case .say(let line) = call {
                oracle.hear(line)
                continue
            }
            point += 1
            // So many states have been opened before and with this point, evenly over all points.
            let states = point * trial.tries / points - (point - 1) * trial.tries / points
            guard point % Self.lanes == lane else { continue }
            var random = SplitMix(trial.seed ^ UInt64(point) << 20)
            let first = Int(random.next() % UInt64(ModelDisk.Loss.allCases.count))
            for state in 0..<states {
                let loss = ModelDisk.Loss.allCases[(first + state) % ModelDisk.Loss.allCases.count]
                let (files, lost) = disk.crash(loss, &random)
                row.tries += 1
                row.faults += lost ? 1 : 0
                let thorough = random.next() % UInt64(Self.thoroughEach) == 0
                for complaint in open(files, in: "\(home)/lane-\(lane)", oracle, thorough: thorough) {
                    row.violate("seed \(trial.seed), call \(point), \(loss), state \(state): \(complaint)")
                }
                if lane == 0 { trial.progress.tell(row, of: trial.tries / Self.lanes) }
            }
        }
        for complaint in oracle.takeComplaints() { row.violate("the recording: \(complaint)") }
        return row
    }

    /// Opens what a crash has left; gives what is wrong with it.
    private func open(
        _ files: [String: [UInt8]], in directory: String, _ oracle: WriterOracle, thorough: Bool
    ) -> [String] {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            for (name, bytes) in files { try write(bytes, to: "\(directory)/\(name)") }
            let journal = try Journal.openOrQuarantine(
                directory: directory, at: StoredJournal.stamp, limits: StoredJournal.limits)
            var oracle = oracle
            oracle.compare(try StoredJournal(of: journal, thorough: thorough))
            if thorough, journal.enrolment != nil {
                _ = try journal.append(.export(.init(first: 1, last: 1, medium: "test")), at: StoredJournal.stamp)
            }
            return oracle.takeComplaints()
        } catch {
            return ["it cannot be opened: \(error)"]
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        defer { close(descriptor) }
        guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            throw ChildError("\(path) cannot be written (errno \(errno))")
        }
    }
}
