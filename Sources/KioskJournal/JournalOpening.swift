import FoundationEssentials
import GRDB
import Ledger
import Ratings

extension Journal {
    /// Opens the journal of a directory, which is made if it is missing, and counts one more start.
    ///
    /// Follows the open sequence of `reliability.md` §4. Throws `.alreadyOpen`, `.wrongPragma`, `.damaged`, `.full`, `.io`,
    /// `.key`, `.newerFormat`. A damaged store stays where it is; `openOrQuarantine` sets it aside.
    public static func open(
        directory: String, limits: JournalLimits = JournalLimits()
    ) throws(JournalError) -> Journal {
        let entrance = try Entrance(directory: directory, limits: limits)
        do throws(OpeningFailure) {
            return try entrance.open()
        } catch {
            switch error {
            case .refused(let error): throw error
            case .damaged(let damage): throw .damaged(path: entrance.files.store, reason: damage.reason)
            }
        }
    }

    /// Like `open`, but a damaged store is renamed to `journal.damaged-<time>` and kept, and the next epoch is opened with
    /// the same key and enrolment; its record 1 is a `loss` that names the last receipted head. A store that is right but
    /// has lost its end stays in use, since its records can still be sent; the next epoch is opened in it in the same way.
    /// `setAside` tells of either.
    public static func openOrQuarantine(
        directory: String, at stamp: RecordStamp, limits: JournalLimits = JournalLimits()
    ) throws(JournalError) -> Journal {
        let entrance = try Entrance(directory: directory, limits: limits)
        do throws(OpeningFailure) {
            return try entrance.open(losingAt: stamp)
        } catch {
            switch error {
            case .refused(let error): throw error
            case .damaged(let damage): return try entrance.quarantine(damage, at: stamp)
            }
        }
    }
}

/// Why a store was not opened.
enum OpeningFailure: Error {
    case refused(JournalError)
    case damaged(Damage)
}

/// What is wrong with a store, and what was still known from it.
struct Damage {
    var reason: String
    var lastKnown: EnrolmentNote?
}

/// The locked directory with its key and its note: everything that stands before the store itself.
struct Entrance {
    let files: JournalFiles
    let limits: JournalLimits
    let lock: JournalLock
    let ring: JournalKeyRing
    let note: EnrolmentNote?
    /// Changes a setting after it was made; only tests do.
    var sabotage: (@Sendable (Database) throws -> Void)?

    init(directory: String, limits: JournalLimits) throws(JournalError) {
        files = JournalFiles(directory: directory)
        self.limits = limits
        try files.makeDirectory()
        lock = try JournalLock(files)
        let isNew = files.size(of: files.enrolment) == nil && files.size(of: files.store) == nil
        ring = try JournalKeyRing.load(files, mayCreate: isNew)
        note = try EnrolmentNote.read(files, key: ring.first, others: ring.publicKeys)
    }

    /// Opens the store and believes it only after every check. With a stamp for the `loss`, a store that has lost its end is
    /// gone on with.
    func open(losingAt stamp: RecordStamp? = nil) throws(OpeningFailure) -> Journal {
        try checkFiles()
        let (journal, bootBefore) = try openStore()
        try check(journal, bootBefore: bootBefore)
        do throws(JournalError) {
            if let missing = journal.missingEnd() {
                guard let stamp else { throw JournalError.damaged(path: files.store, reason: missing) }
                try goOn(with: journal, missing, at: stamp)
            }
            try settle(journal)
        } catch { throw OpeningFailure.refused(error) }
        return journal
    }

    /// What an opening leaves behind once the store is believed.
    func settle(_ journal: Journal) throws(JournalError) {
        try journal.saveKeySuccessions()
        try journal.saveNote()
        try journal.settleSpace()
        if !journal.isUnderCheck { try files.remove(files.suspect) }
    }

    /// What can be seen before SQLite opens the file. We never remove its write-ahead log, so where it is missing after a
    /// crash it was lost with the newest records. After an orderly end it holds nothing, and another tool may have removed
    /// it. A file of one page has none yet.
    private func checkFiles() throws(OpeningFailure) {
        guard let size = files.size(of: files.store) else {
            if let note {
                throw .damaged(Damage(reason: "the file of epoch \(note.enrolment.epoch) is missing"))
            }
            return
        }
        if size > 4096, note?.closed == nil, files.size(of: files.writeAheadLog) == nil {
            throw .damaged(Damage(reason: "its write-ahead log is missing"))
        }
    }

    /// Opens the file, makes the first write durable and reads the settings back.
    func openStore() throws(OpeningFailure) -> (journal: Journal, bootBefore: Int) {
        do throws(JournalError) {
            try files.createPrivately(files.store)
            let store = try JournalStore(path: files.store, sabotage: sabotage)
            let boot = try firstWrite(store)
            try files.synchroniseDirectory()
            try store.checkPragmas()
            let (epochs, successions, capacity) = try read(store)
            let journal = try Journal(
                files: files, limits: limits, store: store, ring: ring, lock: lock, epochs: epochs,
                successions: successions, boot: boot.now, gauge: SpaceGauge(capacity))
            journal.maintenance = note?.maintenance ?? 0
            return (journal, boot.before)
        } catch {
            throw judge(error)
        }
    }

    /// A store that SQLite opens for reading only is damaged if its header asks for it. Otherwise the file could not be
    /// opened for writing, which SQLite does not tell, and must not be set aside for it.
    private func judge(_ error: JournalError) -> OpeningFailure {
        guard case .io(_, _, "SQLITE_READONLY") = error else { return OpeningFailure(error) }
        do throws(JournalError) {
            guard let version = try files.writeVersion(), version <= 2 else { return OpeningFailure(error) }
            return .refused(error)
        } catch {
            return .refused(error)
        }
    }

    /// Migrates and counts the start. On a full disk the ballast is given back for it, so that a full kiosk still starts.
    private func firstWrite(_ store: JournalStore) throws(JournalError) -> (before: Int, now: Int) {
        let noted = note?.boot ?? 0
        func attempt() throws -> (before: Int, now: Int) {
            try store.migrate()
            return try store.queue.write { db in
                let before = try Int.fetchOne(db, sql: "SELECT count FROM boot") ?? 0
                let now = max(before, noted) + 1
                try db.execute(
                    sql: "INSERT INTO boot VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET count = excluded.count",
                    arguments: [now])
                return (before, now)
            }
        }
        do {
            do {
                return try attempt()
            } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
                try Ballast(files: files, limits: limits).release()
                return try attempt()
            }
        } catch {
            throw JournalError(error, path: store.path, operation: "write to it")
        }
    }

    private func read(_ store: JournalStore) throws(JournalError) -> ([EpochState], [KeySuccession], JournalCapacity) {
        do {
            return try store.queue.writeWithoutTransaction { db in
                (
                    try EpochState.all(db), try Journal.readTrust(db),
                    try SpaceGauge.measure(db, files: files, limits: limits)
                )
            }
        } catch {
            throw JournalError(error, path: store.path, operation: "read it")
        }
    }
}

extension OpeningFailure {
    /// At an opening, bytes that cannot be read back are damage: a start would only fail in the same way again.
    init(_ error: JournalError) {
        switch error {
        case .damaged(_, let reason): self = .damaged(Damage(reason: reason))
        case .io(_, let operation, let code)
        where [
            // Read-only: only where the header has been looked at (`Entrance.judge`).
            "SQLITE_ERROR", "SQLITE_READONLY", "SQLITE_IOERR_READ", "SQLITE_IOERR_SHORT_READ", "SQLITE_IOERR_CORRUPTFS",
        ].contains(code):
            self = .damaged(Damage(reason: "cannot \(operation) (\(code))"))
        default: self = .refused(error)
        }
    }
}
