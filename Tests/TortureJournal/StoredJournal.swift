import FoundationEssentials
import GRDB
import Ledger
import Ratings

@testable import KioskJournal

/// Everything that a journal holds, read by the real journal after a start of its own.
struct StoredJournal {
    struct Stored {
        var place: WriterOracle.Place
        var hash: String
        var session: String
        var line: Data
    }

    /// journal-writer's receipts are 500 s a record apart and kept for 20 of them.
    static let recordsKeptAfterReceipt: Int64 = 20
    static let stamp = RecordStamp(bootMilliseconds: 1, wall: "2026-11-22T08:27:08.123Z", clock: .free)

    var head: WriterOracle.Place
    var receipted: Int64
    var records: [Stored]
    /// Why the store was set aside, or what is wrong with it although it was opened.
    var damage: String?

    /// With journal-writer's limits.
    static var limits: JournalLimits {
        var limits = JournalLimits()
        limits.ballastBytes = 64 << 10
        limits.keptAfterReceiptSeconds = 500 * UInt64(recordsKeptAfterReceipt)
        return limits
    }

    /// `thorough` also walks over the chain and lets SQLite check the file.
    init(of journal: Journal, thorough: Bool = true) throws {
        head = WriterOracle.Place(epoch: journal.head?.epoch ?? 0, sequence: journal.head?.sequence ?? 0)
        receipted = journal.receipted
        records = try journal.access("read everything") { db in
            let rows = try Row.fetchAll(db, sql: "SELECT position, line FROM record ORDER BY position")
            return try rows.map { row in
                guard let position = row.value("position", Int64.self), let line = row.value("line", Data.self) else {
                    throw Unreadable(reason: "a row of the records holds no line")
                }
                let place = WriterOracle.Place(
                    epoch: Int(position >> 40), sequence: position & (1 << 40 - 1))
                return Stored(
                    place: place, hash: ChainHash(of: line).base64, session: Self.session(of: line), line: line)
            }
        }
        if let setAside = journal.setAside {
            damage = "it was set aside: \(setAside.reason)"
        } else if !thorough {
            return
        } else if case .broken(let epoch, let sequence, let reason)? = try journal.verify() {
            damage = "the chain is broken at \(epoch)/\(sequence): \(reason)"
        } else if let found = try journal.access(
            "check", { try String.fetchOne($0, sql: "PRAGMA integrity_check(1)") }), found != "ok"
        {
            damage = "integrity_check: \(found)"
        }
    }

    /// Opens the journal of a directory, reads everything, and closes it again in order.
    static func read(_ directory: String) throws -> StoredJournal {
        let journal = try Journal.openOrQuarantine(directory: directory, at: stamp, limits: limits)
        let stored = try StoredJournal(of: journal)
        try journal.close()
        return stored
    }

    /// The session that a line names; a line that is none of a press's gives an empty text.
    private static func session(of line: Data) -> String {
        let text = String(decoding: line, as: UTF8.self)
        guard let field = text.range(of: "\"session\":\"") else { return "" }
        return String(text[field.upperBound...].prefix { $0 != "\"" })
    }
}
