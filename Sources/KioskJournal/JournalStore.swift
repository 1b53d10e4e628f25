import GRDB
import GRDBSQLite

/// The one connection to a journal's SQLite file, with the settings on which durability rests.
///
/// Debian 12's SQLite loses committed transactions when a second connection meets a checkpoint (`reliability.md` §1,
/// fact 1), so there is exactly one connection and it locks the file for itself. GRDB's own WAL mode would set
/// synchronous=NORMAL (fact 2), so GRDB is left at its default and everything is set here.
struct JournalStore {
    let queue: DatabaseQueue
    let path: String

    /// What is set at opening, in this order, and read back after the first write.
    static let pragmas: [(name: String, value: String, readBack: String)] = [
        ("page_size", "4096", "4096"),
        ("locking_mode", "EXCLUSIVE", "exclusive"),
        ("journal_mode", "WAL", "wal"),
        ("synchronous", "FULL", "2"),
        ("wal_autocheckpoint", "256", "256"),
        ("journal_size_limit", "4194304", "4194304"),
        // A journal is appended to and read in order. SQLite's default of 2 MiB fills for hours and looks like a leak.
        ("cache_size", "-512", "-512"),
        ("mmap_size", "0", "0"),
        ("cell_size_check", "ON", "1"),
        ("trusted_schema", "OFF", "0"),
    ]

    /// Opens or creates the file. `sabotage` runs after the settings; tests change one of them there.
    init(path: String, sabotage: (@Sendable (Database) throws -> Void)?) throws(JournalError) {
        var configuration = Configuration()
        configuration.journalMode = .default
        configuration.busyMode = .immediateError
        configuration.foreignKeysEnabled = false
        configuration.label = "journal"
        configuration.prepareDatabase { db in
            for pragma in Self.pragmas { try db.execute(sql: "PRAGMA \(pragma.name) = \(pragma.value)") }
            try Self.keepWriteAheadLog(db)
            try sabotage?(db)
        }
        do {
            queue = try DatabaseQueue(path: path, configuration: configuration)
        } catch {
            throw JournalError(error, path: path, operation: "open it")
        }
        self.path = path
    }

    /// A write-ahead log that is never removed needs no directory entry again, whose lost fsync SQLite would not report
    /// (`reliability.md` §1, fact 3).
    private static func keepWriteAheadLog(_ db: Database) throws {
        var keep: Int32 = 1
        let code = sqlite3_file_control(db.sqliteConnection, "main", SQLITE_FCNTL_PERSIST_WAL, &keep)
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: .init(rawValue: code)) }
    }

    /// Throws `JournalError.wrongPragma` for the first setting that SQLite did not take.
    func checkPragmas() throws(JournalError) {
        for pragma in Self.pragmas {
            let found: String
            do {
                found = try queue.writeWithoutTransaction { db in
                    try Row.fetchOne(db, sql: "PRAGMA \(pragma.name)").map { "\($0[0] as DatabaseValue)" } ?? "absent"
                }
            } catch {
                throw JournalError(error, path: path, operation: "read PRAGMA \(pragma.name)")
            }
            let plain = found.filter { $0 != "\"" }
            guard plain == pragma.readBack else {
                throw .wrongPragma(path: path, name: pragma.name, expected: pragma.readBack, found: plain)
            }
        }
    }

    /// Throws `JournalError.newerFormat` for a file of a newer release; otherwise brings the file to this one's format.
    ///
    /// A newer release has done this one's migrations too. Where one of those is missing and another name stands there, the
    /// file is damaged, and refusing it would keep the kiosk closed for ever.
    func migrate() throws {
        let migrator = JournalSchema.migrator
        let (isSuperseded, done) = try queue.writeWithoutTransaction { db in
            (try migrator.hasBeenSuperseded(db), try migrator.appliedMigrations(db))
        }
        if isSuperseded {
            guard migrator.migrations.allSatisfy(done.contains) else {
                throw Unreadable(reason: "it names a migration that no release has")
            }
            throw JournalError.newerFormat(path: path)
        }
        try migrator.migrate(queue)
    }
}
