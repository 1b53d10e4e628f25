import FoundationEssentials
import Ledger
import Ratings
import Synchronization
import Wire

/// Under which name and key a collector signs.
public struct CollectorIdentity: Sendable {
    /// The name under which it cosigns: letters, digits, `-` and `.`; no space, no plus sign.
    public var name: String
    /// The receipt key.
    public var key: SigningKey
    /// Its certificate authority in PEM; nothing over plain HTTP.
    public var authority: String?
    /// How it came to its keys: of its receipt key, of its authority, and those of release keys that it publishes.
    public var successions: [KeySuccession]

    public init(name: String, key: SigningKey, authority: String?, successions: [KeySuccession] = []) {
        self.name = name
        self.key = key
        self.authority = authority
        self.successions = successions
    }

    /// Every receipt key that it ever had, the present one first: receipts and seals of each stay valid.
    public var receiptKeys: [PublicKey] {
        let root = successions.first { $0.role == .receipt && $0.subject == name }?.oldKey ?? key.publicKey
        let older = KeySuccession.keys(.receipt, of: name, from: root, over: successions)
        return [key.publicKey] + older.reversed().filter { $0 != key.publicKey }
    }
}

/// The identity of a collector that runs: it changes when a key is changed.
final class IdentityHolder: Sendable {
    private let value: Mutex<CollectorIdentity>

    init(_ identity: CollectorIdentity) { value = Mutex(identity) }

    var now: CollectorIdentity { value.withLock(\.self) }
    func change(to identity: CollectorIdentity) { value.withLock { $0 = identity } }
}

/// Limits of the collector's policy (`reliability.md` §7).
public struct CollectorLimits: Equatable, Sendable {
    public var codeMilliseconds: Int64 = 15 * 60 * 1000
    public var codeTries = 5
    /// Batches of a fork, or of a revoked kiosk, that are kept as evidence for one epoch; later ones are only told of.
    public var branchesPerEpoch = 256
    /// Epochs that a kiosk may open by itself after damage within a day.
    public var lossEpochsPerDay = 100
    /// How far beyond its newest epoch here a kiosk may open one by itself: each damage that the collector never heard
    /// of counts one. An enrolment leaves these numbers free: a kiosk that never hears of it (its answer was lost, or
    /// another device took the place) may open them yet, and what it thanks there must not meet another chain.
    public var epochsAhead = 99

    public init() {}
}

/// The collector: what kiosks ask (`authorize…`, `upload`, `heartbeat`, `enrol`) and what staff asks.
///
/// Every `now` is milliseconds since 1970. Methods for kiosks throw `Refusal`, which is the answer, or `StoreError`.
public struct Collector: Sendable {
    /// As it is now; every copy of this value speaks with the same.
    public var identity: CollectorIdentity { holder.now }
    let holder: IdentityHolder
    public let store: any CollectorStore
    public let limits: CollectorLimits
    /// Gives so many random bytes.
    let random: @Sendable (Int) -> [UInt8]

    public init(
        identity: CollectorIdentity, store: any CollectorStore, limits: CollectorLimits = CollectorLimits(),
        random: @escaping @Sendable (Int) -> [UInt8]
    ) {
        holder = IdentityHolder(identity)
        self.store = store
        self.limits = limits
        self.random = random
    }
}
