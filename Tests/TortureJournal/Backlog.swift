import FoundationEssentials
import GRDB
import Glibc
import Ledger
import Ratings
import RealPrograms
import SeededRandom
import Torture

@testable import KioskJournal

/// A store with a long backlog, made in one transaction.
enum Backlog {
    static let records = 200_000
    /// What the write-ahead log may grow to.
    static let dirtyBytes: Int64 = 4 << 20

    /// Adds so many unsent answers to an enrolled journal and leaves it as a kill does: with a full write-ahead log.
    static func fill(_ directory: String, records: Int) throws {
        let journal = try Journal.open(directory: directory)
        guard var head = journal.head else { throw ChildError("the journal is not enrolled") }
        try journal.write("fill it") { db in
            for index in 0..<records {
                let line = try Journal.line(.answer(answer(index)), at: StoredJournal.stamp, boot: 1, after: head)
                head.sequence += 1
                head.hash = ChainHash(of: line)
                try db.execute(
                    sql: "INSERT INTO record (position, line) VALUES (?, ?)",
                    arguments: [JournalSchema.position(epoch: head.epoch, sequence: head.sequence), line])
            }
            try db.execute(
                sql: "UPDATE head SET seq = ?, hash = ? WHERE epoch = ?",
                arguments: [head.sequence, head.hash.bytes, head.epoch])
        }
        journal.epochs[journal.epochs.count - 1].head = head
        journal.tellNewest()
        try journal.close()
        try dirty(directory)
    }

    /// Stores records until the log is as large as it may be, and leaves the files as they are then.
    private static func dirty(_ directory: String) throws {
        let journal = try Journal.open(directory: directory)
        let files = JournalFiles(directory: directory)
        let copy = directory + ".killed"
        try journal.access("spoil") { db in
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
            try db.execute(sql: "PRAGMA synchronous = OFF")
        }
        while files.size(of: files.writeAheadLog) ?? 0 < dirtyBytes {
            _ = try journal.append(.answer(answer(1)), at: StoredJournal.stamp)
        }
        try FileManager.default.copyItem(atPath: directory, toPath: copy)
        try journal.close()
        try FileManager.default.removeItem(atPath: directory)
        try FileManager.default.moveItem(atPath: copy, toPath: directory)
        sync()
    }

    /// Throws when the kiosk has set the backlog aside: then nothing of it was measured.
    static func requireInUse(_ directory: String) throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        if let name = names.first(where: { $0.hasPrefix("journal.damaged") }) {
            throw ChildError("the kiosk has set the backlog aside as \(name); see its log")
        }
    }

    private static func answer(_ index: Int) -> Answer {
        Answer(
            session: SessionID(bits: UInt64(index / 6)), question: "overall", value: index % 5 + 1, language: "ru",
            elapsedMilliseconds: 1800 + index % 977)
    }

    /// As after a boot: nothing of the store is in memory.
    static func cool(_ directory: String) throws {
        sync()
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
            let descriptor = open("\(directory)/\(name)", O_RDONLY)
            posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
            close(descriptor)
        }
    }
}

/// G10: a kiosk with 200,000 unsent records, a write-ahead log of 4 MiB and nothing in memory shows its dialog within
/// 3 s of its start: after a kill, after a failure of the store, and after an orderly end. One try is one start.
struct QuickStart {
    static let limit = Duration.seconds(3)

    var records = Backlog.records
    /// Words before the program.
    var wrapper: [String] = []

    func run(_ trial: Trial) throws -> Tried {
        var row = Tried("G10 start with \(records) unsent records", seed: trial.seed)
        let rig = try KioskRig("backlog", at: trial.place)
        try Backlog.fill(rig.data, records: records)
        let files = JournalFiles(directory: rig.data)
        var longest = Duration.zero
        for index in 0..<trial.tries {
            let kind = ["a kill", "a failure", "an orderly end"][index % 3]
            if kind == "a failure" {
                try files.replace(files.suspect, with: Suspicion.note(.io(path: "", operation: "", code: "EIO")))
            }
            try Backlog.cool(rig.data)
            let begun = ContinuousClock.now
            guard try rig.start(wrapper: wrapper), rig.next(after: "") != nil else {
                throw ChildError("the kiosk did not start")
            }
            let took = begun.duration(to: .now)
            try Backlog.requireInUse(rig.data)
            longest = max(longest, took)
            row.tries += 1
            row.faults += 1
            trial.progress.line("G10: \(took) after \(kind)")
            if took > Self.limit { row.violate("the dialog came \(took) after the start, after \(kind)") }
            if kind == "a failure" {
                _ = try RealPrograms.wait(for: "the check of the older records", log: rig.log) {
                    let said = try String(contentsOf: URL(filePath: rig.log), encoding: .utf8)
                    return said.contains("every record was checked after the failure") ? true : nil
                }
            }
            rig.end(index % 3 == 1 ? SIGTERM : SIGKILL)
        }
        trial.progress.line("G10: at most \(longest) from the start to the dialog")
        return row
    }
}

/// G13: from a press to the next screen at most 150 ms (p99) with 200,000 unsent records, while the uplink waits for a
/// collector that has stopped answering. The picture of the press stays for the 100 ms of the defaults. One try is one press.
struct QuickThanks {
    static let limit = Duration.milliseconds(150)

    var records = Backlog.records
    /// Words before the program.
    var wrapper: [String] = []

    func run(_ trial: Trial) throws -> Tried {
        var row = Tried("G13 press to thanks with \(records) unsent records", seed: trial.seed)
        let kiosk = try EnrolledKiosk("hung", at: trial.place)
        let rig = try KioskRig(adopting: kiosk.folder, at: trial.place, dialog: "arm-ms: 0, thanks-ms: 150")
        try Backlog.fill(rig.data, records: records)
        guard try rig.start(wrapper: wrapper) else {
            throw ChildError("the kiosk did not start; see \(rig.log)")
        }
        try Backlog.requireInUse(rig.data)
        let uplink = try kiosk.uplink()
        _ = try RealPrograms.wait(for: "the first batch", log: kiosk.log) {
            try kiosk.status().receipted > 0 ? true : nil
        }
        kiosk.region.freeze()
        defer { kiosk.region.thaw() }
        var random = SplitMix(trial.seed)
        var times: [Duration] = []
        while times.count < trial.tries {
            guard let answer = try rig.answer(&random) else { throw ChildError("nobody is asked; see \(rig.log)") }
            let pressed = ContinuousClock.now
            guard rig.next(after: rig.question(of: answer)) != nil else { throw ChildError("no thanks") }
            times.append(pressed.duration(to: .now))
            row.tries += 1
            row.faults += uplink.hasEnded ? 0 : 1
            trial.progress.tell(row, of: trial.tries)
        }
        uplink.end(SIGKILL)
        rig.end()
        times.sort()
        let p99 = times[times.count * 99 / 100]
        trial.progress.line("G13: p50 \(times[times.count / 2]), p99 \(p99), most \(times[times.count - 1])")
        if p99 > Self.limit { row.violate("p99 is \(p99)") }
        return row
    }
}
