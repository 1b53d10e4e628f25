import Collecting
import Glibc

/// Returns from `write` before COMMIT: the receipt is on its way while nothing is durable yet.
struct HastyStore: StoreInFront {
    let store: any CollectorStore

    func write<Value: Sendable>(
        _ work: @escaping @Sendable (any StoreTransaction) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            Task {
                try await store.write { transaction in
                    continuation.resume(with: Result { try work(transaction) })
                    // As long as a slow disk takes: wide enough for a kill to fall in.
                    usleep(5000)
                }
            }
        }
    }
}
