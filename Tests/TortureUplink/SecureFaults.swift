import CollectorSQLite
import FoundationEssentials
import GRDB
import Ledger
import RealPrograms
import SeededRandom
import Torture

/// G14 as kiosks live it: TLS with a pinned authority, and a line that can only see bytes.
enum SecureFaults {
    static let promise = "G14 faults under TLS"
    static let torture = Torture(promise, tries: 5_000) { try await run($0) }

    /// What a store that is wrong on purpose does with every ninth record, as SQL on the collector's file.
    enum Spoiled: String, CaseIterable {
        case loses = "DELETE FROM record WHERE chain = new.chain AND seq = new.seq"
        case alters = "UPDATE record SET line = CAST(line || ' ' AS BLOB) WHERE chain = new.chain AND seq = new.seq"
    }

    static func run(_ trial: Trial, spoiled: Spoiled? = nil) async throws -> Tried {
        var row = Tried(promise, seed: trial.seed)
        var random = SplitMix(trial.seed)
        let collector = try SecureRegion("g14-tls", at: trial.place)
        if let spoiled { try spoil(collector, spoiled) }
        try collector.start()
        let line = try FaultyPipe(to: collector.portNumber, seed: trial.seed)
        let ticket = try collector.ticket("g14-tls-1")
        let kiosk = try HallKiosk(
            "g14-tls-1", at: trial.place, collector: "https://127.0.0.1:\(line.port)", code: ticket.code,
            pin: ticket.pin)
        let thanked = try kiosk.fill(records: trial.tries, random: &random)
        line.becomeFaulty()
        try kiosk.startRun()
        try kiosk.startUplink(["--batch", "8", "--total-ms", "1500"])
        do {
            try trial.wait(for: promise, row: row, count: { line.faults }) { try kiosk.status().unsent == 0 }
        } catch {
            row.violate("\(error)")
        }
        kiosk.stop()
        (row.tries, row.faults) = (thanked.hashes.count, line.faults)
        let kinds = line.counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
        trial.progress.line("\(promise): \(kinds.joined(separator: ", "))")
        collector.stop()
        let stored = try await StoredChain.all(in: collector.folder)
        let written = try kiosk.journalLines().map { ChainHash(of: $0) }
        row.compare(kiosk.id, thanked: thanked, written: written, stored: stored[kiosk.id])
        return row
    }

    private static func spoil(_ collector: SecureRegion, _ spoiled: Spoiled) throws {
        try DatabaseQueue(path: collector.folder + "/" + SQLiteCollectorStore.fileName).write { db in
            try db.execute(
                sql: """
                    CREATE TRIGGER spoiled AFTER INSERT ON record WHEN new.seq % 9 = 0
                    BEGIN \(spoiled.rawValue); END
                    """)
        }
    }
}
