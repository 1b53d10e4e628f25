import Collecting
import FoundationEssentials
import Synchronization

/// `CollectorStore` in memory, for tests: passes the same contract suite as `CollectorSQLite`, and its whole state can be
/// copied and put back.
public final class MemoryCollectorStore: CollectorStore {
    private let kept = Mutex(MemoryState())

    public init() {}

    /// What is committed. Setting it is a restore.
    public var state: MemoryState {
        get { kept.withLock { $0 } }
        set { kept.withLock { $0 = newValue } }
    }

    public func write<Value: Sendable>(
        _ work: @escaping @Sendable (any StoreTransaction) throws -> Value
    ) async throws -> Value {
        try kept.withLock { state in
            let transaction = MemoryTransaction(state)
            let value = try work(transaction)
            state = transaction.state
            return value
        }
    }

    public func read<Value: Sendable>(
        _ work: @escaping @Sendable (any StoreSnapshot) throws -> Value
    ) async throws -> Value {
        try work(MemoryTransaction(state))
    }
}

/// A copy of the state, which becomes the state when the work on it ends well.
final class MemoryTransaction {
    var state: MemoryState

    init(_ state: MemoryState) { self.state = state }

    /// Throws what SQLite would throw.
    func require(_ holds: Bool, _ what: @autoclosure () -> String) throws {
        guard holds else {
            throw StoreError(
                code: "SQLITE_CONSTRAINT",
                message: "the store in memory was asked to keep \(what()); this is a fault of the collector")
        }
    }
}
