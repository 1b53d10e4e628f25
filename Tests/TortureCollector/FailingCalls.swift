import Curl
import FoundationEssentials
import Glibc
import RealPrograms
import Torture

/// G23: the Nth fdatasync or pwrite64 of the collector fails, for N = 1 until a run meets no failure any more. No receipt
/// follows a failed write of the log; the program ends with 75, starts again and goes on.
public enum FailingCalls {
    static let torture = Torture("G23 collector's failing calls", tries: 600) { try await run($0) }

    private static let uploadsOfOneRun = 8
    private static let faults = [
        ("fdatasync", "EIO"), ("fdatasync", "ENOSPC"), ("pwrite64", "EIO"), ("pwrite64", "ENOSPC"),
    ]

    /// Runs at most `trial.tries` times; of fewer tries each fault gets its share.
    public static func run(_ trial: Trial) async throws -> Tried {
        let count = Count(torture.promise, trial)
        let process = try CollectorProcess("failing", at: trial.place, port: CollectorProcess.freePort())
        try process.start()
        try process.waitUntilItAnswers()
        var kiosk = try SimulatedKiosk(enrolled: "kiosk-1", with: process, seed: trial.seed)
        process.end(SIGTERM)
        let share = max(1, trial.tries / faults.count)
        for (call, error) in faults {
            // Few tries are spread over the calls of a run instead of being spent on those of the start.
            let stride = max(1, 24 / share)
            for step in 0..<share {
                let number = 1 + step * stride
                let isHit = try fail(call, error, number, process, &kiosk, count)
                if !isHit { break }
            }
        }
        let found = try await Ledgers.compare(process, with: [kiosk], at: trial.place)
        count.change { row in for fault in found { row.violate(fault) } }
        return count.row
    }

    /// One run in which call `number` fails; whether it came to that.
    private static func fail(
        _ call: String, _ error: String, _ number: Int, _ process: CollectorProcess, _ kiosk: inout SimulatedKiosk,
        _ count: Count
    ) throws -> Bool {
        let strace = Strace(log: "\(process.folder).strace")
        try process.start(wrapper: Tracer.words("\(call):error=\(error):when=\(number)", call: call, log: strace.log))
        let name = "\(call) \(number) failing with \(error)"
        // A full disk can be written to again; after anything else the handle is not to be trusted.
        let isFatal = (call, error) != ("pwrite64", "ENOSPC")
        for _ in 0..<uploadsOfOneRun {
            try kiosk.rate(2)
            let before = strace.hits
            guard let answer = try send(&kiosk, to: process) else { break }
            let after = strace.hits
            if answer == .receipt, isFatal ? before.store : false {
                count.change { $0.violate("\(name): a receipt was given by a program whose disk had failed") }
            }
            if answer == .receipt, after.log, !before.log {
                count.change { $0.violate("\(name): a receipt was given for what was not written") }
            }
            if case .refused(let refusal) = answer, refusal.error.status != 503 {
                count.change { $0.violate("\(name): \(refusal.message)") }
            }
        }
        let mustEnd = strace.hits.store && isFatal
        if !mustEnd { process.askToEnd() }
        let status = process.waitForEnd(seconds: 30)
        // A checkpoint runs after the receipts, so a call may have failed since.
        let isHit = strace.hits.any
        count.change { row in
            row.tries += 1
            if isHit { row.faults += 1 }
            if status != (mustEnd ? 75 : 0), !(isHit && status == 75) {
                row.violate("\(name): ended with \(status.map(String.init) ?? "SIGKILL, for it did not end by itself")")
            }
        }
        return isHit
    }

    /// Sends until there is an answer; nothing once the program has ended.
    private static func send(_ kiosk: inout SimulatedKiosk, to process: CollectorProcess) throws
        -> SimulatedKiosk.Answer?
    {
        for _ in 0..<6000 {
            do {
                return try Client(process.address).send(&kiosk)
            } catch is CurlError {
                if process.hasEnded { return nil }
                usleep(5000)
            }
        }
        throw ChildError("the collector neither answers nor ends; its log is \(process.log)")
    }
}

/// What strace has written of the calls that it made fail.
private struct Strace {
    let log: String

    init(log: String) {
        self.log = log
        try? FileManager.default.removeItem(atPath: log)
    }

    /// Whether a call on any file but the lock failed, and whether one on its write-ahead log did.
    var hits: (any: Bool, store: Bool, log: Bool) {
        let text = (try? String(contentsOf: URL(filePath: log), encoding: .utf8)) ?? ""
        // Of a call that was interrupted by another thread's, the first line has the file and the second the result.
        var begun: [Substring: Substring] = [:]
        var lines: [Substring] = []
        for line in text.split(separator: "\n") {
            let thread = line.prefix { $0 != " " }
            if line.contains("<unfinished ...>") { begun[thread] = line }
            guard line.contains("(INJECTED)") else { continue }
            let whole = line.contains(" resumed>") ? begun[thread] ?? line : line
            // SQLite also writes to nameless files, for savepoints.
            if !whole.contains("collector.lock") { lines.append(whole) }
        }
        return (
            !lines.isEmpty, lines.contains { $0.contains("collector.db") },
            lines.contains { $0.contains("collector.db-wal") }
        )
    }
}
