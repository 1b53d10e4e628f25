import Collecting
import ServiceLifecycle
import Systemd

// What runs beside the server.

/// Ends the program once the disk has failed under the store.
struct StoreFailure: Service {
    let failures: AsyncStream<StoreError>

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in failures { return }
        }
    }
}

/// Tells the service manager that the store still commits and reads; nothing where none watches.
struct Watchdog: Service {
    let store: any CollectorStore
    /// Within which it wants to be told.
    let milliseconds: Int64?

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                // Ends early only when it is cancelled.
                try? await Task.sleep(for: milliseconds.map { .milliseconds($0 / 2) } ?? .seconds(3600))
                guard milliseconds != nil, !Task.isCancelled else { continue }
                // A store that fails is told of by `StoreFailure`, and a full disk is no reason to start again.
                try? await store.write { _ in }
                _ = try? await store.read { try $0.lastEpoch() }
                tell(.watchdog)
            }
        }
    }
}

/// A service manager that does not listen misses nothing that the log does not say.
func tell(_ notices: ServiceManager.Notice...) {
    for notice in notices { _ = try? ServiceManager.notify(notice) }
}
