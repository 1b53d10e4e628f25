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
        let checkpoint = try verified(note)
        let head = checkpoint.head
        guard let index = epochs.firstIndex(where: { $0.number == head.epoch && $0.head.kiosk == head.kiosk }) else {
            throw .receipt(.unknownEpoch(head.epoch))
        }
        let epoch = epochs[index]
        let time = try cosignatureTime(checkpoint, epoch)
        guard head.sequence > epoch.receipted else { throw .receipt(.notNewer(held: epoch.receipted)) }
        guard head.sequence <= epoch.offered, head.sequence <= epoch.head.sequence else {
            throw .receipt(.neverSent(sequence: head.sequence))
        }
        let own = try access("read a record") { db in try Self.head(at: head.sequence, of: epoch, db) }
        guard own == head else { throw .receipt(.otherHash(sequence: head.sequence)) }
        try write("store a receipt") { db in
            try Self.store(note, head, time: time, db)
        }
        epochs[index].receipted = head.sequence
        epochs[index].receipt = note
        if index == epochs.count - 1 { try saveNote() }
        return head
    }

    /// The checkpoint in the note, with the kiosk's signature verified over the raw text.
    func verified(_ note: String) throws(JournalError) -> Checkpoint {
        var refusal = NoteError.malformed
        var tried: Set<String> = []
        for epoch in epochs.reversed() where tried.insert(epoch.head.kiosk).inserted {
            do throws(NoteError) {
                return try Checkpoint(parsing: note, kiosk: epoch.head.kiosk, key: epoch.enrolment.journalKey)
            } catch { refusal = error }
        }
        throw .receipt(.note(refusal))
    }

    /// The collector of the present enrolment may sign for an epoch that an earlier one opened.
    private func cosignatureTime(_ checkpoint: Checkpoint, _ epoch: EpochState) throws(JournalError) -> Int64 {
        var refusal = NoteError.unsigned(epoch.enrolment.collectorName)
        for enrolment in [epoch.enrolment, enrolment ?? epoch.enrolment] {
            do throws(NoteError) {
                let time = try checkpoint.receiptTime(of: enrolment.collectorName, key: enrolment.receiptKey)
                return Int64(clamping: time)
            } catch { refusal = error }
        }
        throw .receipt(.note(refusal))
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
