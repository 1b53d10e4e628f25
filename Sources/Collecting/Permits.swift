import BatchFiles
import Ledger
import Ratings
import Wire

/// A request whose signature is the kiosk's: its body may now be read.
public struct UploadPermit: Sendable {
    public let kiosk: KioskID
    public let epoch: Int
    public let first: Int64
    public let last: Int64
    let head: RequestHead
    let moment: RequestMoment
    /// The epoch, or the newest one where the kiosk opens the next by itself: whose keys speak.
    let keys: EpochRow
    /// That of a transport key which is not known yet.
    let succession: KeySuccession?

    /// What is known of the journal keys of the epoch; of one that is not known yet, the key of its genesis.
    var knownKeys: JournalKeys {
        keys.epoch == epoch ? keys.keys : JournalKeys(kiosk: kiosk.rawValue, first: keys.journalKey)
    }
}

/// A heartbeat whose signature is the kiosk's.
public struct HeartbeatPermit: Sendable {
    public let kiosk: KioskID
    let head: RequestHead
    let moment: RequestMoment
    /// All epochs of the kiosk, oldest first; not empty.
    let epochs: [EpochRow]
    let transport: TransportKeys
    let succession: KeySuccession?

    /// Whether the key that signed may speak for `epoch`: its own, or the newest one. An older card holds the journal key
    /// too, and could otherwise close an epoch that was opened after it.
    func speaks(for epoch: EpochRow) -> Bool {
        let speaking: [PublicKey?] = [epoch, epochs.last ?? epoch].map(transport.current(of:))
        return speaking.contains(RequestSignature.keyID(of: head))
    }
}

extension Collector {
    /// The greatest sequence and epoch that are believed: beyond them nobody has counted.
    private static let greatestSequence: Int64 = 1 << 53
    static let greatestEpoch = 1_000_000

    /// Checks everything about an upload that can be checked before its body is read: limits, kiosk, signature.
    ///
    /// `head.path` must be the path as it was received, and `head.fields` have lowercase names. Throws `Refusal`.
    public func authorizeUpload(
        _ head: RequestHead, kiosk: KioskID, epoch: Int, first: Int64, last: Int64
    ) async throws -> UploadPermit {
        guard first >= 1, first <= last, last <= Self.greatestSequence, (1...Self.greatestEpoch).contains(epoch) else {
            throw Refusal(
                error: .malformed, message: "epoch \(epoch), records \(first)-\(last) is not a range of records")
        }
        guard last - first < Int64(WireLimits.recordsPerBatch) else {
            throw Refusal(
                error: .tooLarge,
                message: "records \(first)-\(last) are more than the \(WireLimits.recordsPerBatch) of one batch; "
                    + "send fewer records at once")
        }
        var (keys, newest, transport) = try await keys(of: kiosk, epoch: epoch)
        let shown = transport.take(shownIn: head, kiosk: kiosk)
        let moment = try authenticate(
            head, keys: [keys, newest].map(transport.current(of:)), required: Self.signedFields)
        return UploadPermit(
            kiosk: kiosk, epoch: epoch, first: first, last: last, head: head, moment: moment, keys: keys,
            succession: shown)
    }

    /// Checks the signature of an upload that came as a file: that of the journal key with which its epoch began, which
    /// stays on the kiosk; whether a later one must speak for the records is seen by their checkpoint. Throws `Refusal`.
    func authorizeImport(_ file: BatchFile) async throws -> UploadPermit {
        guard file.last - file.first < Int64(WireLimits.recordsPerBatch) else {
            throw Refusal(
                error: .tooLarge,
                message:
                    "records \(file.first)-\(file.last) are more than the \(WireLimits.recordsPerBatch) of one file")
        }
        let (keys, _, _) = try await keys(of: file.kiosk, epoch: file.epoch)
        var moment = try authenticate(file.head, keys: [keys.journalKey], required: Self.signedFields)
        moment.isCarried = true
        return UploadPermit(
            kiosk: file.kiosk, epoch: file.epoch, first: file.first, last: file.last, head: file.head, moment: moment,
            keys: keys, succession: nil)
    }

    /// What the signature of an upload must cover.
    private static let signedFields = ["content-digest", "checkpoint", "head", "otsenka-clock"]

    /// The epoch whose keys vouch for records of `epoch` (where that one is not known yet, the one before it), the newest
    /// one, and the transport keys of all.
    private func keys(
        of kiosk: KioskID, epoch: Int
    ) async throws -> (addressed: EpochRow, newest: EpochRow, transport: TransportKeys) {
        let (epochs, successions) = try await known(of: kiosk)
        guard let newest = epochs.last else { throw Self.unknown(kiosk) }
        let transport = TransportKeys(epochs, successions)
        let addressed = epochs.first { $0.epoch == epoch }
        guard let keys = addressed ?? epochs.last(where: { $0.epoch < epoch }) else {
            throw Refusal(
                error: .notFound,
                message: "kiosk \(kiosk) has no epoch \(epoch) here; its epochs are "
                    + epochs.map { "\($0.epoch)" }.joined(separator: ", "))
        }
        return (keys, newest, transport)
    }

    /// Checks the signature of a heartbeat before its body is read. Throws `Refusal`.
    public func authorizeHeartbeat(_ head: RequestHead, kiosk: KioskID) async throws -> HeartbeatPermit {
        let (epochs, successions) = try await known(of: kiosk)
        guard let newest = epochs.last else { throw Self.unknown(kiosk) }
        var transport = TransportKeys(epochs, successions)
        let shown = transport.take(shownIn: head, kiosk: kiosk)
        let moment = try authenticate(
            head, keys: transport.current, required: ["content-digest", "head", "otsenka-clock"])
        if newest.state == .revoked { throw Self.revoked(kiosk) }
        return HeartbeatPermit(
            kiosk: kiosk, head: head, moment: moment, epochs: epochs, transport: transport, succession: shown)
    }

    private func known(of kiosk: KioskID) async throws -> (epochs: [EpochRow], successions: [TransportRow]) {
        try await store.read { (try $0.epochs(of: kiosk), try $0.transportSuccessions(of: kiosk)) }
    }

    private func authenticate(
        _ head: RequestHead, keys: [PublicKey], required: [String]
    ) throws(Refusal) -> RequestMoment {
        let named = RequestSignature.keyID(of: head)
        do throws(SignatureError) {
            guard let key = keys.first(where: { $0 == named }) else { throw named == nil ? .missing : .otherKey }
            try RequestSignature.verify(head, by: key, required: required)
        } catch {
            throw Refusal(
                error: .badSignature, message: "\(error); if the kiosk was enrolled again, its uplink must be restarted"
            )
        }
        guard let created = RequestSignature.created(of: head),
            let clock = head.fields["otsenka-clock"].flatMap(KioskClock.init(field:))
        else {
            throw Refusal(
                error: .malformed,
                message: "the request does not say when it was made (created of its signature, Otsenka-Clock)")
        }
        return RequestMoment(created: created, clock: clock)
    }

    static func unknown(_ kiosk: KioskID) -> Refusal {
        Refusal(
            error: .unknownKiosk,
            message: "no kiosk \(kiosk) is enrolled here; enrol it with a code of `otsenka-collector kiosk add`")
    }

    static func revoked(_ kiosk: KioskID) -> Refusal {
        Refusal(
            error: .revoked,
            message: "kiosk \(kiosk) was revoked; it goes on collecting, and counts again once it is enrolled with a "
                + "code of `otsenka-collector kiosk replace \(kiosk)`")
    }
}
