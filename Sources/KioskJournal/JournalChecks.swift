import GRDB
import Ledger

// What a store must satisfy before it is believed.

extension Entrance {
    func check(_ journal: Journal, bootBefore: Int) throws(OpeningFailure) {
        let state = journal.noteNow
        do throws(JournalError) {
            try checkAgainstNote(journal, bootBefore: bootBefore)
            if let present = journal.epochs.last, ring[present.keys.current] == nil {
                throw .key(path: files.key, reason: "it is not the key of this enrolment; put the right file back")
            }
            try journal.checkNewest()
            if files.size(of: files.suspect) != nil { try journal.checkEverything() }
        } catch {
            switch OpeningFailure(error) {
            case .refused(let error): throw .refused(error)
            case .damaged(let damage): throw .damaged(Damage(reason: damage.reason, lastKnown: state))
            }
        }
    }

    /// The note is written after the store, so a store behind it was rolled back or lost its end.
    private func checkAgainstNote(_ journal: Journal, bootBefore: Int) throws(JournalError) {
        guard let note else { return }
        func damaged(_ reason: String) -> JournalError { .damaged(path: files.store, reason: reason) }
        guard let present = journal.epochs.last else {
            throw damaged("it holds no epoch, but the kiosk is enrolled in epoch \(note.enrolment.epoch)")
        }
        guard note.enrolment.epoch <= present.number else {
            throw damaged("it ends with epoch \(present.number), but epoch \(note.enrolment.epoch) was opened")
        }
        guard note.boot <= bootBefore else {
            throw damaged(
                "it knows \(bootBefore) starts, but there were \(note.boot): an older copy was put in its place")
        }
        guard note.enrolment.epoch == present.number else { return }
        guard note.enrolment == present.enrolment else { throw damaged("it names another enrolment") }
        if let closed = note.closed, closed.sequence != present.head.sequence || closed.hash != present.head.hash.base64
        {
            throw damaged(
                "it ends with record \(present.head.sequence), but was closed with record \(closed.sequence)")
        }
        guard let receipted = note.receiptedHead(key: ring.first.publicKey, others: ring.publicKeys) else { return }
        guard receipted.sequence <= present.head.sequence else {
            throw damaged(
                "it ends with record \(present.head.sequence), but the collector has receipted record \(receipted.sequence)"
            )
        }
        guard receipted.sequence >= present.anchor.sequence else { return }
        let own = try journal.access("read a record") { db in
            try Journal.head(at: receipted.sequence, of: present, db)
        }
        guard own == receipted else { throw damaged(ChainError.wrongHash(sequence: receipted.sequence).description) }
    }
}

extension Journal {
    /// Verifies the newest links and the head of the present epoch.
    func checkNewest() throws(JournalError) {
        guard let present = epochs.last else { return }
        try access("read the newest records") { [limits] db in
            let first = max(present.anchor.sequence, present.head.sequence - Int64(limits.verifiedAtOpening))
            // The line before the first link is taken as it is; the first link then verifies it.
            var position = try Self.head(at: first, of: present, db)
            try Self.follow(&position, to: present.head.sequence, maximum: limits.verifiedAtOpening, db)
            guard position == present.head else {
                throw ChainError.wrongHash(sequence: present.head.sequence)
            }
            let end = JournalSchema.position(epoch: present.number, sequence: present.head.sequence)
            guard try Int64.fetchOne(db, sql: "SELECT max(position) FROM record") ?? 0 <= end else {
                throw Unreadable(reason: "there are records after the newest one")
            }
        }
    }

    /// After a failure: SQLite's own check of the whole file, then every record.
    func checkEverything() throws(JournalError) {
        try access("check the file") { db in
            let found = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)")
            guard found == "ok" else { throw Unreadable(reason: found ?? "integrity_check says nothing") }
        }
        if case .broken(_, _, let reason)? = try verify() { throw .damaged(path: store.path, reason: reason) }
    }
}
