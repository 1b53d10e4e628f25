import Collecting
import FoundationEssentials
import Synchronization

/// How a backup that was asked for stands (`GET /admin/backup`).
public struct BackupState: Codable, Equatable, Sendable {
    /// Where it is written.
    public var path: String
    public var progress: BackupProgress
    /// Once it is made.
    public var verdict: Verdict?
    /// Once it failed: the exit status and what went wrong.
    public var exit: Int32?
    public var message: String?

    public var isOver: Bool { verdict != nil || exit != nil }

    init(path: String) {
        self.path = path
        progress = BackupProgress(.copying)
    }
}

/// The backup at work, if there is one; one at a time.
final class BackupDesk: Sendable {
    private let state = Mutex<BackupState?>(nil)

    /// The newest backup's state; nothing before the first.
    var newest: BackupState? { state.withLock(\.self) }

    /// Throws `CollectorFailure` while another one is at work.
    func begin(_ path: String) throws(CollectorFailure) {
        let busy: String? = state.withLock { state in
            if let state, !state.isOver { return state.path }
            state = BackupState(path: path)
            return nil
        }
        if let busy { throw CollectorFailure(.tryAgain, "a backup is being written to \(busy); wait for its end") }
    }

    func change(_ change: (inout BackupState) -> Void) {
        state.withLock { state in
            guard var now = state else { return }
            change(&now)
            state = now
        }
    }
}

extension Staff {
    /// Begins a backup of store and keys to the new file `path` and gives its first state; `backupState` tells the rest.
    /// Throws `CollectorFailure`.
    public func beginBackup(to path: String) throws -> BackupState {
        guard path.hasPrefix("/"), !path.utf8.contains(0) else {
            throw CollectorFailure(.usage, "\(path) is no absolute path")
        }
        try desk.begin(path)
        Task(priority: .background) {
            do {
                let verdict = try await backUp(to: path) { progress in desk.change { $0.progress = progress } }
                desk.change { $0.verdict = verdict }
            } catch {
                let failure = Self.failure(error)
                desk.change {
                    $0.exit = failure.kind.rawValue
                    $0.message = failure.message
                }
            }
        }
        return try backupState()
    }

    /// How the newest backup stands. Throws `CollectorFailure` before the first.
    public func backupState() throws -> BackupState {
        guard let state = desk.newest else { throw CollectorFailure(.usage, "no backup was begun") }
        return state
    }

    /// Makes a backup and waits for it.
    public func backUp(
        to path: String, progress: @escaping @Sendable (BackupProgress) -> Void
    ) async throws -> Verdict {
        guard let source = collector.store as? any BackupMaking else {
            throw CollectorFailure(.configuration, "this store is backed up by its own tools, not by this command")
        }
        let plan = BackupPlan(files: try folder.filesToKeep(), identity: collector.identity, made: now())
        return Verdict(try await source.backUp(plan, to: path, progress: progress))
    }

    private static func failure(_ error: any Error) -> CollectorFailure {
        if let failure = error as? CollectorFailure { return failure }
        guard let error = error as? StoreError else { return CollectorFailure(.fault, "the backup failed: \(error)") }
        let kind: CollectorFailure.Kind =
            switch error.code {
            case "EEXIST", "SQLITE_CANTOPEN": .cannotCreate
            default: .inputOutput
            }
        return CollectorFailure(kind, error.message)
    }
}
