import Foundation
import Ledger
import RealPrograms
import SeededRandom
import Torture

/// G14: every rating arrives once in the reports, through a line that fails in every way.
enum NetworkFaults {
    static let promise = "G14 network faults"
    static let torture = Torture(promise, tries: 100_000) { trial in
        try await run(trial, collector: try RealCollector("g14-region", at: trial.place))
    }

    /// `trial.tries` records over several kiosks, more than half of the exchanges broken.
    static func run(_ trial: Trial, collector: any CollectorSubject) async throws -> Tried {
        var row = Tried(promise, seed: trial.seed)
        var random = SplitMix(trial.seed)
        let line = try FaultyLine(to: collector.port, seed: trial.seed, patienceMilliseconds: 1_500)
        let count = trial.tries < 200 ? 1 : trial.tries < 10_000 ? 2 : 6
        var kiosks: [(kiosk: HallKiosk, thanked: Thanked)] = []
        for number in 1...count {
            let id = "g14-\(number)"
            let kiosk = try HallKiosk(id, at: trial.place, collector: line.address, code: try collector.add(id))
            let records = trial.tries / count + (number == 1 ? trial.tries % count : 0)
            kiosks.append((kiosk, try kiosk.fill(records: records, random: &random)))
        }
        trial.progress.line("\(promise): \(count) kiosks hold \(trial.tries) records")
        line.fail(percent: 60)
        for (kiosk, _) in kiosks {
            try kiosk.startRun()
            try kiosk.startUplink(["--batch", "8", "--total-ms", "1500"])
        }
        drain(kiosks.map(\.kiosk), into: &row, line: line, trial: trial)
        for (kiosk, _) in kiosks { kiosk.stop() }
        row.faults = line.faults
        let kinds = line.counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
        trial.progress.line("\(promise): \(kinds.joined(separator: ", "))")
        // Requests that the line still holds are of no more use to anybody.
        line.fail(percent: 0)
        let stored = try await collector.finish()
        for (kiosk, thanked) in kiosks {
            let written = try kiosk.journalLines().map { ChainHash(of: $0) }
            row.tries += thanked.hashes.count
            row.compare(kiosk.id, thanked: thanked, written: written, stored: stored[kiosk.id])
        }
        return row
    }

    /// Waits until every kiosk holds a receipt for all of its records; a violation if nothing moves for two minutes.
    static func drain(_ kiosks: [HallKiosk], into row: inout Tried, line: FaultyLine?, trial: Trial) {
        var best = Int64.max
        var moved = ContinuousClock.now
        while true {
            let unsent = kiosks.reduce(Int64(0)) { $0 + ((try? $1.status().unsent) ?? 1) }
            if unsent == 0 { return }
            if unsent < best {
                best = unsent
                moved = .now
            }
            if moved.duration(to: .now) > .seconds(120) {
                return row.violate("\(unsent) records were not receipted, and nothing moved for two minutes")
            }
            var told = row
            told.faults = line?.faults ?? row.faults
            told.tries = trial.tries - Int(unsent)
            trial.progress.tell(told, of: trial.tries)
            usleep(50_000)
        }
    }
}
