import FoundationEssentials
import GRDB
import Ledger
import Ratings

/// A damaged store that was set aside.
public struct SetAside: Equatable, Sendable {
    /// The file's name in the journal's directory; nothing when there was no file any more, and when only the store's end
    /// was lost and the rest is still in use.
    public let file: String?
    public let reason: String
}

extension Entrance {
    /// Sets the store aside and opens the next epoch with what is still known. A kiosk of which nothing is known any more
    /// opens a store without an enrolment. A crash in between ends here again at the next start.
    func quarantine(_ damage: Damage, at stamp: RecordStamp) throws(JournalError) -> Journal {
        let file = try setAside(at: stamp)
        let journal: Journal
        do throws(OpeningFailure) {
            journal = try openStore().journal
        } catch {
            switch error {
            case .refused(let error): throw error
            case .damaged(let damage): throw .damaged(path: files.store, reason: damage.reason)
            }
        }
        journal.setAside = SetAside(file: file, reason: damage.reason)
        let known = [note, damage.lastKnown].compactMap { $0 }
        if let last = known.max(by: { rank($0) < rank($1) }) {
            try journal.openNextEpoch(after: last, receipted: receiptedHead(last), damage.reason, at: stamp)
        }
        try settle(journal)
        return journal
    }

    /// Opens the next epoch in a store that has lost its end; what it still holds is offered for upload as before. The
    /// lost records may have been sent, so the chain cannot go on: two records with one number would be a fork.
    func goOn(with journal: Journal, _ reason: String, at stamp: RecordStamp) throws(JournalError) {
        journal.setAside = SetAside(file: nil, reason: reason)
        if let last = journal.noteNow {
            try journal.openNextEpoch(after: last, receipted: receiptedHead(last), reason, at: stamp)
        }
    }

    /// The newer epoch is the better witness, then the higher receipt whose signatures are right.
    private func rank(_ note: EnrolmentNote) -> (Int, Int64) {
        (note.enrolment.epoch, receiptedHead(note)?.sequence ?? 0)
    }

    private func receiptedHead(_ note: EnrolmentNote) -> ChainHead? {
        note.receiptedHead(key: ring.first.publicKey, others: ring.publicKeys)
    }

    /// Renames the store and its write-ahead log, so that SQLite still takes them for a pair.
    private func setAside(at stamp: RecordStamp) throws(JournalError) -> String? {
        let time = stamp.wall.prefix { $0 != "." }.filter { $0.isASCII && ($0.isNumber || $0 == "T") }
        var name = "journal.damaged-\(time)"
        var twin = 2
        while files.size(of: "\(files.directory)/\(name)") != nil
            || files.size(of: "\(files.directory)/\(name)-wal") != nil
        {
            name = "journal.damaged-\(time)-\(twin)"
            twin += 1
        }
        var moved = false
        for suffix in ["-wal", "-journal", ""] where files.size(of: files.store + suffix) != nil {
            try files.rename(files.store + suffix, to: "\(files.directory)/\(name)\(suffix)")
            moved = true
        }
        try files.synchroniseDirectory()
        return moved ? name : nil
    }
}

extension Journal {
    /// Opens the epoch after a lost one, with its `loss` as record 1, in one transaction.
    fileprivate func openNextEpoch(
        after last: EnrolmentNote, receipted: ChainHead?, _ reason: String, at stamp: RecordStamp
    ) throws(JournalError) {
        var enrolment = last.enrolment
        enrolment.epoch += 1
        // The key of the genesis stays, since it is the one that the collector knows for certain; the changes follow.
        enrolment.receiptKey = last.receiptKeys?.last ?? enrolment.receiptKey
        var epoch = EpochState(opening: enrolment)
        let loss = Loss(
            reason: String(reason.prefix(400)), receiptedEpoch: receipted?.epoch,
            receiptedSequence: receipted?.sequence, receiptedHash: receipted?.hash.base64)
        let changes = keyChanges(from: enrolment.journalKey, of: enrolment.kiosk)
        var lines: [Data] = []
        for body in [RecordBody.loss(loss)] + changes.map({ .key(KeyChange($0)) }) {
            let line = try Self.line(body, at: stamp, boot: boot, after: epoch.head)
            lines.append(line)
            epoch.head.sequence += 1
            epoch.head.hash = ChainHash(of: line)
        }
        do throws(SuccessionError) {
            for (index, change) in changes.enumerated() { try epoch.keys.take(change, at: Int64(index) + 2) }
        } catch {
            throw .key(path: files.key, reason: "\(error)")
        }
        try open(epoch, lines)
    }

    /// Stores a new epoch that begins with these lines: the loss, then its changes of the key. In one transaction, since the
    /// collector takes a loss without the changes for that of somebody who holds only the first key.
    private func open(_ epoch: EpochState, _ lines: [Data]) throws(JournalError) {
        try write("open the next epoch") { db in
            try epoch.insert(db)
            for (index, line) in lines.enumerated() {
                try db.execute(
                    sql: "INSERT INTO record (position, line) VALUES (?, ?)",
                    arguments: [JournalSchema.position(epoch: epoch.number, sequence: Int64(index) + 1), line])
            }
            for change in epoch.keys.changes {
                try db.execute(
                    sql: "INSERT INTO journal_key VALUES (?, ?, ?)",
                    arguments: [epoch.number, change.sequence, change.succession.serialized])
            }
        }
        epochs.append(epoch)
        tellNewest()
    }
}
