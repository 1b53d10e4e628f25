import KioskControl
import KioskJournal
import Ledger
import Ratings
import Systemd

/// What needs a technician, as status and heartbeats name it.
enum Mark: String, CaseIterable {
    case noInput = "no_input"
    case noDisplay = "no_display"
    case diskLow = "disk_low"
    case diskFull = "disk_full"
    /// A damaged journal was set aside.
    case journalSetAside = "journal_set_aside"
    case fork
    case rewind = "rewind_kiosk"
    case epochClosed = "epoch_closed"
    case revoked
    case refusedBatch = "refused_batch"
}

/// What `run` knows of itself, for the sockets and the technician mark. One thread: the loop's.
final class KioskFacts {
    private(set) var journal: JournalFacts
    private(set) var marks: Set<Mark> = []
    /// Called when a mark appears or goes.
    var marksChanged: (() -> Void)?
    private let clock: WallClock

    init(journal: JournalFacts, clock: WallClock) {
        self.journal = journal
        self.clock = clock
        takeMarks()
    }

    /// Records that wait for a receipt.
    var unsent: Int { Int(journal.unsent) }

    var identity: KioskIdentity? {
        journal.enrolment.map {
            KioskIdentity(
                kiosk: $0.kiosk, epoch: $0.epoch, journalKey: $0.journalKey, collector: $0.collector,
                collectorName: $0.collectorName, receiptKey: journal.receiptKey ?? $0.receiptKey)
        }
    }

    /// The clocks now.
    func time() -> KioskTime {
        let (wall, state) = clock.now()
        return KioskTime(
            boot: journal.boot, bootMilliseconds: KernelClock.boot.milliseconds, wall: wall, clock: state)
    }

    /// The journal's state after some work on it.
    func journalChanged(_ facts: JournalFacts) {
        journal = facts
        takeMarks()
    }

    func set(_ mark: Mark, _ isSet: Bool) {
        let before = marks
        if isSet { marks.insert(mark) } else { marks.remove(mark) }
        if marks != before { marksChanged?() }
    }

    /// What the collector said instead of a receipt.
    func heard(_ verdict: Verdict) {
        switch verdict {
        case .fork: set(.fork, true)
        case .rewindKiosk: set(.rewind, true)
        case .epochClosed: set(.epochClosed, true)
        case .revoked: set(.revoked, true)
        case .malformed: set(.refusedBatch, true)
        }
    }

    private func takeMarks() {
        set(.diskLow, journal.capacity.level == .warning || journal.capacity.level == .alarm)
        set(.diskFull, journal.capacity.level == .full)
        set(.journalSetAside, journal.setAside != nil)
    }
}
