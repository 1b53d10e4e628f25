import FoundationEssentials
import GRDB
import Ledger
import Ratings

/// One chain of the journal, as its rows say.
struct EpochState {
    let enrolment: JournalEnrolment
    /// Which journal key speaks for which of its records.
    var keys: JournalKeys
    /// The newest record.
    var head: ChainHead
    /// The record before the first one that is kept: sequence 0 until compaction.
    var anchor: ChainHead
    /// The highest record that the collector has receipted; 0 before.
    var receipted: Int64
    /// The note of that receipt.
    var receipt: String?
    /// Whether its records are still offered for upload. So far always: an epoch that the collector has closed stays on
    /// offer, at the longest pause, and never holds up the present one.
    let uploads: Bool
    /// The highest record that was handed out: to be sent in this run of the program, or as a file in any.
    var offered: Int64
    /// The highest record that was handed out as a file; 0 before.
    var exported: Int64

    var number: Int { enrolment.epoch }

    /// Records that the collector has not receipted and that are still offered.
    var unsent: Int64 { uploads ? max(0, head.sequence - receipted) : 0 }

    /// The last record that a batch from `first` on must hold: where an epoch begins with changes of its key, the collector
    /// takes its record 1 only with them. 0 for any other batch.
    func opening(_ first: Int64) -> Int64 {
        guard first == 1, keys.changes.first?.sequence == 2 else { return 0 }
        return keys.changes.enumerated().last { $0.element.sequence == Int64($0.offset) + 2 }?.element.sequence ?? 0
    }

    /// A new chain of this enrolment.
    init(opening enrolment: JournalEnrolment) {
        self.enrolment = enrolment
        keys = JournalKeys(kiosk: enrolment.kiosk.rawValue, first: enrolment.journalKey)
        head = enrolment.genesis.head
        anchor = enrolment.genesis.head
        receipted = 0
        uploads = true
        offered = 0
        exported = 0
    }

    /// Stores the rows of a new chain.
    func insert(_ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO epoch VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                number, enrolment.kiosk.rawValue, enrolment.journalKey.base64, enrolment.collector,
                enrolment.collectorName, enrolment.receiptKey.base64, enrolment.collectorNonce, anchor.sequence,
                anchor.hash.bytes, uploads,
            ])
        try db.execute(
            sql: "INSERT INTO head VALUES (?, ?, ?)", arguments: [number, head.sequence, head.hash.bytes])
    }

    /// All chains, oldest first. Throws `Unreadable` for rows that this program cannot have written.
    static func all(_ db: Database) throws -> [EpochState] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT epoch.*, head.seq, head.hash, receipt.seq AS receipted, receipt.note, exported.seq AS exported
                FROM epoch LEFT JOIN head USING (epoch) LEFT JOIN exported USING (epoch) LEFT JOIN receipt ON receipt.epoch = epoch.epoch
                    AND receipt.seq = (SELECT max(seq) FROM receipt WHERE receipt.epoch = epoch.epoch)
                ORDER BY epoch.epoch
                """
        ).map { row in
            var epoch = try EpochState(row: row)
            try epoch.readKeys(db)
            return epoch
        }
    }

    private mutating func readKeys(_ db: Database) throws {
        let rows = try Row.fetchAll(
            db, sql: "SELECT seq, note FROM journal_key WHERE epoch = ? ORDER BY seq", arguments: [number])
        for row in rows {
            guard let sequence = row.value("seq", Int64.self), let note = row.value("note", String.self),
                sequence <= head.sequence, let succession = try? KeySuccession(parsing: note),
                (try? keys.take(succession, at: sequence)) != nil
            else { throw Unreadable(reason: "a change of the journal key is not what it must be") }
        }
    }

    private init(row: Row) throws {
        guard let number = row.value("epoch", Int.self), (1...JournalSchema.maximumEpoch).contains(number),
            let kiosk = row.value("kiosk", String.self).flatMap(KioskID.init(rawValue:)),
            let journalKey = row.value("journal_key", String.self).flatMap(PublicKey.init(base64:)),
            let collector = row.value("collector", String.self),
            let collectorName = row.value("collector_name", String.self),
            let receiptKey = row.value("receipt_key", String.self).flatMap(PublicKey.init(base64:)),
            let nonce = row.value("collector_nonce", String.self), let uploads = row.value("uploads", Bool.self),
            let sequence = row.value("seq", Int64.self), (0...JournalSchema.maximumSequence).contains(sequence),
            let hash = row.value("hash", Data.self).flatMap(ChainHash.init(bytes:)),
            let anchor = row.value("anchor_seq", Int64.self), (0...sequence).contains(anchor),
            let anchorHash = row.value("anchor_hash", Data.self).flatMap(ChainHash.init(bytes:))
        else { throw Unreadable(reason: "the rows of an epoch are not what they must be") }
        keys = JournalKeys(kiosk: kiosk.rawValue, first: journalKey)
        enrolment = JournalEnrolment(
            kiosk: kiosk, epoch: number, journalKey: journalKey, collector: collector, collectorName: collectorName,
            receiptKey: receiptKey, collectorNonce: nonce)
        head = ChainHead(kiosk: kiosk.rawValue, epoch: number, sequence: sequence, hash: hash)
        self.anchor = ChainHead(kiosk: kiosk.rawValue, epoch: number, sequence: anchor, hash: anchorHash)
        receipted = row.value("receipted", Int64.self) ?? 0
        receipt = row.value("note", String.self)
        self.uploads = uploads
        exported = min(row.value("exported", Int64.self) ?? 0, sequence)
        offered = max(receipted, exported)
        guard (0...sequence).contains(receipted), receipted >= anchor else {
            throw Unreadable(reason: "a receipt is above the newest record")
        }
    }
}

extension Row {
    /// The value of a column; nothing for NULL and for a value of another type. GRDB's own typed subscripts trap on the
    /// latter, which a damaged file can hold.
    func value<Value: DatabaseValueConvertible>(_ column: String, _ type: Value.Type) -> Value? {
        (self[column] as DatabaseValue?).flatMap(Value.fromDatabaseValue)
    }
}

/// Rows that this program cannot have written.
struct Unreadable: Error, CustomStringConvertible {
    let reason: String
    var description: String { reason }
}
