import Collecting
import FoundationEssentials
import Ledger
import Synchronization

/// The body of `POST /admin/keys`.
public enum KeyOrder: Codable, Equatable, Sendable {
    case rotateReceipt
    case rotateAuthority
    /// The note of a release key's succession.
    case publish(note: String)
}

/// What the collector's keys are now.
public struct KeyFacts: Codable, Equatable, Sendable {
    /// Of the receipt key and of the TLS authority; 1 for the first ones.
    public var receiptGeneration: Int
    public var authorityGeneration: Int
    public var receiptKey: String
    /// Of release keys that are published.
    public var releases: Int

    init(_ folder: DataFolder) {
        func generation(_ role: KeyRole) -> Int { folder.successions.last { $0.role == role }?.generation ?? 1 }
        receiptGeneration = generation(.receipt)
        authorityGeneration = generation(.pin)
        receiptKey = folder.receiptKey.publicKey.base64
        releases = folder.successions.count { $0.role == .release }
    }

    enum CodingKeys: String, CodingKey {
        case releases
        case receiptGeneration = "receipt_generation"
        case authorityGeneration = "authority_generation"
        case receiptKey = "receipt_key"
    }
}

/// One change of keys at a time.
final class KeyDesk: Sendable {
    private let busy = Mutex(false)

    func exclusively<Value>(_ work: () async throws -> Value) async throws -> Value {
        guard
            busy.withLock({ busy in
                defer { busy = true }; return !busy
            })
        else {
            throw CollectorFailure(.tryAgain, "another change of keys is under way; wait for its end")
        }
        defer { busy.withLock { $0 = false } }
        return try await work()
    }
}

extension Staff {
    /// Changes a key of the collector: durable in its folder first, then spoken with. Throws `CollectorFailure` or
    /// `StoreError`.
    public func change(_ order: KeyOrder) async throws -> KeyFacts {
        try await keyDesk.exclusively {
            let before = try DataFolder(folder.path)
            let seconds = now() / 1000
            let (changed, message): (DataFolder, String)
            switch order {
            case .rotateReceipt:
                changed = try before.changingReceiptKey(now: seconds)
                message = "the receipt key was changed to generation \(KeyFacts(changed).receiptGeneration)"
            case .rotateAuthority:
                changed = try before.changingAuthority(now: seconds)
                message = "the TLS authority was changed to generation \(KeyFacts(changed).authorityGeneration)"
            case .publish(let note):
                changed = try before.publishing(note)
                message = "the succession of a release key was published"
            }
            try showCertificates(changed)
            let authority = collector.identity.authority == nil ? nil : try changed.authorityCertificate()
            try await collector.take(CollectorIdentity(changed, authority: authority), because: message, now: now())
            return KeyFacts(changed)
        }
    }

    /// What the keys are.
    public func keys() throws -> KeyFacts { KeyFacts(try DataFolder(folder.path)) }
}

extension CollectorIdentity {
    /// The identity of a folder. `authority` is its certificate, or nothing over plain HTTP.
    public init(_ folder: DataFolder, authority: String?) {
        self.init(
            name: folder.settings.name, key: folder.receiptKey, authority: authority, successions: folder.successions)
    }
}
