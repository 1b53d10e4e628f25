import GRDB
import Ledger

extension Journal {
    /// Opens the epoch of an enrolment. Records of earlier epochs stay, and those not yet receipted are still offered when
    /// the kiosk and its key are the same.
    ///
    /// Throws `.key` for an enrolment of another journal key, and `.staleEpoch` unless the epoch is above every one held.
    public func enrol(_ enrolment: JournalEnrolment) throws(JournalError) {
        guard enrolment.journalKey == key.publicKey else {
            throw .key(path: files.key, reason: "the enrolment is for another journal key; enrol this kiosk itself")
        }
        let newest = epochs.last?.number ?? 0
        guard enrolment.epoch > newest, enrolment.epoch < JournalSchema.maximumEpoch else {
            throw .staleEpoch(asked: enrolment.epoch, newest: newest)
        }
        let epoch = EpochState(opening: enrolment)
        try write("open an epoch") { db in try epoch.insert(db) }
        epochs.append(epoch)
        tellNewest()
        try saveKeySuccessions()
        try saveNote()
    }

    /// Whether the present enrolment can vouch for an epoch's records.
    func isUploadable(_ epoch: EpochState) -> Bool {
        guard let present = enrolment else { return false }
        return epoch.uploads && epoch.enrolment.kiosk == present.kiosk && ring[epoch.enrolment.journalKey] != nil
    }

    /// What the note beside the store must say now; nothing before enrolment.
    var noteNow: EnrolmentNote? {
        epochs.last.map { epoch in
            let newer = receiptKeys(of: epoch.enrolment).dropFirst().suffix(EnrolmentNote.mostReceiptKeys)
            return EnrolmentNote(
                enrolment: epoch.enrolment, boot: boot, receipt: epoch.receipt,
                receiptKeys: newer.isEmpty ? nil : Array(newer), maintenance: maintenance > 0 ? maintenance : nil)
        }
    }

    /// Brings the note up to date. On a full disk it stays as it is: the store has said the same durably.
    func saveNote(closed: Bool = false) throws(JournalError) {
        guard var note = noteNow else { return }
        if closed, let head { note.closed = .init(sequence: head.sequence, hash: head.hash.base64) }
        do throws(JournalError) {
            try note.write(files, key: key)
        } catch .full {
            return
        } catch {
            poisonAfter(error)
            throw error
        }
    }
}

extension Journal {
    /// The journal key's signature over `TransportStatement` for this transport key, as base64.
    public func certify(transportKey: PublicKey) throws(JournalError) -> String {
        let statement = TransportStatement.bytes(journalKey: publicKey, transportKey: transportKey)
        do { return try key.signature(over: statement).base64EncodedString() } catch {
            throw .key(path: files.key, reason: "it cannot sign (\(error)); start again")
        }
    }
}
