import Collecting
import CollectorSQLite
import FoundationEssentials
import RealPrograms

/// Compares what is stored, once the collector has ended, with what every kiosk wrote and holds receipts for.
enum Ledgers {
    /// One line for each record that is missing, double, altered or of nobody, and for what `verify` finds. Ratings are
    /// counted where all records are of whole dialogs.
    static func compare(
        _ process: CollectorProcess, with kiosks: [SimulatedKiosk], at place: RealPrograms.Place,
        countsRatings: Bool = true
    ) async throws -> [String] {
        var faults: [String] = []
        if let fault = process.verify(with: place) { faults.append(fault) }
        let store = try SQLiteCollectorStore(folder: process.folder, create: false)
        var ratings = 0
        for kiosk in kiosks {
            let lines = kiosk.fake.lines
            let id = kiosk.fake.id
            let epoch = kiosk.fake.epoch
            let stored = try await store.read { snapshot -> [(Int64, Data)] in
                guard let row = try snapshot.epoch(id, epoch) else { return [] }
                var stored: [(Int64, Data)] = []
                try snapshot.forEachLine(of: row.chain) { stored.append(($0, $1)) }
                return stored
            }
            var seen: Set<Int64> = []
            for (sequence, line) in stored {
                if !seen.insert(sequence).inserted { faults.append("record \(sequence) of \(id) is stored twice") }
                guard (1...Int64(lines.count)).contains(sequence), lines[Int(sequence) - 1] == line else {
                    faults.append("record \(sequence) of \(id) is stored and was never written so")
                    continue
                }
            }
            for sequence in stride(from: Int64(1), through: kiosk.receipted, by: 1) where !seen.contains(sequence) {
                faults.append("record \(sequence) of \(id) has a receipt and is not stored")
            }
            ratings += seen.count { $0 % 3 == 2 }
        }
        let summary = try await store.read { try $0.summary() }
        if countsRatings, summary.ratings != ratings {
            faults.append("\(summary.ratings) ratings are counted, but the records stored hold \(ratings)")
        }
        try store.close()
        return faults
    }
}
