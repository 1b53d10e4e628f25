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
/// succession, and all keys before it are refused from then on. An enrolment begins anew, perhaps on another machine.
struct TransportKeys {
    /// Successions of one kiosk that are kept; a kiosk that wants more has to be enrolled again.
    static let maximumCount = 256

    private let epochs: [EpochRow]
    private let rows: [TransportRow]

    /// `epochs` and `rows` oldest first.
    init(_ epochs: [EpochRow], _ rows: [TransportRow]) {
        self.epochs = epochs
        self.rows = rows
    }

    /// Of all epochs, the newest first.
    var current: [PublicKey] { epochs.reversed().map(current) }

    /// The key that speaks for an epoch now.
    func current(of epoch: EpochRow) -> PublicKey {
        rows.last { $0.received >= enrolled(epoch) }?.succession.newKey ?? epoch.transportKey
    }

    /// When the keys of an epoch were given.
    private func enrolled(_ epoch: EpochRow) -> Int64 {
        epochs.last { $0.epoch <= epoch.epoch && $0.origin == .enrolment }?.opened ?? epoch.opened
    }

    /// The succession that a request shows for a key which is not known yet, if the journal key says so.
    func shown(in head: RequestHead, kiosk: KioskID, newest: EpochRow) -> KeySuccession? {
        guard let named = RequestSignature.keyID(of: head), !current.contains(named), rows.count < Self.maximumCount,
            let field = head.fields["otsenka-transport"], let note = String(base64Note: field),
            let succession = try? KeySuccession(parsing: note), succession.role == .transport,
            succession.subject == kiosk.rawValue, succession.newKey == named,
            succession.generation > rows.last(where: { $0.received >= enrolled(newest) })?.succession.generation ?? 1,
            (try? succession.verify(by: newest.keys.current)) != nil
        else { return nil }
        return succession
    }
}
