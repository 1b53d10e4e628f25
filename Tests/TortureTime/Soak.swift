import Collecting
import CollectorSQLite
import FoundationEssentials
import Glibc
import Ratings
import RealPrograms
import SeededRandom
import Torture
import TortureUplink

/// G32: a soak. A real collector and real kiosks with visitors; the line is cut, the collector paused and started anew,
/// clocks are set, one kiosk is killed again and again and its disk fills up. What the other programs hold stays flat, and
/// at the end every answer that was thanked is there once.
enum Soak {
    static let promise = "G32 soak"
    /// Minutes.
    static let torture = Torture(promise, tries: 60) { try await run($0) }

    private static let kiosks = 3
    private static let sampleSeconds = 10.0
    /// A shorter soak says nothing of slopes: caches still fill.
    private static let leastMinutes = 30
    /// Of the whole time.
    private static let warmUp = 0.25

    static func run(_ trial: Trial) async throws -> Tried {
        var row = Tried(promise, seed: trial.seed)
        let scene = try Scene(trial)
        defer { scene.unmount() }
        let length = Double(trial.tries) * 60
        let series = try scene.soak(seconds: length, sampleSeconds: sampleSeconds, warmUp: length * warmUp) {
            row.tries = Int($0 / 60)
            row.faults = scene.faults
            trial.progress.tell(row, of: trial.tries)
        }
        row.tries = trial.tries
        for entry in series {
            trial.progress.line("\(promise): \(entry.summary(from: length * warmUp))")
            let complaints = entry.judge(from: length * warmUp, judgesSlope: trial.tries >= leastMinutes)
            for complaint in complaints { row.violate(complaint) }
        }
        if series.count < 5 { row.violate("only \(series.count) processes were there all the time") }
        try await scene.finish(into: &row, trial.progress)
        row.faults = scene.faults
        return row
    }
}

extension Soak {
    /// The programs of a soak.
    final class Scene {
        private let region: SecureRegion
        private let line: Relay
        private let board = SoakBoard()
        private var kiosks: [ClockedKiosk] = []
        private var visitors: [SoakVisitors] = []
        private var random: SplitMix
        private var mounted: String?

        init(_ trial: Trial) throws {
            random = SplitMix(trial.seed)
            region = try SecureRegion("g32-region", at: trial.place)
            try region.start()
            line = try Relay(to: region.portNumber)
            for number in 1...Soak.kiosks {
                let kiosk = try ClockedKiosk("g32-\(number)", at: trial.place)
                let isSacrificed = number == Soak.kiosks
                if isSacrificed { try mount(kiosk.dataFolder) }
                try kiosk.start()
                let ticket = try region.ticket(kiosk.id)
                try kiosk.enrol(at: "https://localhost:\(line.port)", code: ticket.code, pin: ticket.pin)
                kiosk.stopRun()
                kiosks.append(kiosk)
                visitors.append(
                    SoakVisitors(kiosk, board: board, isSacrificed: isSacrificed, seed: trial.seed &+ UInt64(number)))
            }
        }

        /// Faults that took effect. A full disk counts by the visits that got no thanks.
        var faults: Int {
            line.refused + board.counts.filter { $0.key != "disk full" }.values.reduce(0, +)
        }

        private func mount(_ folder: String) throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            _ = try Child.output(
                ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], log: folder + ".mount")
            mounted = folder
        }

        func unmount() {
            for kiosk in kiosks {
                kiosk.stopUplink()
                kiosk.stopRun()
            }
            if let mounted { umount2(mounted, Int32(MNT_DETACH)) }
        }

        /// Lets it all happen, and gives what those programs held that were there to the end.
        func soak(
            seconds: Double, sampleSeconds: Double, warmUp: Double, tell: (_ seconds: Double) -> Void
        ) throws -> [SoakSeries] {
            for visitor in visitors { visitor.begin() }
            let began = ContinuousClock.now
            var series: [String: SoakSeries] = [:]
            var (nextSample, nextFault, now) = (0.0, 5.0, 0.0)
            while now < seconds, board.failure == nil {
                now = began.duration(to: .now) / .seconds(1)
                if now >= nextFault { try nextFault = now + fault(isWarm: now >= warmUp * 0.9) }
                if now >= nextSample {
                    nextSample += sampleSeconds
                    take(&series, at: now)
                    tell(now)
                }
                usleep(100_000)
            }
            line.cut(false)
            board.end()
            for visitor in visitors { visitor.join() }
            return series.values.sorted { $0.name < $1.name }
        }

        /// One sample of each; a program that was started anew begins its series anew.
        private func take(_ series: inout [String: SoakSeries], at time: Double) {
            board.put("collector", region.pid)
            for (name, process) in board.processes {
                guard let sample = Holding(of: process, time: time) else { continue }
                series["\(name) (\(process))", default: SoakSeries("\(name) (\(process))")].add(sample)
            }
            let living = Set(board.processes.map { "\($0.key) (\($0.value))" })
            series = series.filter { living.contains($0.key) }
        }

        /// Gives after how many seconds the next one comes. The collector is only started anew before it is measured.
        private func fault(isWarm: Bool) throws -> Double {
            let pause = 2 + Double(random.next() % 60) / 10
            switch random.next() % 3 {
            case 0:
                line.cut(true)
                board.count("line cut")
                usleep(UInt32(pause * 1e6))
                line.cut(false)
            case 1 where !isWarm:
                region.stop(random.next() % 2 == 0 ? SIGKILL : SIGTERM)
                board.count("collector started anew")
                usleep(UInt32(pause * 1e6))
                try region.start()
            default:
                kill(region.pid ?? 0, SIGSTOP)
                board.count("collector paused")
                usleep(UInt32(pause * 1e6))
                kill(region.pid ?? 0, SIGCONT)
            }
            return 10 + Double(random.next() % 200) / 10
        }

        /// Sends the rest, ends everything and compares.
        func finish(into row: inout Tried, _ progress: Progress) async throws {
            if let failure = board.failure { row.violate(failure) }
            for kiosk in kiosks {
                if kiosk.hasEnded { try kiosk.start() }
                try kiosk.drain()
                kiosk.stopUplink()
                kiosk.stopRun()
            }
            region.stop()
            let counts = board.counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            progress.line("\(Soak.promise): \(counts.joined(separator: ", ")), line refused \(line.refused)")
            let store = try SQLiteCollectorStore(folder: region.folder, create: false)
            defer { try? store.close() }
            for (kiosk, visitors) in zip(kiosks, visitors) {
                let id = kiosk.id
                let stored = try await store.read { snapshot in
                    try snapshot.epochs().filter { $0.kiosk.rawValue == id }.sorted { $0.epoch < $1.epoch }
                        .flatMap { try snapshot.sessions(of: $0.chain).sorted { $0.shownSequence < $1.shownSequence } }
                        .filter { $0.outcome != .refused }.compactMap(\.overall)
                }
                progress.line(
                    "\(Soak.promise): \(kiosk.id): \(visitors.said.count) visitors, "
                        + "\(visitors.said.count(where: \.isThanked)) thanked, \(stored.count) stored")
                if let complaint = Said.complaint(over: visitors.said, stored: stored) {
                    row.violate("\(kiosk.id): \(complaint)")
                }
                if !visitors.said.contains(where: \.isThanked) { row.violate("\(kiosk.id): nobody was thanked") }
            }
        }
    }
}
