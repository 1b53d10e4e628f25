import Collecting

/// A store that is wrong in how it writes: it stands before a right one, and reads as that does.
protocol StoreInFront: CollectorStore {
    var store: any CollectorStore { get }
}

extension StoreInFront {
    func read<Value: Sendable>(
        _ work: @escaping @Sendable (any StoreSnapshot) throws -> Value
    ) async throws -> Value { try await store.read(work) }
}
