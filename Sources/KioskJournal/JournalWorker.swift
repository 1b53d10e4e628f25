import Dispatch
import Ledger
import Ratings

/// The thread of the journal: a serial queue that owns it, so that nobody waits for the disk.
///
/// Requests are carried out in the order in which they were made. Completions are called on the queue; a shell posts them
/// to its own loop from there. When `maximumPending` requests wait, a further one is answered at once, on the caller's
/// thread, with `JournalError.overloaded`.
///
/// `@unchecked Sendable`: the journal is touched on `queue` only, the count of waiting requests under its lock.
public final class JournalWorker: @unchecked Sendable {
    /// How many requests may wait. A visitor presses once in a while and the uplink asks one thing at a time.
    public static let maximumPending = 64

    private let queue = DispatchQueue(label: "journal")
    private let lock = DispatchSemaphore(value: 1)
    private var pending = 0
    private var journal: Journal?
    private var poisoned: (@Sendable () -> Void)?

    /// Opens the journal on the worker's queue and waits for that; throws what `opening` throws.
    public init(
        opening: @escaping @Sendable () throws(JournalError) -> Journal
    ) throws(JournalError) {
        let result: Result<Void, JournalError> = queue.sync {
            do throws(JournalError) {
                journal = try opening()
                return .success(())
            } catch { return .failure(error) }
        }
        try result.get()
    }

    /// Carries out `work` on the journal, then calls `completion` on the worker's queue.
    public func perform<Value>(
        _ work: @escaping @Sendable (Journal) throws(JournalError) -> Value,
        completion: @escaping @Sendable (Result<Value, JournalError>) -> Void
    ) {
        guard reserve() else { return completion(.failure(.overloaded(limit: Self.maximumPending))) }
        queue.async { [self] in
            release()
            guard let journal else { return completion(.failure(.poisoned(cause: "it was closed"))) }
            do throws(JournalError) {
                completion(.success(try work(journal)))
            } catch {
                completion(.failure(error))
                guard journal.isPoisoned else { return }
                poisoned?()
                poisoned = nil
            }
        }
    }

    /// Calls `told` once, on the worker's queue, when a failure has left the store in doubt, whoever asked for the work:
    /// nothing is stored any more until the journal is opened again.
    public func whenPoisoned(_ told: @escaping @Sendable () -> Void) {
        queue.async { [self] in poisoned = told }
    }

    /// Stores a record; `completion` gets it when it is durable.
    public func append(
        _ body: RecordBody, at stamp: RecordStamp,
        completion: @escaping @Sendable (Result<AppendedRecord, JournalError>) -> Void
    ) {
        perform({ journal throws(JournalError) in try journal.append(body, at: stamp) }, completion: completion)
    }

    /// Reads a batch, see `Journal.batch`.
    public func batch(
        epoch: Int? = nil, first: Int64? = nil, maximumRecords: Int = JournalLimits.maximumBatchRecords,
        maximumBytes: Int = JournalLimits.maximumBatchBytes,
        completion: @escaping @Sendable (Result<JournalBatch?, JournalError>) -> Void
    ) {
        perform(
            { journal throws(JournalError) in
                try journal.batch(
                    epoch: epoch, first: first, maximumRecords: maximumRecords, maximumBytes: maximumBytes)
            }, completion: completion)
    }

    /// Takes a receipt, see `Journal.accept`.
    public func accept(receipt: String, completion: @escaping @Sendable (Result<ChainHead, JournalError>) -> Void) {
        perform({ journal throws(JournalError) in try journal.accept(receipt: receipt) }, completion: completion)
    }

    /// The facts of the moment at which all earlier requests are done, with the capacity asked anew.
    public func facts(completion: @escaping @Sendable (Result<JournalFacts, JournalError>) -> Void) {
        perform(
            { journal throws(JournalError) in
                _ = try journal.capacity()
                return journal.facts
            }, completion: completion)
    }

    /// Walks over every record; other requests are carried out between the steps. Nothing before enrolment.
    public func verify(completion: @escaping @Sendable (Result<WalkStep?, JournalError>) -> Void) {
        perform({ journal throws(JournalError) in journal.walk() }) { [self] result in
            switch result {
            case .failure(let error): completion(.failure(error))
            case .success(nil): completion(.success(nil))
            case .success(let walk?): go(on: walk, completion: completion)
            }
        }
    }

    /// Looks at the records that an opening after a failure has left for later, step by step with other requests in between.
    /// `completion` gets `.damaged` when one is not what it was: the program must end and start again, and the start sets
    /// the store aside.
    public func checkRest(completion: @escaping @Sendable (Result<Void, JournalError>) -> Void) {
        perform({ journal throws(JournalError) in journal.walk(.links) }) { [self] result in
            switch result {
            case .failure(let error): completion(.failure(error))
            case .success(nil): completion(.success(()))
            case .success(let walk?):
                go(on: walk) { [self] result in
                    switch result {
                    case .failure(let error): completion(.failure(error))
                    case .success(nil): completion(.success(()))
                    case .success(let found?):
                        perform(
                            { journal throws(JournalError) in try journal.finishCheck(found) }, completion: completion)
                    }
                }
            }
        }
    }

    private func go(on walk: ChainWalk, completion: @escaping @Sendable (Result<WalkStep?, JournalError>) -> Void) {
        perform(
            { journal throws(JournalError) in
                var walk = walk
                let step = try journal.step(&walk)
                return (walk, step)
            },
            completion: { [self] result in
                switch result {
                case .failure(let error): completion(.failure(error))
                case .success((let walk, .more)): go(on: walk, completion: completion)
                case .success((_, let found)): completion(.success(found))
                }
            })
    }

    /// Deletes what may be deleted, step by step with other requests in between; `completion` gets how many records.
    public func compact(completion: @escaping @Sendable (Result<Int, JournalError>) -> Void) {
        compact(after: 0, completion: completion)
    }

    private func compact(after count: Int, completion: @escaping @Sendable (Result<Int, JournalError>) -> Void) {
        perform({ journal throws(JournalError) in try journal.compact() }) { [self] result in
            switch result {
            case .failure(let error): completion(.failure(error))
            case .success(0): completion(.success(count))
            case .success(let more): compact(after: count + more, completion: completion)
            }
        }
    }

    /// Finishes what waits, closes the journal, and waits for that. Later requests fail.
    public func close() throws(JournalError) {
        let result: Result<Void, JournalError> = queue.sync {
            defer { journal = nil }
            do throws(JournalError) {
                try journal?.close()
                return .success(())
            } catch { return .failure(error) }
        }
        try result.get()
    }

    private func reserve() -> Bool {
        lock.wait()
        defer { lock.signal() }
        guard pending < Self.maximumPending else { return false }
        pending += 1
        return true
    }

    private func release() {
        lock.wait()
        defer { lock.signal() }
        pending -= 1
    }
}
