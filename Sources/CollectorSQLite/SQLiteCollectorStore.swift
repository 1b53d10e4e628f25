// The embedded store of a collector: one SQLite file, `collector.db`, in the data folder.
//
// Constraints (`reliability.md` §1, fact 1: the WAL-reset bug of Debian 12's SQLite): one connection does all writes
// and all checkpoints; the readers are read-only connections that never checkpoint, not even as the last to close; no
// other program opens the file. A commit is acknowledged only when it is on the disk: WAL with synchronous=FULL, read
// back. Operations: `write` groups what waits into one commit, `read` runs beside it.

import Collecting
import Foundation
import GRDB
import GRDBSQLite
import Synchronization

/// `CollectorStore` on SQLite. Thread-safe; one value for a folder.
public final class SQLiteCollectorStore: CollectorStore {
    /// The name of the file in the data folder.
    public static let fileName = "collector.db"
    /// At most so many transactions share one commit (`reliability.md` §7, “Group commit”).
    static let transactionsPerCommit = 64

    let path: String
    private let lock: FolderLock
    private let writer: DatabaseQueue
    private let reader: DatabasePool
    private let waiting = Mutex(Waiting())
    private let log = WriteAheadLog()
    private let failed = AsyncStream.makeStream(of: StoreError.self, bufferingPolicy: .bufferingOldest(1))

    /// Opens the store in `folder`; `create` makes the folder and the file where they are missing.
    /// Throws `StoreError` if it is open elsewhere, missing, damaged, of a newer version, or not durable as set.
    public init(folder: String, create: Bool) throws(StoreError) {
        let path = folder + "/" + Self.fileName
        self.path = path
        try Self.prepare(folder: folder, path: path, create: create)
        lock = try FolderLock(folder: folder)
        do {
            writer = try DatabaseQueue(path: path, configuration: Self.writerConfiguration())
            try Self.settle(writer, path: path, folder: folder)
            writer.inDatabase { [log] db in log.watch(db) }
            reader = try DatabasePool(path: path, configuration: Self.readerConfiguration())
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError.wrapping(error, store: path) as? StoreError
                ?? StoreError(code: "FAULT", message: "the store \(path) cannot be opened: \(error)")
        }
    }

    /// Why the store takes nothing any more, once the disk failed under it: the program must end (exit status 75), be
    /// started again and look at what is there, for the system may have dropped what was to be written. Nothing while
    /// all is well.
    public var failure: StoreError? { waiting.withLock { $0.failure } }

    /// What a copy is read from: a reader, which never checkpoints.
    var backupSource: DatabasePool { reader }

    /// Tells of `failure` once, to whoever must end the program; one listener.
    public var failures: AsyncStream<StoreError> { failed.stream }

    /// Closes readers first, so that the last connection, the writer, is the one that may checkpoint.
    public func close() throws {
        try reader.close()
        try writer.close()
    }

    public func read<Value: Sendable>(
        _ work: @escaping @Sendable (any StoreSnapshot) throws -> Value
    ) async throws -> Value {
        let path = path
        do {
            return try await reader.read { db in try work(SQLiteAccess(db: db, path: path)) }
        } catch {
            throw StoreError.wrapping(error, store: path)
        }
    }

    public func write<Value: Sendable>(
        _ work: @escaping @Sendable (any StoreTransaction) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            enqueue(Job(work, continuation))
        }
    }
}

// MARK: - Group commit

extension SQLiteCollectorStore {
    /// Transactions that wait for the writer.
    private struct Waiting {
        var jobs: [any WaitingJob] = []
        var isDraining = false
        /// Set once the handle is not to be trusted any more.
        var failure: StoreError?
    }

    private func enqueue(_ job: any WaitingJob) {
        let (failure, starts) = waiting.withLock { waiting -> (StoreError?, Bool) in
            if let failure = waiting.failure { return (failure, false) }
            waiting.jobs.append(job)
            defer { waiting.isDraining = true }
            return (nil, !waiting.isDraining)
        }
        if let failure { return job.finish(failing: failure) }
        if starts { writer.asyncWriteWithoutTransaction { db in self.drain(db) } }
    }

    /// Runs what waits until nothing does. What arrives during a commit shares the next one: under load commits grow by
    /// themselves, and a lone transaction never waits.
    private func drain(_ db: Database) {
        while true {
            let jobs = waiting.withLock { waiting -> [any WaitingJob] in
                let jobs = Array(waiting.jobs.prefix(Self.transactionsPerCommit))
                waiting.jobs.removeFirst(jobs.count)
                if jobs.isEmpty { waiting.isDraining = false }
                return jobs
            }
            if jobs.isEmpty { return }
            do {
                try commit(jobs, db)
                for job in jobs { job.finish(failing: nil) }
            } catch {
                let wrapped = StoreError.wrapping(error, store: path)
                spoil(by: wrapped)
                for job in jobs { job.finish(failing: wrapped) }
            }
            // After the receipts, which do not wait for it. What it cannot move stays where it is durable already.
            do {
                try log.checkpointIfLong(db)
            } catch {
                spoil(by: StoreError.wrapping(error, store: path))
            }
        }
    }

    /// Takes nothing any more if the handle is not to be trusted after this.
    private func spoil(by error: any Error) {
        guard let error = error as? StoreError, error.spoilsTheHandle else { return }
        let first = waiting.withLock { waiting in
            defer { waiting.failure = waiting.failure ?? error }
            return waiting.failure == nil
        }
        if first { failed.continuation.yield(error) }
    }

    /// One commit for all jobs; a job that throws is undone alone. Throws when nothing was done at all.
    private func commit(_ jobs: [any WaitingJob], _ db: Database) throws {
        try db.execute(sql: "BEGIN IMMEDIATE")
        do {
            let access = SQLiteAccess(db: db, path: path)
            for job in jobs {
                try db.execute(sql: "SAVEPOINT job")
                if let failure = job.run(access) {
                    // SQLite itself rolls back everything on a full disk and the like; nothing may run after that.
                    guard db.isInsideTransaction, !((failure as? StoreError)?.spoilsTheHandle ?? false) else {
                        throw failure
                    }
                    try db.execute(sql: "ROLLBACK TO job")
                }
                try db.execute(sql: "RELEASE job")
            }
            try db.execute(sql: "COMMIT")
        } catch {
            if db.isInsideTransaction { try? db.execute(sql: "ROLLBACK") }
            throw error
        }
    }
}

/// A transaction that waits, whatever it gives.
private protocol WaitingJob: AnyObject, Sendable {
    /// Runs the work and keeps its result; returns the error that it threw.
    func run(_ access: SQLiteAccess) -> (any Error)?
    /// Hands the result, or `failure`, to whoever waits. Called once.
    func finish(failing failure: (any Error)?)
}

/// Confined to the writer's queue between `enqueue` and `finish`, which is why it may be unchecked.
private final class Job<Value: Sendable>: WaitingJob, @unchecked Sendable {
    private let work: @Sendable (any StoreTransaction) throws -> Value
    private let continuation: CheckedContinuation<Value, any Error>
    private var result: Result<Value, any Error>?

    init(
        _ work: @escaping @Sendable (any StoreTransaction) throws -> Value,
        _ continuation: CheckedContinuation<Value, any Error>
    ) {
        self.work = work
        self.continuation = continuation
    }

    func run(_ access: SQLiteAccess) -> (any Error)? {
        do {
            result = .success(try work(access))
            return nil
        } catch {
            let wrapped = StoreError.wrapping(error, store: access.path)
            result = .failure(wrapped)
            return wrapped
        }
    }

    func finish(failing failure: (any Error)?) {
        if let failure {
            continuation.resume(throwing: failure)
        } else if let result {
            continuation.resume(with: result)
        } else {
            preconditionFailure("a transaction was committed without being run")
        }
    }
}
