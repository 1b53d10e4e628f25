import FoundationEssentials
import Ledger

/// A file that a backup carries beside the store.
public struct BackupFile: Equatable, Sendable {
    /// Without a folder.
    public var name: String
    public var content: Data

    public init(name: String, content: Data) {
        self.name = name
        self.content = content
    }
}

/// What a backup holds, and who says that it is right.
public struct BackupPlan: Sendable {
    /// Keys, certificates and settings: without them a copy of the store could be read, but not go on.
    public var files: [BackupFile]
    /// By whose keys the copy is verified.
    public var identity: CollectorIdentity
    /// Milliseconds since 1970.
    public var made: Int64

    public init(files: [BackupFile], identity: CollectorIdentity, made: Int64) {
        self.files = files
        self.identity = identity
        self.made = made
    }
}

/// How far a backup is.
public struct BackupProgress: Codable, Equatable, Sendable {
    public enum Phase: String, Codable, Sendable {
        /// Pages of the store are copied, `done` of `of`.
        case copying
        /// The copy is read back and verified.
        case checking
    }

    public var phase: Phase
    public var done: Int
    public var of: Int

    public init(_ phase: Phase, done: Int = 0, of: Int = 0) {
        self.phase = phase
        self.done = done
        self.of = of
    }
}

/// A store that can be copied while it is used.
public protocol BackupMaking: Sendable {
    /// Copies one state of the store with `plan.files` into the new file `path`, durably, and verifies the copy before it
    /// gets that name. A copy that is not right is kept as `path` with `.unverified` after it, and what is wrong is
    /// returned. Throws `StoreError`, for a `path` that is there already as well.
    func backUp(
        _ plan: BackupPlan, to path: String, progress: @escaping @Sendable (BackupProgress) -> Void
    ) async throws -> VerifyReport
}

extension Collector {
    /// Puts on record that this store was restored from a backup made at `made` (both milliseconds since 1970).
    public func recordRestoration(ofBackup made: Int64, described time: String, now: Int64) async throws {
        try await store.write { transaction in
            let message =
                "the collector was restored from a backup of \(time): what it took since then is asked of the kiosks "
                + "again; who was enrolled or revoked since then has to be again"
            try self.record(
                EventRow(time: now, kind: .restored, kiosk: nil, epoch: 0, message: message), in: transaction)
        }
    }
}
