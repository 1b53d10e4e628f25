import FoundationEssentials
import Glibc

@testable import KioskJournal

extension Damage {
    /// One start of the kiosk on a store that may be damaged, and its reading of every record.
    struct Start: Sendable {
        var open: @Sendable (_ directory: String) throws -> Journal
        /// False when a record was not right; the kiosk then ends and starts again.
        var readsRight: @Sendable (Journal) -> Bool

        /// As `run` opens it, and as the uplink reads: every record in batches that follow the chain.
        static let right = Start(open: openOrQuarantine, readsRight: followsChain)

        /// What must be caught: the real journal, opened or read wrongly.
        static let wrong: [String: Start] = [
            "believes what it finds": Start(open: openUnchecked) { _ in true },
            "starts for ever": Start(open: openUnchecked, readsRight: followsChain),
            "begins anew without a word": Start(open: openAnew, readsRight: followsChain),
            "throws the damaged file away": Start(open: openAndThrowAway, readsRight: followsChain),
        ]
    }
}

@Sendable private func openOrQuarantine(_ directory: String) throws -> Journal {
    try Journal.openOrQuarantine(directory: directory, at: StoredJournal.stamp, limits: StoredJournal.limits)
}

@Sendable private func followsChain(_ journal: Journal) -> Bool {
    do throws(JournalError) {
        guard case .broken(_, _, let reason)? = try journal.verify(.links) else { return true }
        journal.poisonAfter(.damaged(path: "", reason: reason))
        return false
    } catch { return false }
}

/// Without the checks that follow once SQLite has opened the file.
@Sendable private func openUnchecked(_ directory: String) throws -> Journal {
    do {
        let entrance = try Entrance(directory: directory, limits: StoredJournal.limits)
        let journal = try entrance.openStore().journal
        if journal.enrolment != nil { return journal }
    } catch is OpeningFailure {}
    return try openOrQuarantine(directory)
}

/// A damaged store is deleted, and the kiosk is as good as new.
@Sendable private func openAnew(_ directory: String) throws -> Journal {
    do throws(JournalError) {
        return try Journal.open(directory: directory, limits: StoredJournal.limits)
    } catch {
        guard case .damaged = error else { throw error }
        try FileManager.default.removeItem(atPath: directory)
        return try openOrQuarantine(directory)
    }
}

@Sendable private func openAndThrowAway(_ directory: String) throws -> Journal {
    let journal = try openOrQuarantine(directory)
    if let name = journal.setAside?.file { unlink("\(directory)/\(name)") }
    return journal
}
