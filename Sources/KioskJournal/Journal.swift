import FoundationEssentials
import GRDB
import Ledger
import Ratings

/// The clocks at the moment of a record. The boot count is the journal's own.
public struct RecordStamp: Equatable, Sendable {
    /// CLOCK_BOOTTIME, milliseconds.
    public var bootMilliseconds: Int64
    /// RFC 3339, UTC, milliseconds.
    public var wall: String
    public var clock: ClockState

    public init(bootMilliseconds: Int64, wall: String, clock: ClockState) {
        self.bootMilliseconds = bootMilliseconds
        self.wall = wall
        self.clock = clock
    }
}

/// A record that is durable.
public struct AppendedRecord: Equatable, Sendable {
    public let epoch: Int
    public let sequence: Int64
    public let hash: ChainHash
}

/// The kiosk's append-only store.
///
/// A value of this class is used by one thread or serial queue only (`JournalWorker` is such a queue). When a call
/// returns, what it stored is durable. After a failure of the store every call throws `JournalError.poisoned` until the
/// journal is opened again, because SQLite would accept the next commit after a failed fsync (`reliability.md` §1, fact 4).
public final class Journal {
    let files: JournalFiles
    let limits: JournalLimits
    let store: JournalStore
    var ring: JournalKeyRing
    /// Successions of other people's keys that this kiosk has followed, oldest first.
    public internal(set) var successions: [KeySuccession] {
        didSet { followed = [:] }
    }
    /// What `receiptKeys(of:)` found: it is asked for with each record, and signatures take time.
    var followed: [PublicKey: [PublicKey]] = [:]
    private let lock: JournalLock
    private let witness: TailWitness
    /// All chains, oldest first; the last one is the present one.
    var epochs: [EpochState]
    /// How many times the program has started, this start included.
    public let boot: Int
    /// What was found damaged and set aside at this opening, if anything was.
    public internal(set) var setAside: SetAside?
    /// After a failure of a large store: its older records have yet to be looked at (`JournalWorker.checkRest`).
    public internal(set) var isUnderCheck = false
    /// The number of the newest technician's visit that was opened; 0 before the first.
    public internal(set) var maintenance: Int64 = 0
    var gauge: SpaceGauge
    private var appendStatements: AppendStatements?
    private var poison: String?
    /// Whether an earlier failure left the store in doubt.
    var isPoisoned: Bool { poison != nil }

    init(
        files: JournalFiles, limits: JournalLimits, store: JournalStore, ring: JournalKeyRing, lock: JournalLock,
        epochs: [EpochState], successions: [KeySuccession], boot: Int, gauge: SpaceGauge
    ) throws(JournalError) {
        witness = try TailWitness(files)
        self.files = files
        self.limits = limits
        self.store = store
        self.ring = ring
        self.successions = successions
        self.lock = lock
        self.epochs = epochs
        self.boot = boot
        self.gauge = gauge
    }

    deinit {
        appendStatements = nil
        try? store.queue.close()
    }

    /// Folds the write-ahead log into the file and closes it. The journal is not usable afterwards.
    public func close() throws(JournalError) {
        let inOrder = poison == nil
        poison = poison ?? "it was closed"
        // SQLite closes no connection that still has statements.
        appendStatements = nil
        do { try store.queue.close() } catch { throw JournalError(error, path: store.path, operation: "close it") }
        if inOrder { try saveNote(closed: true) }
        lock.release()
    }

    /// The present journal key: that of the present epoch's newest records. Before enrolment the first one.
    var key: SigningKey {
        epochs.last.flatMap { ring[$0.keys.current] } ?? ring.first
    }

    /// The journal key's public half, also before enrolment.
    public var publicKey: PublicKey { key.publicKey }

    /// The present enrolment; nothing before the first one.
    public var enrolment: JournalEnrolment? { epochs.last?.enrolment }

    /// The newest record of the present epoch; nothing before enrolment.
    public var head: ChainHead? { epochs.last?.head }

    /// The highest receipted record of the present epoch, 0 before the first receipt.
    public var receipted: Int64 { epochs.last?.receipted ?? 0 }

    /// The newest receipt of the present epoch, as the collector sent it.
    public var receipt: String? { epochs.last?.receipt }

    /// Records of all epochs that wait for a receipt and are still offered for upload.
    public var unsent: Int64 { epochs.reduce(0) { $0 + (isUploadable($1) ? $1.unsent : 0) } }

    /// Stores one record durably.
    ///
    /// Throws `.notEnrolled`, `.lineTooLong`, `.unencodable` and `.full` before anything is touched; any other error
    /// poisons the journal, and the record may or may not turn out to be stored.
    public func append(_ body: RecordBody, at stamp: RecordStamp) throws(JournalError) -> AppendedRecord {
        guard var present = epochs.last else { throw .notEnrolled }
        try requireRoom()
        let line = try Self.line(body, at: stamp, boot: boot, after: present.head)
        present.head.sequence += 1
        present.head.hash = ChainHash(of: line)
        let head = present.head
        try access("store a record") { db in
            let statements = try appendStatements ?? AppendStatements(db)
            appendStatements = statements
            try statements.append(line, as: head, db)
        }
        epochs[epochs.count - 1] = present
        witness.tell(head)
        return AppendedRecord(epoch: head.epoch, sequence: head.sequence, hash: head.hash)
    }

    /// Tells the file beside the store of the newest record, after a new epoch.
    func tellNewest() { if let head { witness.tell(head) } }

    /// The line that follows `head`, without its newline.
    static func line(
        _ body: RecordBody, at stamp: RecordStamp, boot: Int, after head: ChainHead
    ) throws(JournalError) -> Data {
        guard let kiosk = KioskID(rawValue: head.kiosk) else { preconditionFailure("a head names a kiosk") }
        let header = RecordHeader(
            kiosk: kiosk, epoch: head.epoch, sequence: head.sequence + 1, boot: boot,
            bootMilliseconds: stamp.bootMilliseconds, wall: stamp.wall, clock: stamp.clock,
            previous: head.hash.base64)
        do {
            return try Record(header: header, body: body).line()
        } catch RecordLineError.tooLong(let bytes) {
            throw .lineTooLong(bytes: bytes)
        } catch { throw .unencodable(reason: "\(error)") }
    }

    /// Runs one immediate transaction; any error poisons the journal.
    func write<Value>(_ operation: String, _ body: (Database) throws -> Value) throws(JournalError) -> Value {
        try access(operation) { db in
            var value: Value?
            try db.inTransaction(.immediate) {
                value = try body(db)
                return .commit
            }
            guard let value else { preconditionFailure("a committed transaction has a value") }
            return value
        }
    }

    /// Runs `body` on the connection; any error poisons the journal, except what our own checks throw before
    /// anything is changed (`JournalError` other than `.damaged`).
    func access<Value>(_ operation: String, _ body: (Database) throws -> Value) throws(JournalError) -> Value {
        if let poison { throw .poisoned(cause: poison) }
        do {
            return try store.queue.writeWithoutTransaction(body)
        } catch let error as JournalError {
            if case .damaged = error { poisonAfter(error) }
            throw error
        } catch {
            let error = JournalError(error, path: store.path, operation: operation)
            poisonAfter(error)
            throw error
        }
    }

    /// From here on every call throws; the next opening looks at more than the newest records.
    func poisonAfter(_ error: JournalError) {
        // The first error is the one that tells what happened.
        guard poison == nil else { return }
        poison = error.description
        // A disk that just failed may refuse this file too; the next opening then reads only the newest records.
        try? files.replace(files.suspect, with: Suspicion.note(error))
    }
}
