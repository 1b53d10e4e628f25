import FoundationEssentials
import Glibc
import Ledger
import Ratings
import RealPrograms
import SeededRandom
import Torture

@testable import KioskJournal

/// G6: a full disk refuses openly and recovers alone.
///
/// In each round a small file system is filled by the journal itself, by another program's file, or by files that take all
/// inodes. Records are stored until one is refused, receipted ones are deleted without a free byte, the room comes back, and
/// everything that was thanked must be there. One try is one round.
struct FullDisk {
    enum Filling: CaseIterable { case journal, stranger, inodes }

    /// What must be caught: the real journal, used wrongly.
    enum Wrong: CaseIterable {
        /// Nothing is held back for the day on which the disk is full.
        case noBallast
        /// Says thanks for a record that was refused.
        case thanksWhenFull
        /// Makes room for a record by deleting the oldest ones, receipted or not.
        case dropsOldest
    }

    var wrong: Wrong?

    static let bytes = 6 << 20
    static let inodes = 40
    static let resumed = Duration.seconds(5)

    func run(_ trial: Trial) throws -> Tried {
        var row = Tried("G6 full disk", seed: trial.seed)
        var random = SplitMix(trial.seed)
        while row.tries < trial.tries {
            let filling = Filling.allCases[row.tries % Filling.allCases.count]
            let disk = try SmallDisk(trial.place.subfolder("disk"), bytes: Self.bytes, inodes: Self.inodes)
            var round = try Round(disk, records: 600 + Int(random.next() % 600), wrong)
            do {
                let refused = try round.fill(filling, restarts: random.next() % 2 == 0)
                row.faults += refused ? 1 : 0
                try round.resume()
            } catch { round.complaints.append("\(error)") }
            row.tries += 1
            let number = row.tries
            for complaint in round.complaints { row.violate("round \(number), \(filling): \(complaint)") }
            trial.progress.tell(row, of: trial.tries)
        }
        return row
    }
}

/// A small file system in memory, unmounted at the end.
final class SmallDisk {
    let path: String

    init(_ path: String, bytes: Int, inodes: Int) throws {
        self.path = path
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(bytes),nr_inodes=\(inodes),mode=700") == 0 else {
            throw ChildError("no tmpfs can be mounted at \(path) (errno \(errno)); run it as root")
        }
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    func takeBytes() throws {
        let files = JournalFiles(directory: path)
        let descriptor = open(path + "/stranger", O_WRONLY | O_CREAT, 0o600)
        defer { close(descriptor) }
        let size = (files.size(of: path + "/stranger") ?? 0) + (try files.availableBytes())
        guard posix_fallocate(descriptor, 0, off_t(size)) == 0 else { throw files.failure("fill", path) }
    }

    func takeInodes() {
        for index in 0..<FullDisk.inodes {
            let descriptor = open("\(path)/stranger-\(index)", O_WRONLY | O_CREAT, 0o600)
            guard descriptor >= 0 else { return }
            close(descriptor)
        }
    }

    func giveBack() {
        unlink(path + "/stranger")
        for index in 0..<FullDisk.inodes { unlink("\(path)/stranger-\(index)") }
    }
}

/// One round with its oracle.
private struct Round {
    private let disk: SmallDisk
    private let directory: String
    private let collector: SigningKey
    private var journal: Journal?
    private let wrong: FullDisk.Wrong?
    private var thanked: [(sequence: Int64, hash: ChainHash)] = []
    var complaints: [String] = []

    private var limits: JournalLimits {
        var limits = JournalLimits()
        limits.ballastBytes = 2 << 20
        limits.reserveBytes = 256 << 10
        limits.keptAfterReceiptSeconds = 100
        if wrong == .noBallast { (limits.ballastBytes, limits.reserveBytes) = (0, 0) }
        return limits
    }

    /// Stores so many records, all but a few of them receipted and old enough to be deleted.
    init(_ disk: SmallDisk, records: Int, _ wrong: FullDisk.Wrong?) throws {
        self.disk = disk
        self.wrong = wrong
        directory = disk.path + "/journal"
        collector = try SigningKey(seed: Data(repeating: 7, count: 32))
        let journal = try open()
        guard let kiosk = KioskID(rawValue: "full") else { preconditionFailure("a kiosk id") }
        try journal.enrol(
            JournalEnrolment(
                kiosk: kiosk, epoch: 1, journalKey: journal.publicKey, collector: "https://collector.example",
                collectorName: "collector.example", receiptKey: collector.publicKey, collectorNonce: "bm9uY2U"))
        self.journal = journal
        for _ in 0..<records { try store() }
        try deliver(time: 1_800_000_000)
        for _ in 0..<10 { try store() }
        try deliver(time: 1_800_000_000 + 1000)
        for _ in 0..<10 { try store() }
    }

    private func open() throws -> Journal {
        try Journal.openOrQuarantine(directory: directory, at: StoredJournal.stamp, limits: limits)
    }

    private mutating func store() throws {
        guard let journal else { return }
        let answer = Answer(
            session: SessionID(bits: UInt64(thanked.count)), question: "overall", value: 3, language: "ru",
            elapsedMilliseconds: 1800)
        let record = try journal.append(.answer(answer), at: StoredJournal.stamp)
        thanked.append((record.sequence, record.hash))
    }

    private func deliver(time: UInt64) throws {
        guard let journal else { return }
        while let batch = try journal.batch() {
            var note = try Checkpoint(parsing: batch.checkpoint, kiosk: "full", key: journal.publicKey)
            try note.cosign(as: "collector.example", with: collector, time: time)
            _ = try journal.accept(receipt: note.serialized)
        }
    }

    /// Fills the disk and stores until a record is refused, starting again after a failure as the shell does; then deletes
    /// what may go. True when a record was refused, or when no inode was left.
    mutating func fill(_ filling: FullDisk.Filling, restarts: Bool) throws -> Bool {
        if filling == .stranger { try disk.takeBytes() }
        if filling == .inodes { disk.takeInodes() }
        var refused = filling == .inodes
        for _ in 0..<(filling == .inodes ? 200 : 30_000) {
            do throws(JournalError) {
                do { try store() } catch let error as JournalError { throw error } catch { break }
            } catch {
                guard case .full = error else {
                    complaints.append("a record was refused with \(error)")
                    break
                }
                refused = true
                try misbehave()
                if journal?.facts.capacity.level == .full { break }
                try again()
            }
        }
        if restarts { try again() }
        var deleted = 0
        while let count = try journal?.compact(), count > 0 { deleted += count }
        if deleted == 0 { complaints.append("nothing could be deleted on the full disk") }
        return refused
    }

    /// After a refusal, what a wrong journal does.
    private mutating func misbehave() throws {
        guard let last = thanked.last else { return }
        switch wrong {
        case .thanksWhenFull: thanked.append((last.sequence + 1, last.hash))
        case .dropsOldest:
            disk.giveBack()
            try again()
            try journal?.access("drop the oldest") { db in
                try db.execute(sql: "DELETE FROM record WHERE position IN (SELECT position FROM record LIMIT 5000)")
            }
        case .noBallast, nil: break
        }
    }

    private mutating func again() throws {
        try journal?.close()
        journal = nil
        journal = try open()
        if let reason = journal?.setAside?.reason { complaints.append("it was set aside: \(reason)") }
    }

    /// The room is back: storing goes on, and all that was thanked is there.
    mutating func resume() throws {
        disk.giveBack()
        let begun = ContinuousClock.now
        for _ in 0..<5 { try store() }
        if begun.duration(to: .now) > FullDisk.resumed { complaints.append("it did not resume in time") }
        try again()
        guard let journal else { return }
        let stored = try StoredJournal(of: journal)
        if let damage = stored.damage { complaints.append(damage) }
        let kept = Dictionary(uniqueKeysWithValues: stored.records.map { ($0.place.sequence, $0.hash) })
        let receipted = journal.receipted
        for (sequence, hash) in thanked {
            if let found = kept[sequence] {
                if found != hash.base64 { complaints.append("record \(sequence) is not what was thanked") }
            } else if sequence > receipted - 10 {
                complaints.append("record \(sequence) was thanked and is gone")
            }
        }
        if stored.records.contains(where: { $0.place.sequence > thanked.last?.sequence ?? 0 }) {
            complaints.append("there is a record that was not thanked")
        }
        try journal.close()
    }
}
