import Collecting
import Glibc

/// Takes longer the more connections are open, as a server does that looks at each of them whenever one of them speaks.
struct CrowdedStore: StoreInFront {
    let store: any CollectorStore

    func write<Value: Sendable>(
        _ work: @escaping @Sendable (any StoreTransaction) throws -> Value
    ) async throws -> Value {
        try await Task.sleep(for: .milliseconds(5 * Self.connections))
        return try await store.write(work)
    }

    /// Above what a quiet collector has.
    private static var connections: Int { max(0, (64..<1024).count { fcntl(Int32($0), F_GETFD) >= 0 }) }
}
