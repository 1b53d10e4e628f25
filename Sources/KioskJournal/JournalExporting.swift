import BatchFiles
import FoundationEssentials
import GRDB
import Gzip
import Ledger
import Wire

/// Records of one epoch.
public struct JournalSpan: Equatable, Sendable {
    public let epoch: Int
    public let first: Int64
    public let last: Int64
}

/// What a receipt that was carried back is worth.
public struct CarriedReceipt: Equatable, Sendable {
    public let epoch: Int
    /// The highest receipted record of that epoch now.
    public let receipted: Int64
    /// False for one that is not above the receipt held already: files come back in any order.
    public let isNew: Bool
}

extension Journal {
    /// The records to be carried to the collector, oldest epoch first: those without a receipt, or with `first` those of
    /// the present epoch from there on (for a collector that has lost some). Throws `.notEnrolled`, and `.noSuchRecord`
    /// for a `first` that is not kept.
    public func waiting(first: Int64? = nil) throws(JournalError) -> [JournalSpan] {
        guard let present = epochs.last else { throw .notEnrolled }
        if let first {
            guard
                (present.anchor.sequence + 1...max(present.anchor.sequence + 1, present.head.sequence)).contains(first)
            else { throw .noSuchRecord(epoch: present.number, sequence: first) }
            return first > present.head.sequence
                ? [] : [JournalSpan(epoch: present.number, first: first, last: present.head.sequence)]
        }
        return epochs.filter { isUploadable($0) && $0.unsent > 0 }.map {
            JournalSpan(epoch: $0.number, first: $0.receipted + 1, last: $0.head.sequence)
        }
    }

    /// The batch file that begins with record `first`: what an upload would send, signed by the journal key with which its epoch began. That its
    /// records left is durable before it is given away, so that their receipt is taken after any number of starts.
    ///
    /// `created` is the wall clock, seconds since 1970. Throws what `batch` throws, and `.noSuchRecord` past the end.
    public func batchFile(
        epoch number: Int, first: Int64, maximumRecords: Int = JournalLimits.maximumBatchRecords,
        bootMilliseconds: Int64, created: Int64
    ) throws(JournalError) -> BatchFile {
        guard let batch = try batch(epoch: number, first: first, maximumRecords: maximumRecords),
            let index = epochs.firstIndex(where: { $0.number == number })
        else { throw .noSuchRecord(epoch: number, sequence: first) }
        guard let key = ring[epochs[index].enrolment.journalKey] else {
            throw .key(path: files.key, reason: "the key of epoch \(number) is missing; put the file back")
        }
        if batch.last > epochs[index].exported {
            try write("remember what left as a file") { db in
                try db.execute(
                    sql: "INSERT INTO exported VALUES (?, ?) ON CONFLICT (epoch) DO UPDATE SET seq = excluded.seq",
                    arguments: [number, batch.last])
            }
            epochs[index].exported = batch.last
        }
        do {
            let lines = Data(batch.lines.map { $0 + "\n" }.joined().utf8)
            return try BatchFile(
                kiosk: batch.enrolment.kiosk, epoch: number, first: batch.first, last: batch.last,
                gzip: try Gzip.compress(lines),
                notes: BatchFile.Notes(checkpoint: batch.checkpoint, head: batch.head, receipt: batch.receipt),
                clock: KioskClock(boot: boot, bootMilliseconds: bootMilliseconds), created: created, signedWith: key)
        } catch {
            throw .key(path: files.key, reason: "the batch file cannot be made (\(error)); start again")
        }
    }

    /// Takes a receipt that was carried back, by the same checks as one from the uplink. One that is not above the receipt
    /// held is no failure. Throws what `accept` throws.
    public func accept(carried note: String) throws(JournalError) -> CarriedReceipt {
        do throws(JournalError) {
            let head = try accept(receipt: note)
            return CarriedReceipt(epoch: head.epoch, receipted: head.sequence, isNew: true)
        } catch .receipt(.notNewer(let held)) {
            let checkpoint = try Self.refusing { () throws(ReceiptRefusal) in
                try ReceiptClaim.signed(note, by: heldChains)
            }
            return CarriedReceipt(epoch: checkpoint.head.epoch, receipted: held, isNew: false)
        }
    }
}
