import Dispatch
import FakeKiosk
import FoundationEssentials
import Glibc
import RealPrograms
import Synchronization
import Torture

/// G28: one kiosk with a valid key floods, tricks and hangs on, and thousands of connections say nothing; the others'
/// service holds, and the bad one is refused and named.
public enum OneBadKiosk {
    static let torture = Torture("G28 one bad kiosk among 200", tries: 12_000) { try await run($0, kiosks: 200) }

    /// Slow connections at once: those of the promise, and six times as many, which nobody may lose anything by either.
    private static let (promised, most) = (500, 3000)

    /// `trial.tries` uploads of good kiosks: a quarter of them in a quiet run, whose 99th percentile the half of them that
    /// come while as much is done as the promise says is held against, where there are `leastForTail` uploads to tell it by.
    ///
    /// `command` is another collector than the real one.
    public static func run(
        _ trial: Trial, kiosks: Int, command: [String] = [], leastForTail: Int = 8000
    ) async throws -> Tried {
        RawConnection.raiseLimit()
        let count = Count(torture.promise, trial)
        let process = try CollectorProcess(
            "bad", at: trial.place, port: CollectorProcess.freePort(), command: command, isGenerous: false)
        try process.start()
        try process.waitUntilItAnswers()
        let good = try (0..<kiosks).map {
            try SimulatedKiosk(enrolled: "good-\($0)", with: process, seed: trial.seed &+ UInt64($0))
        }
        var bad = try ["flooder", "trickster"].map { try SimulatedKiosk(enrolled: $0, with: process, seed: trial.seed) }
        for index in bad.indices {
            try bad[index].rate(1)
            _ = try Client(process.address).send(&bad[index])
        }
        let quiet = GoodRun(good, process.address, uploads: trial.tries / 4, count)
        var besieged = quiet
        for (connections, uploads) in [(promised, trial.tries / 2), (most, trial.tries / 4)] {
            let siege = try Siege(of: process, by: bad, connections: min(connections, trial.tries))
            besieged = GoodRun(besieged.kiosks, process.address, uploads: uploads, count)
            let effects = siege.end()
            count.change { row in
                row.judge(effects)
                let (before, after) = (quiet.percentile99, besieged.percentile99)
                trial.progress.line(
                    "\(row.promise): p99 of good kiosks \(before) quiet, \(after) besieged by \(connections) connections; "
                        + effects.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", "))
                if trial.tries >= leastForTail, connections == promised, after > before * 2 {
                    row.violate("the 99th percentile of good kiosks rose from \(before) to \(after)")
                }
            }
        }
        let status = process.end(SIGTERM)
        var found = try await Ledgers.compare(process, with: besieged.kiosks + bad, at: trial.place)
        if status != 0 { found.append("SIGTERM ended the collector with \(status.map(String.init) ?? "a signal")") }
        let log = (try? String(contentsOf: URL(filePath: process.log), encoding: .utf8)) ?? ""
        if !log.contains("a kiosk is refused") || !log.contains("kiosk=flooder") {
            found.append("the flooding kiosk is not named in the log")
        }
        count.change { row in for fault in found { row.violate(fault) } }
        return count.row
    }
}

extension Tried {
    /// What a siege came to, by name.
    fileprivate mutating func judge(_ effects: [String: Int]) {
        faults += effects.values.reduce(0, +)
        for (name, number) in effects {
            if number == 0 { violate("\(name) never took effect") }
            if name.hasPrefix(Siege.taken) { violate("a hostile kiosk's trick was \(name)") }
        }
    }
}

/// Good kiosks, each sending something every second or more seldom; blocks until all uploads are done.
private struct GoodRun {
    private(set) var kiosks: [SimulatedKiosk] = []
    private var times: [Duration] = []
    private static let threads = 8

    init(_ kiosks: [SimulatedKiosk], _ address: String, uploads: Int, _ count: Count) {
        let group = DispatchGroup()
        let done = Mutexed<[(kiosks: [SimulatedKiosk], times: [Duration])]>([])
        for thread in 0..<Self.threads {
            let own = stride(from: thread, to: kiosks.count, by: Self.threads).map { kiosks[$0] }
            let rounds = max(1, uploads / max(1, kiosks.count))
            DispatchQueue(label: "good \(thread)").async(group: group) {
                var own = own
                var times: [Duration] = []
                for _ in 0..<rounds { times += Self.round(&own, address, count) }
                done.change { $0.append((own, times)) }
            }
        }
        group.wait()
        self.kiosks = done.value.flatMap(\.kiosks)
        times = done.value.flatMap(\.times).sorted()
    }

    var percentile99: Duration { times.isEmpty ? .zero : times[(times.count - 1) * 99 / 100] }

    /// One upload of each; not faster than a kiosk may ask.
    private static func round(_ kiosks: inout [SimulatedKiosk], _ address: String, _ count: Count) -> [Duration] {
        let began = ContinuousClock.now
        var times: [Duration] = []
        for index in kiosks.indices {
            let start = ContinuousClock.now
            let answer = Result {
                try kiosks[index].rate(1)
                return try Client(address).send(&kiosks[index])
            }
            times.append(start.duration(to: .now))
            count.change { row in
                row.tries += 1
                if (try? answer.get()) != .receipt { row.violate("a good kiosk got \(answer)") }
            }
        }
        let rest = 1100 - Int(began.duration(to: .now) / .milliseconds(1))
        pause(milliseconds: max(0, rest))
        return times
    }
}
