import FoundationEssentials
import Ledger
import Ratings
import Wire

extension Collector {
    /// The longest body of a heartbeat, bytes, and how much of its lists is kept.
    private static let heartbeatBytes = 16 * 1024
    private static let markCount = 32
    private static let textLength = 64

    /// Takes a sign of life: keeps the newest head, receipt and vitals, and answers with the signed time.
    ///
    /// A head below what is stored closes the epoch (`rewind_kiosk`), and a receipt above it is answered
    /// `rewind_collector`, as with an upload: a kiosk with nothing left to send would not learn of it otherwise.
    public func heartbeat(
        _ permit: HeartbeatPermit, body: Data, now: Int64, inflate: (Data) throws -> Data = { $0 }
    ) async throws -> HeartbeatAnswer {
        let body = try verified(body, of: permit.head, inflate: inflate)
        guard body.count <= Self.heartbeatBytes, let heartbeat = try? JSONDecoder().decode(Heartbeat.self, from: body),
            (1...Self.textLength).contains(heartbeat.nonce.utf8.count), Data(base64Encoded: heartbeat.nonce) != nil
        else {
            throw Refusal(
                error: .malformed, message: "the body is not a heartbeat of at most \(Self.heartbeatBytes) bytes")
        }
        let (refusal, orders) = try await store.write { transaction in
            let refusal = try self.take(heartbeat, permit: permit, now: now, in: transaction)
            let orders =
                refusal == nil
                ? try self.orders(for: permit.kiosk, opened: heartbeat.maintenance, now: now, in: transaction) : []
            return (refusal, orders)
        }
        if let refusal { throw refusal }
        let seconds = UInt64(max(0, now / 1000))
        var note = SignedNote(text: SignedTime.text(kiosk: permit.kiosk, nonce: heartbeat.nonce, seconds: seconds))
        try note.sign(as: identity.name, with: identity.key)
        return HeartbeatAnswer(
            time: note.serialized, configuration: 0, orders: orders,
            keys: PublishedKeys.digest(of: identity.successions.map(\.serialized)))
    }

    private func take(
        _ heartbeat: Heartbeat, permit: HeartbeatPermit, now: Int64, in transaction: any StoreTransaction
    ) throws -> Refusal? {
        if let epoch = try transaction.epoch(permit.kiosk, heartbeat.epoch), !permit.speaks(for: epoch) {
            throw Refusal(
                error: .badSignature,
                message: "\(SignatureError.otherKey) of epoch \(epoch.epoch); two machines may speak as kiosk "
                    + "\(permit.kiosk): enrol it again")
        }
        if let succession = permit.succession { try transaction.insert(succession, of: permit.kiosk, received: now) }
        try transaction.put(Self.row(heartbeat, of: permit.kiosk, now: now))
        // An epoch that the kiosk has just opened by itself is made known by its first batch, not by a heartbeat. One that
        // was receipted is gone from here: the kiosk would have nothing left to send.
        guard var row = try transaction.epoch(permit.kiosk, heartbeat.epoch) else {
            return isReceipted(in: permit.head, kiosk: permit.kiosk, epoch: heartbeat.epoch) ? Self.lost(need: 1) : nil
        }
        let head = try note(in: "head", of: permit.head, keys: row.keys)
        guard head.head.epoch == row.epoch else {
            throw Refusal(
                error: .badCheckpoint,
                message: "Head is of epoch \(head.head.epoch), but the heartbeat is of epoch \(row.epoch)")
        }
        let receipt = receipt(in: permit.head, epoch: row.epoch, keys: row.keys)
        let facts = ChainFacts(
            state: row.state, head: row.head, claim: row.claim, shared: nil,
            atSignedHead: try stored(at: head.head, row, in: transaction))
        let verdict = facts.verdict(on: head.head, at: permit.moment)
        var refusal: Refusal?
        switch (row.state, verdict) {
        case (.revoked, _): return Self.revoked(permit.kiosk)
        case (.closed, _): refusal = Self.closed(row)
        case (_, .rewound): refusal = try close(&row, head.head, now: now, in: transaction)
        default:
            if let receipt, receipt.head.sequence > row.head.sequence {
                refusal = Self.lost(need: row.head.sequence + 1)
            }
        }
        try note(head, receipt, verdict, at: permit.moment, &row, now: now, in: transaction)
        try save(&row, in: transaction)
        return refusal
    }

    private static func row(_ heartbeat: Heartbeat, of kiosk: KioskID, now: Int64) -> HeartbeatRow {
        HeartbeatRow(
            kiosk: kiosk, epoch: heartbeat.epoch, received: now, unsent: heartbeat.unsent,
            marks: heartbeat.marks.prefix(markCount).map { String($0.prefix(textLength)) },
            program: String(heartbeat.program.prefix(textLength)), wall: String(heartbeat.wall.prefix(textLength)),
            clock: heartbeat.clock)
    }

    static func closed(_ row: EpochRow) -> Refusal {
        Refusal(
            error: .epochClosed,
            message:
                "epoch \(row.epoch) of kiosk \(row.kiosk) was closed because its journal had gone back; enrol "
                + "the kiosk again with a code of `otsenka-collector kiosk replace \(row.kiosk)`")
    }

    static func lost(need: Int64) -> Refusal {
        Refusal(
            error: .rewindCollector,
            message: "the collector has receipted records that it no longer has; send from record \(need)", need: need)
    }
}
