import FoundationEssentials
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
            try journal.check(Suspicion(files))
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
            try Self.follow(&position, to: present.head.sequence, maximum: limits.verifiedAtOpening, .fields, db)
            guard position == present.head else {
                throw ChainError.wrongHash(sequence: present.head.sequence)
            }
            let end = JournalSchema.position(epoch: present.number, sequence: present.head.sequence)
            guard try Int64.fetchOne(db, sql: "SELECT max(position) FROM record") ?? 0 <= end else {
                throw Unreadable(reason: "there are records after the newest one")
            }
        }
    }

    /// What an opening looks at after a failure, before the journal is used. Where the older records are left for later,
    /// `isUnderCheck` says so; nothing of them is sent unread meanwhile, because a batch follows the chain as well.
    func check(_ suspicion: Suspicion) throws(JournalError) {
        guard suspicion != .none else { return }
        try checkFile()
        let records = epochs.reduce(0) { $0 + $1.head.sequence - $1.anchor.sequence }
        if suspicion == .failure, records > limits.checkedAtOpening {
            isUnderCheck = true
            return
        }
        if case .broken(_, _, let reason)? = try verify(.links) { throw .damaged(path: store.path, reason: reason) }
    }

    /// SQLite's own check of the whole file: 0.25 s for 200,000 records.
    private func checkFile() throws(JournalError) {
        try access("check the file") { db in
            let found = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)")
            guard found == "ok" else { throw Unreadable(reason: found ?? "integrity_check says nothing") }
        }
    }

    /// Ends the check of the older records with what the walk over them has found. Throws `.damaged` when a record is not
    /// what it was; the journal is then poisoned, and the next opening sets the store aside.
    func finishCheck(_ found: WalkStep) throws(JournalError) {
        if case .broken(_, _, let reason) = found {
            let error = JournalError.damaged(path: store.path, reason: reason)
            poisonAfter(error)
            throw error
        }
        isUnderCheck = false
        try files.remove(files.suspect)
    }
}

/// What the program that had the journal open last feared, from the file that it left behind.
enum Suspicion: Equatable {
    case none
    /// A call failed. Records that were durable before are what they were, unless the disk itself is breaking.
    case failure
    /// A record or a page was found to be wrong: nothing is believed before all of it was looked at.
    case damage

    private static let failureTitle = "failure\n"

    init(_ files: JournalFiles) {
        guard files.size(of: files.suspect) != nil else {
            self = .none
            return
        }
        let said = (try? files.read(files.suspect, maximum: 4096)).flatMap { $0 }
        self = said?.starts(with: Self.failureTitle.utf8) == true ? .failure : .damage
    }

    /// The file's contents for this error.
    static func note(_ error: JournalError) -> Data {
        if case .damaged = error { return Data("damage\n\(error)\n".utf8) }
        return Data((failureTitle + "\(error)\n").utf8)
    }
}
