import FoundationEssentials
import Ledger
import Ratings

/// The keys and the kiosk under which the seeds are made, so that a mutation can keep its signatures.
enum Known {
    static let journalKey = key(1)
    static let collectorKey = key(2)
    static let transportKey = key(3)
    static let collector = "collector.example"
    static let nonce = "bm9uY2U"

    static func kiosk() throws -> KioskID {
        guard let kiosk = KioskID(rawValue: "kiosk-1") else { throw NoteError.malformed }
        return kiosk
    }

    private static func key(_ byte: UInt8) -> SigningKey {
        do {
            return try SigningKey(seed: Data(repeating: byte, count: 32))
        } catch {
            preconditionFailure("32 bytes are a seed: \(error)")
        }
    }

    /// A chain with one record of each kind.
    static func lines() throws -> [Data] {
        let kiosk = try kiosk()
        let genesis = Genesis(
            kiosk: kiosk.rawValue, epoch: 1, publicKey: journalKey.publicKey, collectorNonce: nonce)
        let session = SessionID(bits: 7)
        let bodies: [RecordBody] = [
            .boot(Boot(hardware: "board", program: "1.0")),
            .clock(ClockChange(old: "1970-01-01T00:00:03.000Z", new: "2026-11-22T08:27:08.123Z")),
            .shown(
                Shown(
                    session: session, questionnaire: "default@1", language: "ru",
                    visit: Visit(source: .ticket, ticket: "A-17", window: "3"))),
            .answer(
                Answer(session: session, question: "overall", value: 5, language: "ru", elapsedMilliseconds: 1800)),
            .comment(TextDigest(session: session, digest: ChainHash(of: Data()).base64)),
            .gratitude(Gratitude(session: session, unit: "window-1")),
            .config(Applied(name: "questionnaire", version: "1", digest: "abc")),
            .maintenance(Maintenance(moment: .opened, technician: "t-1")),
            .loss(Loss(reason: "damaged", receiptedEpoch: 1, receiptedSequence: 4, receiptedHash: "abc")),
            .session(
                SessionEnd(session: session, outcome: .answered, durationMilliseconds: 9000, flags: ["burst"], rules: 1)
            ),
            .update(Applied(name: "otsenka", version: "2", digest: "abc")),
            .key(
                KeyChange(
                    purpose: .transport, old: journalKey.publicKey.base64, new: transportKey.publicKey.base64,
                    signatureByOld: "YQ", signatureByNew: "Yg")),
            .decommission(Decommission(reason: "the office closes")),
            .export(Export(first: 1, last: 4, medium: "stick")),
        ]
        var head = genesis.head
        return try bodies.map { body in
            let header = RecordHeader(
                kiosk: kiosk, epoch: 1, sequence: head.sequence + 1, boot: 1, bootMilliseconds: 1000,
                wall: "2026-11-22T08:27:08.123Z", clock: .free, previous: head.hash.base64)
            let line = try Record(header: header, body: body).line()
            head.sequence += 1
            head.hash = ChainHash(of: line)
            return line
        }
    }

    static func checkpoint(after lines: [Data]) throws -> Checkpoint {
        let last = lines.last ?? Data()
        let head = ChainHead(
            kiosk: try kiosk().rawValue, epoch: 1, sequence: Int64(lines.count), hash: ChainHash(of: last))
        return try Checkpoint(head: head, signedWith: journalKey)
    }
}
