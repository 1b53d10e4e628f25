import FoundationEssentials
import Ledger

extension EnrolmentNote {
    private static let title = "otsenka enrolment\n"

    /// Reads the note; nothing when there is none or when it cannot be believed.
    static func read(
        _ files: JournalFiles, key: SigningKey, others: [PublicKey] = []
    ) throws(JournalError) -> EnrolmentNote? {
        let data: Data?
        do throws(JournalError) {
            data = try files.read(files.enrolment, maximum: SignedNote.maximumBytes)
        } catch .damaged { return nil }
        guard let data, let text = String(validating: data, as: UTF8.self),
            let note = try? SignedNote(parsing: text), note.text.hasPrefix(title),
            let value = try? JSONDecoder().decode(
                EnrolmentNote.self, from: Data(note.text.dropFirst(title.count).utf8)),
            // A change of the key may have been cut off before the note was written anew.
            ([key.publicKey] + others).contains(where: {
                (try? note.verify(signedAs: value.enrolment.kiosk.rawValue, by: $0)) != nil
            })
        else { return nil }
        return value
    }

    /// Writes the note durably.
    func write(_ files: JournalFiles, key: SigningKey) throws(JournalError) {
        let serialized: String
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let json = String(decoding: try encoder.encode(self), as: UTF8.self)
            var note = SignedNote(text: Self.title + json + "\n")
            try note.sign(as: enrolment.kiosk.rawValue, with: key)
            serialized = note.serialized
        } catch {
            throw .unencodable(reason: "\(error)")
        }
        try files.replace(files.enrolment, with: Data(serialized.utf8))
    }

    /// The head that the receipt in the note is for, if its signatures are right.
    func receiptedHead(key: PublicKey, others: [PublicKey] = []) -> ChainHead? {
        guard let receipt else { return nil }
        let receiptKeys = [enrolment.receiptKey] + (self.receiptKeys ?? [])
        for key in [key] + others {
            guard let checkpoint = try? Checkpoint(parsing: receipt, kiosk: enrolment.kiosk.rawValue, key: key) else {
                continue
            }
            let isOurs = (try? checkpoint.receiptTime(of: enrolment.collectorName, keys: receiptKeys)) != nil
            return isOurs ? checkpoint.head : nil
        }
        return nil
    }
}
