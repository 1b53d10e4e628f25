import Ledger
import Ratings
import Wire

/// The succession of a kiosk's transport key, as a request showed it.
public struct TransportRow: Equatable, Sendable {
    public var succession: KeySuccession
    public var received: Int64

    public init(succession: KeySuccession, received: Int64) {
        self.succession = succession
        self.received = received
    }
}

/// Which transport keys a kiosk speaks with now.
///
/// The journal key vouches for each new one, so a kiosk that changed it several times while offline shows only the last
/// succession, and all keys before it are refused from then on. Each succession leads from the key of an enrolment, and
/// counts for that enrolment only: by the time at which it came it could be counted for one that the kiosk has not heard
/// of yet, and an older card, which holds the journal key too, could take over what was enrolled after it.
struct TransportKeys {
    /// Successions of one kiosk that are kept; a kiosk that wants more has to be enrolled again.
    static let maximumCount = 256

    private let epochs: [EpochRow]
    private var rows: [KeySuccession]

    /// `epochs` and `rows` oldest first.
    init(_ epochs: [EpochRow], _ rows: [TransportRow]) {
        self.epochs = epochs
        self.rows = rows.map(\.succession)
    }

    /// Of all epochs, the newest first.
    var current: [PublicKey] { epochs.reversed().map(current) }

    /// The key that speaks for an epoch now.
    func current(of epoch: EpochRow) -> PublicKey {
        let given = given(to: epoch)
        return rows.last { $0.oldKey == given }?.newKey ?? given
    }

    /// The key of the enrolment that an epoch belongs to.
    private func given(to epoch: EpochRow) -> PublicKey {
        epochs.last { $0.epoch <= epoch.epoch && $0.origin == .enrolment }?.transportKey ?? epoch.transportKey
    }

    /// Takes over the succession that a request shows for a key which is not known yet, if a journal key says so; gives
    /// it, to be stored once the signature of the request has proved it.
    mutating func take(shownIn head: RequestHead, kiosk: KioskID) -> KeySuccession? {
        guard let named = RequestSignature.keyID(of: head), !current.contains(named), rows.count < Self.maximumCount,
            let field = head.fields["otsenka-transport"], let note = String(base64Note: field),
            let succession = try? KeySuccession(parsing: note), succession.role == .transport,
            succession.subject == kiosk.rawValue, succession.newKey == named,
            let epoch = epochs.last(where: { given(to: $0) == succession.oldKey }),
            succession.generation > rows.last(where: { $0.oldKey == succession.oldKey })?.generation ?? 1,
            (try? succession.verify(by: epoch.keys.current)) != nil
        else { return nil }
        rows.append(succession)
        return succession
    }
}
