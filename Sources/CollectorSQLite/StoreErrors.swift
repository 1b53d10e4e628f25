import Collecting
import GRDB
import GRDBSQLite

extension StoreError {
    /// SQLite's primary result codes by their C names (sqlite.org/rescode.html).
    private static let names: [Int32: String] = [
        SQLITE_ERROR: "SQLITE_ERROR", SQLITE_INTERNAL: "SQLITE_INTERNAL", SQLITE_PERM: "SQLITE_PERM",
        SQLITE_ABORT: "SQLITE_ABORT", SQLITE_BUSY: "SQLITE_BUSY", SQLITE_LOCKED: "SQLITE_LOCKED",
        SQLITE_NOMEM: "SQLITE_NOMEM", SQLITE_READONLY: "SQLITE_READONLY", SQLITE_INTERRUPT: "SQLITE_INTERRUPT",
        SQLITE_IOERR: "SQLITE_IOERR", SQLITE_CORRUPT: "SQLITE_CORRUPT", SQLITE_FULL: "SQLITE_FULL",
        SQLITE_CANTOPEN: "SQLITE_CANTOPEN", SQLITE_SCHEMA: "SQLITE_SCHEMA", SQLITE_TOOBIG: "SQLITE_TOOBIG",
        SQLITE_CONSTRAINT: "SQLITE_CONSTRAINT", SQLITE_MISUSE: "SQLITE_MISUSE", SQLITE_NOTADB: "SQLITE_NOTADB",
    ]

    /// Of a result code that the C API gave.
    init(sqlite code: Int32, _ detail: String, store path: String) {
        let primary = code & 0xFF
        let name = Self.names[primary] ?? "SQLITE_\(primary)"
        let advice: String
        switch primary {
        case SQLITE_FULL: advice = "free some space on its disk; kiosks keep what they could not send"
        case SQLITE_BUSY, SQLITE_LOCKED: advice = "another program has it open; stop that program"
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            advice = "the file is damaged: stop the collector, keep the file, and restore a backup"
        case SQLITE_IOERR: advice = "check the disk, then start the collector again"
        case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY:
            advice = "check that the folder belongs to the user who runs the collector"
        default: advice = "this is a fault of the collector: please report it"
        }
        self.init(code: name, message: "the store \(path) failed (\(name) \(code): \(detail)); \(advice)")
    }

    /// Whatever GRDB threw; errors of other kinds pass unchanged.
    static func wrapping(_ error: any Error, store path: String) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        return StoreError(
            sqlite: error.extendedResultCode.rawValue, error.message ?? "no message", store: path)
    }

    /// After these the handle is not to be trusted: Linux may have dropped what was to be written
    /// (`reliability.md` §1, fact 4).
    var spoilsTheHandle: Bool { ["SQLITE_IOERR", "SQLITE_CORRUPT", "SQLITE_NOTADB"].contains(code) }
}
