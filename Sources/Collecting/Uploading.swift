import FoundationEssentials
import Ledger
import Ratings
import Wire

extension Collector {
    /// Takes a batch: checks digest, notes and chain, decides and stores in one transaction, and signs the receipt only
    /// when that transaction is durable. `body` is as it was sent; `inflate` is called after its digest was checked,
    /// and only if it is compressed; it must stop at `WireLimits.bytesPerBatch`.
    ///
    /// Throws `Refusal`, or `StoreError` when the store failed: then nothing was stored and the kiosk tries again.
    public func upload(
        _ permit: UploadPermit, body: Data, now: Int64, inflate: (Data) throws -> Data
    ) async throws -> UploadAnswer {
        try await settle(permit, body: body, now: now, inflate: inflate).answer
    }

    /// The same, with the number of records that were new.
    func settle(
        _ permit: UploadPermit, body: Data, now: Int64, inflate: (Data) throws -> Data
    ) async throws -> (answer: UploadAnswer, new: Int64) {
        let batch = try check(permit, body: try verified(body, of: permit.head, inflate: inflate))
        let outcome = try await store.write { transaction in
            try self.take(batch, permit: permit, now: now, in: transaction)
        }
        switch outcome {
        case .refused(let refusal): throw refusal
        case .taken(let new):
            var receipt = batch.checkpoint
            try receipt.cosign(as: identity.name, with: identity.key, time: UInt64(max(0, now / 1000)))
            return (UploadAnswer(receipt: receipt.serialized), new)
        }
    }

    func verified(
        _ body: Data, of head: RequestHead, inflate: (Data) throws -> Data
    ) throws(Refusal) -> Data {
        guard let digest = head.fields["content-digest"], ContentDigest.matches(digest, body: body) else {
            throw Refusal(
                error: .badDigest,
                message: "Content-Digest is not the SHA-256 of the body as it arrived; send it again")
        }
        switch head.fields["content-encoding"]?.lowercased() {
        case nil, "identity": return body
        case "gzip", "x-gzip":
            do {
                return try inflate(body)
            } catch let refusal as Refusal {
                throw refusal
            } catch {
                throw Refusal(error: .malformed, message: "the body is not gzip within the limits: \(error)")
            }
        case let other?:
            throw Refusal(error: .malformed, message: "Content-Encoding \(other) is not known; use gzip or none")
        }
    }

    /// Everything that needs no store. The chain comes first: it may hold the key that signed for it.
    private func check(_ permit: UploadPermit, body: Data) throws(Refusal) -> CheckedBatch {
        let run = try CheckedBatch.run(
            in: body, kiosk: permit.kiosk, epoch: permit.epoch, first: permit.first, last: permit.last)
        let known = permit.knownKeys
        var keys = known.before(permit.first)
        for item in run.items { keys.follow(item.body, at: item.link.sequence) }
        let checkpoint = try note(in: "checkpoint", of: permit.head, keys: keys)
        // What is known of later records counts, unless the batch tells another story: that is a fork, with its own keys.
        let later = known.before(permit.last + 1) == keys ? known : keys
        let head = try note(in: "head", of: permit.head, keys: later)
        guard checkpoint.head.epoch == permit.epoch, checkpoint.head.sequence == permit.last else {
            throw Refusal(
                error: .badCheckpoint,
                message:
                    "Checkpoint is of epoch \(checkpoint.head.epoch), record \(checkpoint.head.sequence), and not of "
                    + "epoch \(permit.epoch), record \(permit.last), the last one of the batch")
        }
        guard head.head.epoch == permit.epoch, head.head.sequence >= permit.last,
            head.head.sequence > permit.last || head.head == checkpoint.head
        else {
            throw Refusal(
                error: .badCheckpoint,
                message:
                    "Head is of epoch \(head.head.epoch), record \(head.head.sequence), which contradicts the batch "
                    + "that ends with record \(permit.last)")
        }
        guard run.head == checkpoint.head else { throw CheckedBatch.broken(.wrongHash(sequence: permit.last)) }
        return CheckedBatch(
            first: permit.first, lines: run.lines, items: run.items, previous: run.previous, checkpoint: checkpoint,
            head: head, receipt: receipt(in: permit.head, epoch: permit.epoch, keys: later), moment: permit.moment,
            keys: keys)
    }

    func note(
        in field: String, of head: RequestHead, keys: JournalKeys
    ) throws(Refusal) -> Checkpoint {
        guard let value = head.fields[field], let text = String(base64Note: value) else {
            throw Refusal(error: .badCheckpoint, message: "the field \(field) is not the base64 of a note")
        }
        do throws(NoteError) {
            return try Checkpoint(parsing: text, keys: keys)
        } catch {
            throw Refusal(error: .badCheckpoint, message: "the field \(field): \(error)")
        }
    }

    /// The receipt that the kiosk shows, if it is one of ours for this epoch. An older or foreign one proves nothing
    /// and is no reason to refuse records.
    func receipt(in head: RequestHead, epoch: Int, keys: JournalKeys) -> Checkpoint? {
        guard head.fields["receipt"] != nil, let note = try? note(in: "receipt", of: head, keys: keys),
            note.head.epoch == epoch, (try? note.receiptTime(of: identity.name, keys: identity.receiptKeys)) != nil
        else { return nil }
        return note
    }

    /// Whether the kiosk shows a receipt of ours for this epoch, by our own signature alone: where the epoch is not
    /// stored, its journal keys are not either.
    func isReceipted(in head: RequestHead, kiosk: KioskID, epoch: Int) -> Bool {
        guard let text = head.fields["receipt"].flatMap(String.init(base64Note:)),
            let note = try? SignedNote(parsing: text),
            note.text.hasPrefix("otsenka/kiosk/\(kiosk)/\(epoch)\n")
        else { return false }
        return identity.receiptKeys.contains { (try? note.verify(cosignedAs: identity.name, by: $0)) != nil }
    }
}

extension String {
    /// The text that a field carries in base64; nothing unless it is UTF-8.
    init?(base64Note field: String) {
        guard let data = Data(base64Encoded: field), let text = String(data: data, encoding: .utf8) else { return nil }
        self = text
    }
}
