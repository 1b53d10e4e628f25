import Collecting
import CollectorSQLite
import FoundationEssentials
import Glibc
import Ledger
import Ratings
import RealPrograms
import SeededRandom
import Torture

/// G33 with real programs: `run` in time namespaces and under a wall clock that the torture sets, started again and again,
/// mostly without a network; a real collector; visitors on the web display.
enum RealClocks {
    static let promise = "G33 clocks of real programs"
    static let torture = Torture(promise, tries: 200) { try await run($0) }

    private static let zones = ["UTC", "Europe/Moscow", "America/New_York", "Australia/Lord_Howe"]

    /// `trial.tries` reboots.
    static func run(_ trial: Trial) async throws -> Tried {
        var row = Tried(promise, seed: trial.seed)
        var random = SplitMix(trial.seed)
        let region = try Region("g33-region", at: trial.place)
        let kiosk = try ClockedKiosk("g33-1", at: trial.place)
        // The machine on which it is enrolled had been running for weeks.
        try kiosk.start(bootMilliseconds: 20 * 86_400_000)
        try kiosk.enrol(at: region.address, code: try region.add("g33-1"))
        kiosk.stopRun()
        var visits: [(boot: Int, shown: ClosedRange<Int64>, mark: Int)] = []
        var met: Set<Int> = []
        var steps = 0
        for boot in 1...trial.tries {
            kiosk.wall.ahead = WrongTime.any(&random).ahead(at: WallShim.now, random: &random)
            if abs(kiosk.wall.ahead) > 1_000 { row.faults += 1 }
            // The boot clock begins anew: never before the boot before it had ended, or truth itself would be impossible.
            try kiosk.start(
                bootMilliseconds: 0,
                environment: ["TZ": zones[Int(random.next() % UInt64(zones.count))]])
            let online = random.next() % 3 == 0 || boot == trial.tries
            if online { try kiosk.startUplink() }
            let stepsHere = random.next() % 8 == 0
            for visit in 0..<1 + Int(random.next() % 2) {
                let mark = Int(1 + random.next() % 5)
                guard let shown = kiosk.visit(mark: mark) else {
                    throw ChildError("a visit was not thanked; see \(kiosk.log)")
                }
                visits.append((boot, shown, mark))
                if stepsHere, visit == 0 {
                    try step(kiosk, &random)
                    (steps, row.faults) = (steps + 1, row.faults + 1)
                }
            }
            if online {
                try kiosk.drain()
                met.insert(boot)
                kiosk.stopUplink()
            }
            kiosk.stopRun(random.next() % 2 == 0 ? SIGKILL : SIGTERM)
            row.tries = boot
            trial.progress.tell(row, of: trial.tries)
        }
        region.stop()
        let happened = visits.map { TrueVisit(shown: $0.shown, met: met.contains($0.boot), mark: $0.mark) }
        try await judge(region, kiosk, happened, steps: steps, into: &row)
        return row
    }

    /// Sets the wall clock while the kiosk runs, and waits until it has put that on record.
    private static func step(_ kiosk: ClockedKiosk, _ random: inout SplitMix) throws {
        let old = kiosk.wall.ahead
        while abs(kiosk.wall.ahead - old) <= 1_000 {
            kiosk.wall.ahead = WrongTime.any(&random).ahead(at: WallShim.now, random: &random)
        }
        _ = try wait(for: "the record of a step of the clock", log: kiosk.log) {
            let said = (try? String(contentsOf: URL(filePath: kiosk.log), encoding: .utf8)) ?? ""
            return said.contains("the wall clock was set") ? true : nil
        }
    }

    private static func judge(
        _ region: Region, _ kiosk: ClockedKiosk, _ happened: [TrueVisit], steps: Int, into row: inout Tried
    ) async throws {
        let store = try SQLiteCollectorStore(folder: region.folder, create: false)
        defer { try? store.close() }
        let (epochs, placed, records, counted) = try await store.read { snapshot in
            let epochs = try snapshot.epochs()
            var records: [Record] = []
            for epoch in epochs { try snapshot.forEachLine(of: epoch.chain) { records.append(try Record(line: $1)) } }
            return (
                epochs, try epochs.flatMap { try snapshot.sessions(of: $0.chain) }.map(PlacedVisit.init), records,
                try snapshot.tallies(TallyQuery(by: []))
            )
        }
        if epochs.map(\.state) != [.open] { row.violate("the epoch is \(epochs.map(\.state)), not open") }
        row.compare(kiosk.id, happened: happened, placed: placed)
        row.compare(happened: happened, counted: counted)
        let changes = records.count {
            if case .clock = $0.body { true } else { false }
        }
        if changes != steps { row.violate("\(steps) steps of the wall clock, and \(changes) are on record") }
    }
}
