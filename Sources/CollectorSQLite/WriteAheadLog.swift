import GRDB
import GRDBSQLite
import Synchronization

/// Moves what was committed from the WAL to the store, in place of SQLite's own automatic checkpoint, which tells nobody
/// when it fails (sqlite3WalDefaultHook runs it as “benign” and drops its result): after an error of the disk the handle
/// is not to be trusted, and the program has to end (`reliability.md` §1, fact 4).
final class WriteAheadLog: Sendable {
    /// A longer WAL is moved, pages.
    static let pages = 2000

    /// Pages in the WAL after the last commit. SQLite borrows this object; it lives as long as the store.
    private let length = Atomic<Int>(0)

    /// Hears of every commit of this connection. On the writer's queue.
    func watch(_ db: Database) {
        sqlite3_wal_hook(
            db.sqliteConnection,
            { context, _, _, pages in
                guard let context else { return SQLITE_OK }
                Unmanaged<WriteAheadLog>.fromOpaque(context).takeUnretainedValue()
                    .length.store(Int(pages), ordering: .relaxed)
                return SQLITE_OK
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Moves as much as readers permit, if there is enough. Throws `DatabaseError` when the disk failed; a full disk or
    /// a reader in the way is no failure, for the next commit tries again.
    func checkpointIfLong(_ db: Database) throws {
        guard length.load(ordering: .relaxed) >= Self.pages else { return }
        let code = sqlite3_wal_checkpoint_v2(db.sqliteConnection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, nil)
        switch code & 0xFF {
        case SQLITE_OK: length.store(0, ordering: .relaxed)
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_FULL: break
        default:
            throw DatabaseError(
                resultCode: ResultCode(rawValue: code),
                message: "the checkpoint: "
                    + String(cString: sqlite3_errmsg(db.sqliteConnection)))
        }
    }
}
