import GRDB
import Ledger
import Ratings

// A technician's visit: a note opens one, once. Which number was opened last stands in the note beside the store, which
// outlives a lost store; it is written before the record, so a power cut in between spends the note for nothing.

/// A visit that may be opened.
public struct JudgedMaintenance: Equatable, Sendable {
    public let note: MaintenanceNote
    /// How long it may last, seconds of the boot clock.
    public let seconds: Int64
    /// How the collector's receipt key came to be, for whoever believes only the one of the enrolment.
    public let successions: [KeySuccession]
}

extension Journal {
    /// Judges the note of a technician's visit; nothing is changed. `clock` is the best time that the kiosk has; the newest
    /// receipt is taken for its floor. Throws `.notEnrolled` and `.maintenance`.
    public func judge(
        maintenance text: String, at clock: MaintenanceClock
    ) throws(JournalError) -> JudgedMaintenance {
        guard let enrolment else { throw .notEnrolled }
        var clock = clock
        clock.floor = max(clock.floor, try newestReceiptTime())
        do throws(MaintenanceRefusal) {
            let note = try MaintenanceNote(
                text, for: enrolment.kiosk.rawValue, of: enrolment.collectorName, by: receiptKey(of: enrolment))
            guard note.number > maintenance else { throw .used(number: note.number) }
            let steps = successions.filter { $0.role == .receipt && $0.subject == enrolment.collectorName }
            return JudgedMaintenance(note: note, seconds: try note.seconds(at: clock), successions: steps)
        } catch { throw .maintenance(error) }
    }

    /// Spends the note and puts the opening of its visit on record. Durable when it returns. Throws `.maintenance` for a
    /// number that was opened before, `.full` before anything is touched, and whatever storing a record throws.
    public func open(_ visit: MaintenanceNote, at stamp: RecordStamp) throws(JournalError) {
        guard visit.number > maintenance else { throw .maintenance(.used(number: visit.number)) }
        try requireRoom()
        let before = maintenance
        maintenance = visit.number
        do throws(JournalError) {
            try noteNow?.write(files, key: key)
        } catch {
            maintenance = before
            throw error
        }
        let opened = Maintenance(moment: .opened, technician: visit.technician, visit: visit.number)
        _ = try append(.maintenance(opened), at: stamp)
    }

    /// When the collector cosigned the newest receipt that is held, seconds since 1970; 0 before the first.
    private func newestReceiptTime() throws(JournalError) -> Int64 {
        try access("read the newest receipt") { db in
            try Int64.fetchOne(db, sql: "SELECT max(time) FROM receipt") ?? 0
        }
    }
}
