import Ledger
import Ratings

/// Who the kiosk is in one epoch, and which collector it trusts. Public facts only.
public struct JournalEnrolment: Codable, Equatable, Sendable {
    public var kiosk: KioskID
    public var epoch: Int
    public var journalKey: PublicKey
    /// `https://host:port`, without a path.
    public var collector: String
    /// The name under which the collector cosigns.
    public var collectorName: String
    public var receiptKey: PublicKey
    /// The nonce of the genesis, as the collector gave it.
    public var collectorNonce: String

    public init(
        kiosk: KioskID, epoch: Int, journalKey: PublicKey, collector: String, collectorName: String,
        receiptKey: PublicKey, collectorNonce: String
    ) {
        self.kiosk = kiosk
        self.epoch = epoch
        self.journalKey = journalKey
        self.collector = collector
        self.collectorName = collectorName
        self.receiptKey = receiptKey
        self.collectorNonce = collectorNonce
    }

    /// What the epoch's chain begins with.
    public var genesis: Genesis {
        Genesis(kiosk: kiosk.rawValue, epoch: epoch, publicKey: journalKey, collectorNonce: collectorNonce)
    }
}

/// What the kiosk must know even when its store is gone: a signed note beside it.
///
/// Constraints: it is read when the store cannot be believed, so it is checked by the journal key's own signature.
/// Format: a C2SP signed note of the kiosk over two lines, a title and one JSON object. It is written after the store's
/// commit, so it is never ahead of the store; a store that is behind it was rolled back or lost its end.
struct EnrolmentNote: Codable, Equatable {
    /// A note has a limited length; the newest ones are what is needed.
    static let mostReceiptKeys = 8

    var enrolment: JournalEnrolment
    /// The boot count when it was written.
    var boot: Int
    /// The newest receipt of the epoch.
    var receipt: String?
    /// The receipt keys that followed the one of the enrolment, the newest last; nothing where none did.
    var receiptKeys: [PublicKey]?
    /// The number of the newest technician's visit that was opened; nothing before the first.
    var maintenance: Int64?
    /// The epoch's head when the journal was closed in order; nothing while it is open, and after a crash.
    var closed: Closed?

    struct Closed: Codable, Equatable {
        var sequence: Int64
        /// Base64.
        var hash: String
    }
}
