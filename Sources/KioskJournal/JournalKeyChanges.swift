// The journal key hands over to a new one, made on this machine.
//
// Constraints: a kill or a power cut at any step leaves a kiosk that works. Order: the new private key is written under a
// name of its own, of no consequence yet; one transaction stores the `key` record, signed by both keys, the new head and
// the succession, and this is the change; then `journal.successions` and the note follow, and an opening that finds them
// behind writes them anew. The old private key stays: records before the change are signed with it for as long as the
// collector may ask for them.

import FoundationEssentials
import GRDB
import Ledger
import Ratings

extension Journal {
    /// Changes the journal key. Durable when it returns; checkpoints from the new `key` record on are the new key's.
    /// `seconds` since 1970 is the label of the time. Throws `.notEnrolled`, `.key` when the epoch has seen too many
    /// changes, and whatever storing a record throws.
    @discardableResult
    public func changeKey(at stamp: RecordStamp, seconds: Int64) throws(JournalError) -> KeySuccession {
        guard let present = epochs.last else { throw .notEnrolled }
        guard present.keys.changes.count < JournalKeys.maximumChanges else {
            throw .key(
                path: files.key,
                reason: "it was changed \(JournalKeys.maximumChanges) times in this epoch; enrol the kiosk again first")
        }
        try requireRoom()
        let old = key
        let used = epochs.flatMap { [$0.enrolment.journalKey] + $0.keys.changes.compactMap(\.succession.newKey) }
        let new = try ring.make(after: used, files)
        let succession: KeySuccession
        do {
            succession = try KeySuccession(
                .journal, of: present.enrolment.kiosk.rawValue, generation: present.keys.generation + 1,
                from: old.publicKey, to: new, time: max(0, seconds), signedBy: [old])
        } catch {
            throw .key(path: files.key, reason: "it cannot sign (\(error)); start again")
        }
        try store([succession], at: stamp)
        try saveKeySuccessions()
        try saveNote()
        return succession
    }

    /// Which generation the next transport key is at least: the one of the enrolment is 1. After a loss of the journal the
    /// key's own file knows better.
    public var nextTransportGeneration: Int {
        let newest = successions.filter { $0.role == .transport }.map(\.generation).max()
        return (newest ?? 1) + 1
    }

    /// Vouches for a new transport key, which has signed its succession already, and puts that on record. Gives the
    /// succession with the journal key's signatures. Throws `.notEnrolled`, and `.key` for one that is not this kiosk's
    /// or comes after no newer one.
    public func vouch(for note: String, at stamp: RecordStamp) throws(JournalError) -> KeySuccession {
        guard let present = epochs.last else { throw .notEnrolled }
        do {
            var succession = try KeySuccession(parsing: note)
            guard succession.role == .transport, succession.subject == present.enrolment.kiosk.rawValue,
                succession.generation >= nextTransportGeneration
            else { throw SuccessionError.outOfPlace }
            // Every key since the genesis, since the collector may not have seen the newest.
            let vouching = [present.keys.first] + present.keys.changes.compactMap(\.succession.newKey)
            for publicKey in vouching {
                if let key = ring[publicKey] { succession = try succession.signed(with: key) }
            }
            try requireRoom()
            try store([succession], at: stamp)
            return succession
        } catch let error as JournalError {
            throw error
        } catch {
            throw .key(path: files.key, reason: "it does not vouch for this transport key: \(error)")
        }
    }

    /// Stores `key` records for successions, with what follows from them, in one transaction.
    func store(_ taken: [KeySuccession], at stamp: RecordStamp) throws(JournalError) {
        guard var present = epochs.last else { throw .notEnrolled }
        let before = present.head
        var lines: [Data] = []
        for succession in taken {
            let line = try Self.line(.key(KeyChange(succession)), at: stamp, boot: boot, after: present.head)
            lines.append(line)
            present.head.sequence += 1
            present.head.hash = ChainHash(of: line)
            guard succession.role == .journal else { continue }
            do throws(SuccessionError) {
                try present.keys.take(succession, at: present.head.sequence)
            } catch {
                throw .key(path: files.key, reason: "\(error)")
            }
        }
        let after = present
        try write("store a change of keys") { db in
            try Self.insert(lines, taken, from: before, to: after.head, db)
        }
        epochs[epochs.count - 1] = present
        tellNewest()
        successions += taken.filter { $0.role != .journal }
    }

    private static func insert(
        _ lines: [Data], _ taken: [KeySuccession], from before: ChainHead, to after: ChainHead, _ db: Database
    ) throws {
        for (index, line) in lines.enumerated() {
            let sequence = before.sequence + 1 + Int64(index)
            try db.execute(
                sql: "INSERT INTO record (position, line) VALUES (?, ?)",
                arguments: [JournalSchema.position(epoch: before.epoch, sequence: sequence), line])
            let succession = taken[index]
            if succession.role == .journal {
                try db.execute(
                    sql: "INSERT INTO journal_key VALUES (?, ?, ?)",
                    arguments: [before.epoch, sequence, succession.serialized])
            } else {
                try db.execute(sql: "INSERT INTO trusted_key (note) VALUES (?)", arguments: [succession.serialized])
            }
        }
        try db.execute(
            sql: "UPDATE head SET seq = ?, hash = ? WHERE epoch = ? AND seq = ?",
            arguments: [after.sequence, after.hash.bytes, before.epoch, before.sequence])
        guard db.changesCount == 1 else { throw Unreadable(reason: "the head is not where it was left") }
    }

    /// Writes down how the present epoch's key came to be, beside the store. On a full disk it stays as it is.
    func saveKeySuccessions() throws(JournalError) {
        let changes = epochs.last?.keys.changes.map(\.succession) ?? []
        let text = Data(KeySuccession.join(changes).utf8)
        do throws(JournalError) {
            let held = try files.read(files.successions, maximum: Self.successionsBytes)
            guard held ?? Data() != text else { return }
            try files.replace(files.successions, with: text)
        } catch .full {
            return
        } catch .damaged {
            try files.replace(files.successions, with: text)
        } catch {
            // Should the store be lost before the file is right, the collector would not know the next epoch's key.
            poisonAfter(error)
            throw error
        }
    }

    /// Of the file; a note has 4 KiB at most.
    private static let successionsBytes = JournalKeys.maximumChanges * 4096

    /// How the key that an epoch's genesis names became the present one, as `journal.successions` has it: only steps whose
    /// private key is here.
    func keyChanges(from first: PublicKey, of kiosk: KioskID) -> [KeySuccession] {
        guard let data = try? files.read(files.successions, maximum: Self.successionsBytes),
            let known = try? KeySuccession.split(String(decoding: data, as: UTF8.self))
        else { return [] }
        let path = KeySuccession.path(.journal, of: kiosk.rawValue, from: first, over: known)
        return Array(path.prefix { $0.newKey.flatMap { ring[$0] } != nil })
    }
}

extension KeyChange {
    /// The record of a succession. Its note says it all; the other fields are for a person who reads the line.
    init(_ succession: KeySuccession) {
        self.init(
            purpose: Purpose(rawValue: succession.role.rawValue) ?? .journal, old: succession.old.base64EncodedString(),
            new: succession.new.base64EncodedString(), signatureByOld: "", signatureByNew: "",
            note: succession.serialized)
    }
}
