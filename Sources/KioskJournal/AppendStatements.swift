import FoundationEssentials
import GRDB
import GRDBSQLite
import Ledger

/// The press path: one transaction of four prepared statements.
///
/// They go to SQLite's C interface on GRDB's own connection. GRDB's statement layer, its transaction observers and its
/// statement cache cost 8 µs a record, which on a disk with a fast fsync is 5 % of the rate.
final class AppendStatements {
    private let begin: PreparedStatement
    private let insert: PreparedStatement
    private let head: PreparedStatement
    private let commit: PreparedStatement
    private let rollback: PreparedStatement

    init(_ db: Database) throws {
        begin = try PreparedStatement("BEGIN IMMEDIATE", db)
        insert = try PreparedStatement("INSERT INTO record (position, line) VALUES (?, ?)", db)
        // The sequence before is part of the condition: a store that is not where we think it is must not be written to.
        head = try PreparedStatement("UPDATE head SET seq = ?, hash = ? WHERE epoch = ? AND seq = ?", db)
        commit = try PreparedStatement("COMMIT", db)
        rollback = try PreparedStatement("ROLLBACK", db)
    }

    /// Stores a line and the head that it makes, durably.
    func append(_ line: Data, as next: ChainHead, _ db: Database) throws {
        try begin.run(db)
        do {
            try insert.bind(1, JournalSchema.position(epoch: next.epoch, sequence: next.sequence), db)
            try insert.run(withBlob: line, at: 2, db)
            try head.bind(1, next.sequence, db)
            try head.bind(3, Int64(next.epoch), db)
            try head.bind(4, next.sequence - 1, db)
            try head.run(withBlob: next.hash.bytes, at: 2, db)
            guard sqlite3_changes(db.sqliteConnection) == 1 else {
                throw Unreadable(reason: "the head is not where it was left")
            }
            try commit.run(db)
        } catch {
            // SQLite has rolled back by itself after most errors of a disk.
            if sqlite3_get_autocommit(db.sqliteConnection) == 0 { try rollback.run(db) }
            throw error
        }
    }
}

/// One prepared statement of SQLite; errors are GRDB's `DatabaseError` with SQLite's extended code.
private final class PreparedStatement {
    private let handle: OpaquePointer

    init(_ sql: String, _ db: Database) throws {
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(
            db.sqliteConnection, sql, -1, UInt32(bitPattern: SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else { throw Self.error(code, db) }
        self.handle = handle
    }

    deinit { sqlite3_finalize(handle) }

    func bind(_ index: Int32, _ value: Int64, _ db: Database) throws {
        let code = sqlite3_bind_int64(handle, index, value)
        guard code == SQLITE_OK else { throw Self.error(code, db) }
    }

    /// Runs to the end; a null destructor tells SQLite that the blob stays where it is for as long as that takes.
    func run(withBlob blob: Data, at index: Int32, _ db: Database) throws {
        try blob.withUnsafeBytes { bytes in
            let code = sqlite3_bind_blob(handle, index, bytes.baseAddress, Int32(bytes.count), nil)
            guard code == SQLITE_OK else { throw Self.error(code, db) }
            defer { sqlite3_clear_bindings(handle) }
            try run(db)
        }
    }

    func run(_ db: Database) throws {
        let code = sqlite3_step(handle)
        guard code == SQLITE_DONE else {
            let error = Self.error(code, db)
            sqlite3_reset(handle)
            throw error
        }
        sqlite3_reset(handle)
    }

    private static func error(_ code: Int32, _ db: Database) -> DatabaseError {
        DatabaseError(
            resultCode: .init(rawValue: sqlite3_extended_errcode(db.sqliteConnection)),
            message: String(cString: sqlite3_errmsg(db.sqliteConnection)))
    }
}
