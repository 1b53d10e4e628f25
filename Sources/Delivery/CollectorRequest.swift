// The requests of a kiosk, ready to be sent: which fields they carry and what is signed (`reliability.md` §6.3).
//
// Constraints: the same for every way to the collector; the journal's notes go as they are, only the transport key signs
// here. Operations: `upload`, `heartbeat`. Compression is the caller's, because it needs a C library.

import FoundationEssentials
import KioskControl
import Ledger
import Wire

/// A signed request.
public struct CollectorRequest: Equatable, Sendable {
    /// Method, path and all fields, signature included.
    public var head: RequestHead
    public var body: Data

    /// Shorter bodies are sent as they are: a heartbeat, which the collector does not take compressed, or one record.
    public static let smallestCompressedBytes = 1024

    /// `PUT` of a batch. `succession` is what the collector may not know yet of `key`, `created` is the wall clock, seconds since 1970; `compress` gives nothing where it cannot.
    public static func upload(
        _ batch: Batch, key: SigningKey, succession: KeySuccession? = nil, created: Int64, compress: (Data) -> Data?
    ) throws -> CollectorRequest {
        var fields = [
            "content-type": "application/x-ndjson",
            "checkpoint": base64(batch.checkpoint),
            "head": base64(batch.head),
        ]
        fields["receipt"] = batch.receipt.map(base64)
        var body = Data((batch.lines.joined(separator: "\n") + "\n").utf8)
        if body.count > smallestCompressedBytes, let packed = compress(body), packed.count < body.count {
            body = packed
            fields["content-encoding"] = "gzip"
        }
        let path = Routes.records(batch.kiosk, epoch: batch.epoch, first: batch.first, last: batch.last)
        fields["otsenka-transport"] = (succession?.serialized).map(base64)
        return try signed("PUT", path, fields, body, now: batch.now, key: key, created: created)
    }

    /// `POST` of the kiosk's vitals. `nonce` is base64 of 16 random bytes: the signed time in the answer names it.
    public static func heartbeat(
        _ vitals: Vitals, nonce: String, key: SigningKey, succession: KeySuccession? = nil, created: Int64
    ) throws -> CollectorRequest {
        let heartbeat = Heartbeat(
            epoch: vitals.epoch, boot: vitals.now.boot, bootMilliseconds: vitals.now.bootMilliseconds,
            wall: vitals.now.wall, clock: vitals.now.clock, unsent: vitals.unsent, marks: vitals.marks,
            program: vitals.program, nonce: nonce, maintenance: vitals.maintenance > 0 ? vitals.maintenance : nil)
        var fields = ["content-type": "application/json", "head": base64(vitals.head)]
        fields["receipt"] = vitals.receipt.map(base64)
        fields["otsenka-transport"] = (succession?.serialized).map(base64)
        return try signed(
            "POST", Routes.heartbeat(vitals.kiosk), fields, try JSONEncoder().encode(heartbeat), now: vitals.now,
            key: key, created: created)
    }

    private static func signed(
        _ method: String, _ path: String, _ fields: [String: String], _ body: Data, now: KioskTime, key: SigningKey,
        created: Int64
    ) throws -> CollectorRequest {
        var fields = fields
        fields["content-digest"] = ContentDigest.value(of: body)
        fields["otsenka-clock"] = KioskClock(boot: now.boot, bootMilliseconds: now.bootMilliseconds).field
        var head = RequestHead(method: method, path: path, fields: fields)
        try RequestSignature.sign(&head, with: key, created: created)
        return CollectorRequest(head: head, body: body)
    }

    private static func base64(_ note: String) -> String { Data(note.utf8).base64EncodedString() }
}

extension Batch {
    /// Whether `run` has the last word on a receipt for this batch. It takes only what is newer than it holds; records
    /// that were receipted before and asked for again are judged by `isReceipted`.
    public var isNews: Bool { last > (receipt?.sequenceOfCheckpoint ?? 0) }

    /// Whether `note` is the collector's receipt for exactly these records.
    public func isReceipted(by note: String, identity: KioskIdentity) -> Bool {
        // The checkpoint of the batch is `run`'s own, by whatever journal key its epoch had.
        guard let own = try? SignedNote(parsing: checkpoint), let receipt = try? SignedNote(parsing: note) else {
            return false
        }
        return receipt.text == own.text
            && (try? receipt.verify(cosignedAs: identity.collectorName, by: identity.receiptKey)) != nil
    }

    /// What the delivery must know of it.
    public var extent: BatchExtent {
        BatchExtent(epoch: epoch, first: first, last: last, head: max(head.sequenceOfCheckpoint ?? last, last))
    }
}

extension String {
    /// The sequence in a checkpoint of our own, which `run` has signed: it is only counted with, not believed.
    fileprivate var sequenceOfCheckpoint: Int64? {
        let lines = split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
        return lines.count == 3 ? Int64(lines[1]) : nil
    }
}
