import FoundationEssentials
import GRDB
import Ledger

extension Journal {
    /// Older receipts are kept about this far apart, seconds.
    private static let receiptSpacingSeconds: Int64 = 3600

    /// Takes a receipt: our own checkpoint with the collector's cosignature. Durable when it returns the new receipted head.
    ///
    /// Throws `.receipt` and changes nothing unless the raw note carries the kiosk's signature by the journal key and the
    /// collector's cosignature, its hash is that of our own record, the record was handed out by `batch`, and it is above
    /// the receipt held.
    public func accept(receipt note: String) throws(JournalError) -> ChainHead {
        guard !epochs.isEmpty else { throw .receipt(.note(.malformed)) }
        let claim = try Self.refusing { () throws(ReceiptRefusal) in
            try ReceiptClaim(of: note, for: heldChains)
        }
        let (head, epoch) = (claim.head, epochs[claim.chain])
        let own = try access("read a record") { db in try Self.head(at: head.sequence, of: epoch, db) }
        try Self.refusing { () throws(ReceiptRefusal) in try claim.check(own: own) }
        try write("store a receipt") { db in
            try Self.store(note, head, time: claim.time, db)
        }
        epochs[claim.chain].receipted = head.sequence
        epochs[claim.chain].receipt = note
        if claim.chain == epochs.count - 1 { try saveNote() }
        return head
    }

    /// Runs a judgement of the ledger with its refusal as the journal's error.
    static func refusing<Value>(
        _ judge: () throws(ReceiptRefusal) -> Value
    ) throws(JournalError) -> Value {
        do throws(ReceiptRefusal) { return try judge() } catch { throw .receipt(error) }
    }

    /// Stores the newest receipt. The one before it is dropped while the one before that is recent enough to stand for it.
    private static func store(_ note: String, _ head: ChainHead, time: Int64, _ db: Database) throws {
        let rows = try Row.fetchAll(
            db, sql: "SELECT seq, time FROM receipt WHERE epoch = ? ORDER BY seq DESC LIMIT 2", arguments: [head.epoch])
        if rows.count == 2, let older = rows[1].value("time", Int64.self),
            time.subtractingReportingOverflow(older).partialValue < receiptSpacingSeconds,
            let sequence = rows[0].value("seq", Int64.self)
        {
            try db.execute(
                sql: "DELETE FROM receipt WHERE epoch = ? AND seq = ?", arguments: [head.epoch, sequence])
        }
        try db.execute(
            sql: "INSERT INTO receipt VALUES (?, ?, ?, ?)", arguments: [head.epoch, head.sequence, time, note])
    }
}

extension Journal {
    /// All chains as far as a receipt is concerned. Of a collector's receipt keys the newest alone counts: a new one may
    /// have come because somebody else has the old one.
    var heldChains: [HeldChain] {
        epochs.map { epoch in
            HeldChain(
                head: epoch.head, journalKey: epoch.enrolment.journalKey, collectorName: epoch.enrolment.collectorName,
                receiptKey: receiptKey(of: epoch.enrolment), receipted: epoch.receipted, offered: epoch.offered)
        }
    }
}
