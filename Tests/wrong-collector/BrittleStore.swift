import Collecting
import Synchronization

/// Fails on every thirtieth write as nothing that is foreseen does: the web answers 500.
final class BrittleStore: StoreInFront {
    let store: any CollectorStore
    private let writes = Atomic<Int>(0)

    init(store: any CollectorStore) { self.store = store }

    func write<Value: Sendable>(
        _ work: @escaping @Sendable (any StoreTransaction) throws -> Value
    ) async throws -> Value {
        if writes.add(1, ordering: .relaxed).newValue % 30 == 0 { throw Broken() }
        return try await store.write(work)
    }

    private struct Broken: Error {}
}
