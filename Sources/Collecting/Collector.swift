import FoundationEssentials
import Ledger
import Ratings
import Wire

/// Under which name and key a collector signs.
public struct CollectorIdentity: Sendable {
    /// The name under which it cosigns: letters, digits, `-` and `.`; no space, no plus sign.
    public var name: String
    /// The receipt key.
    public var key: SigningKey
    /// Its certificate authority in PEM; nothing over plain HTTP.
    public var authority: String?

    public init(name: String, key: SigningKey, authority: String?) {
        self.name = name
        self.key = key
        self.authority = authority
    }
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
    /// of counts one. Without a limit a kiosk could use up the numbers that its successors need.
    public var epochsAhead = 1000

    public init() {}
}

/// The collector: what kiosks ask (`authorize…`, `upload`, `heartbeat`, `enrol`) and what staff asks.
///
/// Every `now` is milliseconds since 1970. Methods for kiosks throw `Refusal`, which is the answer, or `StoreError`.
public struct Collector: Sendable {
    public let identity: CollectorIdentity
    public let store: any CollectorStore
    public let limits: CollectorLimits
    /// Gives so many random bytes.
    let random: @Sendable (Int) -> [UInt8]

    public init(
        identity: CollectorIdentity, store: any CollectorStore, limits: CollectorLimits = CollectorLimits(),
        random: @escaping @Sendable (Int) -> [UInt8]
    ) {
        self.identity = identity
        self.store = store
        self.limits = limits
        self.random = random
    }
}
