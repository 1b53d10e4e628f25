import GRDB
import GRDBSQLite
import Glibc
import Ledger
import Ratings

@testable import KioskJournal

/// Presses, receipts and compaction on a real journal, in an order that depends on nothing but the options.
struct Workload {
    /// Presses between two receipts.
    static let pressesPerReceipt = 8
    /// Receipts between two compactions.
    static let receiptsPerCompaction = 3
    /// A record is old enough when so many later ones are receipted: a receipt's time is its sequence, 500 s each.
    static let secondsPerRecord: UInt64 = 500
    static let keptSeconds: UInt64 = 20 * secondsPerRecord

    private let options: WriterOptions
    private let stamp = RecordStamp(bootMilliseconds: 1, wall: "2026-11-22T08:27:08.123Z", clock: .free)
    private let collector: SigningKey?
    private var pressed: UInt64

    init(_ options: WriterOptions) {
        self.options = options
        collector = try? SigningKey(seed: .init(repeating: 7, count: 32))
        pressed = options.first
    }

    /// Opens the journal, stores the presses of one round and closes it.
    mutating func run(_ round: Int) throws(JournalError) {
        if options.wrong == .noLocks { breakLocks() }
        if options.wrong == .piecemealMigration { layOutPiecemeal() }
        var journal = try open()
        if let setAside = journal.setAside { say("damaged \(setAside.reason)") }
        if options.wrong == .synchronousNormal {
            try journal.access("spoil") { try $0.execute(sql: "PRAGMA synchronous = NORMAL") }
        }
        if journal.enrolment == nil || (options.enrol && round > 0) { try enrol(journal) }
        let epoch = journal.epochs.last
        say(
            "open \(epoch?.number ?? 0) \(epoch?.head.sequence ?? 0) \(journal.receipted) \(epoch?.anchor.sequence ?? 0)"
        )
        for index in 0..<options.count {
            try press(&journal)
            guard options.receipts, index % Self.pressesPerReceipt == Self.pressesPerReceipt - 1 else { continue }
            try deliver(journal)
            if index / Self.pressesPerReceipt % Self.receiptsPerCompaction == 0 { try compact(journal) }
        }
        say("closing")
        try journal.close()
        say("closed")
    }

    private func open() throws(JournalError) -> Journal {
        var limits = JournalLimits()
        limits.ballastBytes = 64 << 10
        limits.keptAfterReceiptSeconds = Self.keptSeconds
        return try Journal.openOrQuarantine(directory: options.directory, at: stamp, limits: limits)
    }

    /// A lock on a file of its own hinders nobody, and SQLite has a way to open files that takes none.
    private func breakLocks() {
        unlink(options.directory + "/journal.lock")
        sqlite3_vfs_register(sqlite3_vfs_find("unix-none"), 1)
    }

    /// Each statement is a transaction of its own, the migrator's marks first.
    private func layOutPiecemeal() {
        mkdir(options.directory, 0o700)
        let path = options.directory + "/journal.db"
        guard access(path, F_OK) != 0 else { return }
        do {
            let whole = try DatabaseQueue()
            try JournalSchema.migrator.migrate(whole)
            let statements = try whole.read { db in
                try String.fetchAll(
                    db,
                    sql: "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name <> 'grdb_migrations', rowid"
                )
            }
            let marks = try whole.read { try String.fetchAll($0, sql: "SELECT identifier FROM grdb_migrations") }
            try DatabaseQueue(path: path).writeWithoutTransaction { db in
                try db.execute(sql: statements[0])
                for mark in marks {
                    try db.execute(sql: "INSERT INTO grdb_migrations VALUES (?)", arguments: [mark])
                }
                for statement in statements.dropFirst() { try db.execute(sql: statement) }
            }
        } catch { say("failed \(error)") }
    }

    private mutating func press(_ journal: inout Journal) throws(JournalError) {
        let session = SessionID(bits: pressed)
        let answer = Answer(
            session: session, question: "overall", value: Int(pressed % 5) + 1, language: "ru",
            elapsedMilliseconds: 1800)
        pressed += 1
        say("press \(session.rawValue)")
        if options.wrong == .thanksBeforeCommit { try thank(answer, journal) }
        do throws(JournalError) {
            let record = try journal.append(.answer(answer), at: stamp)
            if options.wrong == .thanksBeforeCommit { return }
            say("thanks \(session.rawValue) \(record.epoch) \(record.sequence) \(record.hash.base64)")
        } catch {
            guard options.wrong == .failureThanked else { throw error }
            try thank(answer, journal)
            // A store that cannot be closed is closed with its last reference.
            try? journal.close()
            journal = try open()
        }
    }

    /// Says that an answer is stored whether it is or not.
    private func thank(_ answer: Answer, _ journal: Journal) throws(JournalError) {
        guard let head = journal.head else { return }
        let line = try Journal.line(.answer(answer), at: stamp, boot: journal.boot, after: head)
        say("thanks \(answer.session.rawValue) \(head.epoch) \(head.sequence + 1) \(ChainHash(of: line).base64)")
    }

    /// What `uplink` and a collector do, for one batch.
    private func deliver(_ journal: Journal) throws(JournalError) {
        guard let batch = try journal.batch(), let collector, let enrolment = journal.enrolment,
            var note = try? Checkpoint(
                parsing: batch.checkpoint, kiosk: enrolment.kiosk.rawValue, key: journal.publicKey)
        else { return }
        let time = Self.time(epoch: batch.enrolment.epoch, sequence: batch.last)
        guard (try? note.cosign(as: enrolment.collectorName, with: collector, time: time)) != nil else { return }
        say("receipting \(batch.last)")
        if options.wrong == .receiptInMemory {
            journal.epochs[journal.epochs.count - 1].receipted = batch.last
        } else {
            _ = try journal.accept(receipt: note.serialized)
        }
        say("receipt \(batch.last)")
    }

    static func time(epoch: Int, sequence: Int64) -> UInt64 {
        1_800_000_000 + UInt64(epoch) * 10_000_000 + UInt64(sequence) * secondsPerRecord
    }

    private func compact(_ journal: Journal) throws(JournalError) {
        say("compacting")
        while try journal.compact() > 0 {}
        guard let epoch = journal.epochs.last else { return }
        say("compacted \(epoch.number) \(epoch.anchor.sequence)")
    }

    private func enrol(_ journal: Journal) throws(JournalError) {
        guard let kiosk = KioskID(rawValue: "writer"), let collector else { throw .notEnrolled }
        let epoch = (journal.epochs.last?.number ?? 0) + 1
        say("enrolling \(epoch)")
        try journal.enrol(
            JournalEnrolment(
                kiosk: kiosk, epoch: epoch, journalKey: journal.publicKey, collector: "https://collector.example",
                collectorName: "collector.example", receiptKey: collector.publicKey, collectorNonce: "bm9uY2U"))
        say("enrolled \(epoch)")
    }
}
