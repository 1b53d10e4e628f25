// A backup of a collector: one file with everything that cannot be made again.
//
// Constraints: it is made beside the running collector, and the WAL-reset bug (`reliability.md` §1, fact 1) forbids a
// second writer or checkpointer, so the copy is read by one of the store's own readers in one transaction, which never
// checkpoints; what is copied is one state of the store. It holds the receipt key and the TLS authority: the file has mode
// 0600 and belongs where keys belong. Format: a SQLite file that is the store, page by page, with two more tables:
// `backup` (one row: version 1, when it was made) and `backup_file` (the files of the data folder: name, content). It gets
// its name only after SQLite's own check and `Collector.verify` found it right. Operations: `backUp`, `BackupContents`.

import Collecting
import Foundation
import GRDB

/// What a backup carries beside the store.
public struct BackupContents: Sendable {
    /// When it was made, milliseconds since 1970.
    public let made: Int64
    public let files: [BackupFile]

    private static let version = 1
    /// No file of a data folder is as long as this, bytes.
    private static let longestFile = 1 << 20

    /// Reads what the backup at `path` says of itself. Throws `StoreError` unless it is a backup that this program can
    /// restore.
    public init(of path: String) throws(StoreError) {
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw StoreError(
                code: "SQLITE_CANTOPEN", message: "the backup \(path) cannot be read; check the path and its owner")
        }
        let contents: (version: Int, made: Int64, files: [BackupFile])
        do {
            var configuration = Configuration()
            configuration.readonly = true
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            contents = try queue.read { db in
                guard try db.tableExists("backup"), let row = try Row.fetchOne(db, sql: "SELECT * FROM backup") else {
                    throw StoreError(
                        code: "SQLITE_NOTADB",
                        message: "\(path) is no backup of a collector; make one with `otsenka-collector backup`")
                }
                return (try row.get("version"), try row.get("made"), try Self.files(db))
            }
            try queue.close()
        } catch {
            throw StoreError.wrapping(error, store: path) as? StoreError
                ?? StoreError(code: "FAULT", message: "the backup \(path) cannot be read: \(error)")
        }
        guard contents.version == Self.version else {
            throw StoreError(
                code: "SQLITE_SCHEMA",
                message: "the backup \(path) has version \(contents.version); restore it with the program that made it")
        }
        (_, made, files) = contents
    }

    private static func files(_ db: Database) throws -> [BackupFile] {
        try Row.fetchAll(db, sql: "SELECT name, content FROM backup_file ORDER BY name").map { row in
            let name: String = try row.get("name")
            let content: Data = try row.get("content")
            guard !name.contains("/"), !name.hasPrefix("."), content.count <= longestFile else {
                throw StoreError(
                    code: "SQLITE_CORRUPT",
                    message: "the backup names a file \"\(name)\" that no collector has; use another backup")
            }
            return BackupFile(name: name, content: content)
        }
    }

    /// Adds to the closed store at `path` what makes it a backup.
    static func write(_ plan: BackupPlan, into path: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write { db in
            try db.execute(
                sql: """
                    CREATE TABLE backup (version INTEGER NOT NULL, made INTEGER NOT NULL) STRICT;
                    CREATE TABLE backup_file (name TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT;
                    """)
            try db.execute(sql: "INSERT INTO backup VALUES (?, ?)", arguments: [version, plan.made])
            for file in plan.files {
                try db.execute(sql: "INSERT INTO backup_file VALUES (?, ?)", arguments: [file.name, file.content])
            }
        }
        try Self.leaveWriteAheadLog(queue)
    }

    /// Makes the file one that stands alone.
    private static func leaveWriteAheadLog(_ queue: DatabaseQueue) throws {
        try queue.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA journal_mode = DELETE") }
        try queue.close()
    }

    /// Copies the backup at `path` to `store` without what makes it a backup: keys do not stay in the pages of a store.
    static func unpack(_ path: String, to store: String) throws {
        guard FileManager.default.createFile(atPath: store, contents: nil, attributes: [.posixPermissions: 0o600])
        else {
            throw StoreError(
                code: "SQLITE_CANTOPEN", message: "the file \(store) cannot be made; check the folder and its owner")
        }
        var configuration = Configuration()
        configuration.readonly = true
        let source = try DatabaseQueue(path: path, configuration: configuration)
        let target = try DatabaseQueue(path: store)
        try source.backup(to: target)
        try source.close()
        try target.writeWithoutTransaction { db in
            try db.execute(
                sql: "PRAGMA secure_delete = ON; DROP TABLE backup; DROP TABLE backup_file; PRAGMA synchronous = FULL;")
        }
        try target.close()
    }
}

extension SQLiteCollectorStore: BackupMaking {
    /// 4 MiB: between two steps nothing waits, but progress is told.
    private static let pagesPerStep: Int32 = 1024

    public func backUp(
        _ plan: BackupPlan, to path: String, progress: @escaping @Sendable (BackupProgress) -> Void
    ) async throws -> VerifyReport {
        let files = FileManager.default
        guard !files.fileExists(atPath: path) else {
            throw StoreError(
                code: "EEXIST", message: "\(path) is there already; backups are never overwritten, choose another --to")
        }
        let folder = path + ".partial"
        // Of an earlier try that was interrupted.
        try? files.removeItem(atPath: folder)
        do {
            try files.createDirectory(
                atPath: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StoreError(
                code: "SQLITE_CANTOPEN",
                message: "nothing can be written beside \(path) (\(error.localizedDescription)); choose another --to")
        }
        defer { try? files.removeItem(atPath: folder) }
        let copy = folder + "/" + Self.fileName
        do {
            try self.copy(to: copy, progress: progress)
            progress(BackupProgress(.checking))
            let report = try await Self.verify(folder, plan.identity)
            try BackupContents.write(plan, into: copy)
            let name = report.isClean ? path : path + ".unverified"
            try Self.publish(copy, as: name)
            return report
        } catch {
            throw StoreError.wrapping(error, store: copy)
        }
    }

    private func copy(to path: String, progress: @escaping @Sendable (BackupProgress) -> Void) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        else { throw StoreError(code: "SQLITE_CANTOPEN", message: "the file \(path) cannot be made; check the disk") }
        let target = try DatabaseQueue(path: path)
        try backupSource.backup(to: target, pagesPerStep: Self.pagesPerStep) { step in
            progress(BackupProgress(.copying, done: step.completedPageCount, of: step.totalPageCount))
        }
        try target.close()
    }

    /// Opens the copy as a collector would, and verifies all of it: receipts and seals by its keys.
    private static func verify(_ folder: String, _ identity: CollectorIdentity) async throws -> VerifyReport {
        let store = try SQLiteCollectorStore(folder: folder, create: false)
        let report = await Collector(identity: identity, store: store) { _ in [] }.verify()
        try store.close()
        return report
    }

    private static func publish(_ file: String, as name: String) throws(StoreError) {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        defer { if descriptor >= 0 { Glibc.close(descriptor) } }
        guard descriptor >= 0, fsync(descriptor) == 0, rename(file, name) == 0 else {
            throw StoreError(
                code: "SQLITE_IOERR",
                message:
                    "the backup \(name) cannot be made durable (\(String(cString: strerror(errno)))); check the disk")
        }
        try syncDirectory((name as NSString).deletingLastPathComponent)
    }

    /// Makes the store of a new folder from the backup at `path`. Throws `StoreError`; the folder holds no store then.
    public static func restore(_ path: String, into folder: String) throws(StoreError) {
        let store = folder + "/" + fileName
        do {
            try BackupContents.unpack(path, to: store)
        } catch {
            try? FileManager.default.removeItem(atPath: store)
            throw StoreError.wrapping(error, store: path) as? StoreError
                ?? StoreError(code: "FAULT", message: "the backup \(path) cannot be copied: \(error)")
        }
    }
}
