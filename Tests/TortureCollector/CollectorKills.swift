import Glibc
import RealPrograms
import SeededRandom
import Torture

/// G23: the collector is killed at random moments and at its I/O steps while kiosks send; what has a receipt is stored.
public enum CollectorKills {
    static let torture = Torture("G23 collector killed", tries: 5000) { try await run($0) }

    /// After so many kills the whole store is verified and compared, and a new one begins.
    private static let killsOfOneStore = 250
    private static let kiosksOfOneStore = 25
    /// Collectors that are tormented at once: while one waits for its disk, another starts.
    private static let lanes = 2

    /// Kills `trial.tries` times; `command` is another collector than the real one.
    public static func run(_ trial: Trial, command: [String] = []) async throws -> Tried {
        let count = Count(torture.promise, trial)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<lanes {
                group.addTask {
                    var left = (trial.tries + lane) / lanes
                    var chunk = 0
                    while left > 0 {
                        let kills = min(left, killsOfOneStore)
                        let seed = trial.seed &* 1_000_003 &+ UInt64(lane * 10_000 + chunk)
                        try await torment("kill-\(lane)-\(chunk)", kills: kills, seed: seed, command, count)
                        left -= kills
                        chunk += 1
                    }
                }
            }
            try await group.waitForAll()
        }
        return count.row
    }

    private static func torment(_ name: String, kills: Int, seed: UInt64, _ command: [String], _ count: Count)
        async throws
    {
        let place = count.trial.place
        var random = SplitMix(seed)
        let process = try CollectorProcess(name, at: place, port: CollectorProcess.freePort(), command: command)
        try process.start()
        try process.waitUntilItAnswers()
        let kiosks = try (0..<kiosksOfOneStore).map {
            try SimulatedKiosk(enrolled: "kiosk-\($0)", with: process, seed: random.next())
        }
        let crowd = Crowd(kiosks, address: process.address, threads: 4)
        for _ in 0..<kills {
            let tookEffect = try kill(process, crowd, &random)
            count.change { row in
                row.tries += 1
                if tookEffect { row.faults += 1 }
            }
        }
        // All that is left arrives, and the whole store is looked at.
        try process.start()
        try process.waitUntilItAnswers()
        let (after, refusals) = try settle(crowd.stop(), process)
        let status = process.end(SIGTERM)
        let complaints = crowd.heard.complaints + refusals
        count.change { row in
            for complaint in complaints { row.violate(complaint) }
            if status != 0 { row.violate("SIGTERM ended the collector with \(status.map(String.init) ?? "a signal")") }
        }
        let found = try await Ledgers.compare(process, with: after, at: place)
        count.change { row in for fault in found { row.violate(fault) } }
        process.removeFolder()
    }

    /// Starts the collector, if it is not running, and kills it; whether a signal ended it.
    private static func kill(_ process: CollectorProcess, _ crowd: Crowd, _ random: inout SplitMix) throws -> Bool {
        let moment = random.next() % 10
        if moment == 0 {
            // At an I/O step: strace sends the signal at the entry of a thread's Nth call.
            process.end(SIGKILL)
            let (call, most) = random.next() % 3 == 0 ? ("fdatasync", 4) : ("pwrite64", 30)
            let step = 1 + random.next() % UInt64(most)
            try process.start(wrapper: Tracer.words("\(call):signal=KILL:when=\(step)", call: call, log: "/dev/null"))
            return process.waitForEnd(seconds: 3) == 128 + SIGKILL
        }
        if process.pid == nil { try process.start() }
        if moment == 1 {
            usleep(UInt32(random.next() % 60_000))
        } else {
            let before = crowd.heard.receipts
            _ = try wait(for: "a receipt", log: process.log) { crowd.heard.receipts > before ? true : nil }
            usleep(UInt32(random.next() % 40_000))
        }
        return process.end(SIGKILL) == nil
    }

    /// Every kiosk sends what is left; with what was refused.
    private static func settle(
        _ kiosks: [SimulatedKiosk], _ process: CollectorProcess
    ) throws -> (kiosks: [SimulatedKiosk], refusals: [String]) {
        var kiosks = kiosks
        var refusals: [String] = []
        let client = try Client(process.address)
        for index in kiosks.indices {
            while kiosks[index].receipted < kiosks[index].fake.count {
                let answer = try client.send(&kiosks[index])
                if answer == .receipt { continue }
                refusals.append("what was left of \(kiosks[index].fake.id) was answered \(answer)")
                break
            }
        }
        return (kiosks, refusals)
    }
}

/// strace(1) before a program.
enum Tracer {
    /// Injects `injection` into `call` and writes what it saw to `log`. Without --seccomp-bpf, under which strace 6.1
    /// sends no injected signal.
    static func words(_ injection: String, call: String, log: String) -> [String] {
        [
            "strace", "-f", "-qq", "-y", "-o", log, "-e", "trace=\(call)", "-e", "signal=none", "-e",
            "inject=\(injection)",
        ]
    }
}
