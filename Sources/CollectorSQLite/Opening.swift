import CSQLiteConfiguration
import Collecting
import Foundation
import GRDB
import GRDBSQLite

extension SQLiteCollectorStore {
    static func prepare(folder: String, path: String, create: Bool) throws(StoreError) {
        let files = FileManager.default
        if files.fileExists(atPath: path) { return }
        guard create else {
            throw StoreError(
                code: "SQLITE_CANTOPEN",
                message: "there is no store in \(folder) (\(fileName) is missing); make one with "
                    + "`otsenka-collector init --dir \(folder)`")
        }
        do {
            try files.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StoreError(
                code: "SQLITE_CANTOPEN",
                message: "the folder \(folder) cannot be made (\(error.localizedDescription)); "
                    + "choose another one with --dir, or make it and give it to the user who runs the collector")
        }
        guard files.createFile(atPath: path, contents: Data(), attributes: [.posixPermissions: 0o600]) else {
            throw StoreError(
                code: "SQLITE_CANTOPEN",
                message:
                    "the file \(path) cannot be made; check that the folder belongs to the user who runs the collector")
        }
    }

    static func writerConfiguration() -> Configuration {
        var configuration = Configuration()
        configuration.label = "otsenka.collector.writer"
        configuration.busyMode = .timeout(5)
        // `journalMode` stays `.default`: GRDB sets synchronous=NORMAL with WAL, which loses what was receipted at a
        // power cut (`reliability.md` §1, fact 2).
        configuration.prepareDatabase { db in
            try db.execute(
                sql: """
                    PRAGMA journal_mode = WAL;
                    PRAGMA synchronous = FULL;
                    PRAGMA wal_autocheckpoint = 0; -- `WriteAheadLog` does it
                    PRAGMA journal_size_limit = 16777216;
                    PRAGMA cache_size = -1024; -- the kernel caches the file as well
                    PRAGMA mmap_size = 0;
                    PRAGMA cell_size_check = ON;
                    PRAGMA trusted_schema = OFF;
                    """)
            // The WAL file stays, so that no commit depends on a directory entry whose fsync SQLite does not check
            // (fact 3).
            var persist: Int32 = 1
            sqlite3_file_control(db.sqliteConnection, nil, SQLITE_FCNTL_PERSIST_WAL, &persist)
        }
        return configuration
    }

    static func readerConfiguration() -> Configuration {
        var configuration = Configuration()
        configuration.label = "otsenka.collector.reader"
        configuration.readonly = true
        configuration.maximumReaderCount = 4
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase { db in
            let code = otsenka_sqlite_no_checkpoint_on_close(db.sqliteConnection.map { UnsafeMutableRawPointer($0) })
            guard code == SQLITE_OK else {
                throw DatabaseError(
                    resultCode: ResultCode(rawValue: code), message: "SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE")
            }
            try db.execute(
                sql: """
                    PRAGMA cache_size = -256;
                    PRAGMA mmap_size = 0;
                    PRAGMA cell_size_check = ON;
                    PRAGMA trusted_schema = OFF;
                    """)
        }
        return configuration
    }

    /// Brings the schema up to date and makes sure that commits are durable.
    static func settle(_ writer: DatabaseQueue, path: String, folder: String) throws {
        let migrator = Schema.migrator()
        if try writer.read(migrator.hasBeenSuperseded) {
            throw StoreError(
                code: "SQLITE_SCHEMA",
                message: "the store \(path) was written by a newer otsenka-collector; install that version")
        }
        try migrator.migrate(writer)
        try writer.read { db in
            let journal = try String.fetchOne(db, sql: "PRAGMA journal_mode")
            let synchronous = try Int.fetchOne(db, sql: "PRAGMA synchronous")
            guard journal == "wal", synchronous == 2 else {
                throw StoreError(
                    code: "SQLITE_MISUSE",
                    message: "the store \(path) is not durable as set (journal_mode \(journal ?? "?"), synchronous "
                        + "\(synchronous ?? -1) instead of wal and 2); its file system is not suitable, move "
                        + "it to a local disk"
                )
            }
        }
        try syncDirectory(folder)
    }

    static func syncDirectory(_ folder: String) throws(StoreError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        let failed = descriptor < 0 || fsync(descriptor) != 0
        let reason = String(cString: strerror(errno))
        if descriptor >= 0 { Glibc.close(descriptor) }
        guard !failed else {
            throw StoreError(
                code: "SQLITE_IOERR",
                message: "the folder \(folder) cannot be made durable (fsync: \(reason)); check the disk")
        }
    }
}
