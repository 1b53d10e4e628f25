import FoundationEssentials

/// The signed head of a kiosk's chain (`reliability.md` §6.2).
///
/// A *receipt* is the same note with the collector's cosignature added, which it gives only after every record up to
/// `head.sequence` is durable. One format proves both directions.
public struct Checkpoint: Equatable, Sendable {
    public let head: ChainHead
    public private(set) var note: SignedNote

    /// Signs `head` as its kiosk.
    public init(head: ChainHead, signedWith key: SigningKey) throws {
        try self.init(head: head, signedWith: [key])
    }

    /// Signs `head` with each of these keys: after a change of the journal key the older ones sign too, for a collector
    /// that has not yet seen the record of the change.
    public init(head: ChainHead, signedWith keys: [SigningKey]) throws {
        self.head = head
        note = SignedNote(text: Self.text(of: head))
        for key in keys { try note.sign(as: head.kiosk, with: key) }
    }

    /// Reads a note of an epoch whose keys these are, and verifies the signature of the key that speaks for its record.
    /// Throws `NoteError`.
    public init(parsing text: String, keys: JournalKeys) throws(NoteError) {
        note = try SignedNote(parsing: text)
        guard let head = Self.head(in: note.text), head.kiosk == keys.kiosk else { throw .notACheckpoint }
        try note.verify(signedAs: keys.kiosk, by: keys.key(at: head.sequence))
        self.head = head
    }

    /// Reads a note and verifies the kiosk's signature before its text is interpreted. Throws `NoteError`.
    public init(parsing text: String, kiosk: String, key: PublicKey) throws(NoteError) {
        note = try SignedNote(parsing: text)
        try note.verify(signedAs: kiosk, by: key)
        guard let head = Self.head(in: note.text), head.kiosk == kiosk else { throw .notACheckpoint }
        self.head = head
    }

    public var serialized: String { note.serialized }

    /// Makes this checkpoint a receipt. `time` is in seconds since 1970.
    public mutating func cosign(as collector: String, with key: SigningKey, time: UInt64) throws {
        try note.cosign(as: collector, with: key, time: time)
    }

    /// The time at which the collector cosigned, seconds since 1970. Throws `NoteError.unsigned` if it did not.
    public func receiptTime(of collector: String, key: PublicKey) throws(NoteError) -> UInt64 {
        try note.verify(cosignedAs: collector, by: key)
    }

    /// As `receiptTime(of:key:)`, by whichever of these keys cosigned. Throws `NoteError.unsigned` if none did.
    public func receiptTime(of collector: String, keys: [PublicKey]) throws(NoteError) -> UInt64 {
        for key in keys {
            if let time = try? receiptTime(of: collector, key: key) { return time }
        }
        throw .unsigned(collector)
    }

    private static func text(of head: ChainHead) -> String {
        "otsenka/kiosk/\(head.kiosk)/\(head.epoch)\n\(head.sequence)\n\(head.hash.base64)\n"
    }

    private static func head(in text: String) -> ChainHead? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4 else { return nil }
        let origin = lines[0].split(separator: "/", omittingEmptySubsequences: false)
        guard origin.count == 4, origin[0] == "otsenka", origin[1] == "kiosk", let epoch = Int(origin[3]), epoch > 0,
            let sequence = Int64(lines[1]), sequence >= 0, let hash = ChainHash(base64: String(lines[2]))
        else { return nil }
        let head = ChainHead(kiosk: String(origin[2]), epoch: epoch, sequence: sequence, hash: hash)
        // One spelling only: what is signed is what we would have written (no "+5", no leading zeros, no extensions).
        return Self.text(of: head) == text ? head : nil
    }
}
