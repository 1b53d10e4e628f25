import Foundation
import Ledger
import RealPrograms
import SeededRandom
import Synchronization
import Torture

/// G19: a crash between the receipt and its acknowledgement loses neither a record nor, for long, a receipt.
enum ReceiptKills {
    static let promise = "G19 kills around receipts"
    static let torture = Torture(promise, tries: 5_000) { try await run($0) }

    /// Kills the uplink, and every tenth time `run`, just before or after the collector's answer.
    static func run(_ trial: Trial) async throws -> Tried {
        var row = Tried(promise, seed: trial.seed)
        var random = SplitMix(trial.seed)
        let collector = try StandIn()
        let kiosk = try HallKiosk(
            "g19-1", at: trial.place, collector: collector.address, code: try collector.add("g19-1"))
        let thanked = try kiosk.fill(records: trial.tries * 3 + 20, random: &random)
        let trap = Trap()
        collector.intercept { trap.answer($0, $1, $2) }
        try kiosk.startRun()
        try kiosk.startUplink(["--batch", "1", "--heartbeat-ms", "100000"])
        for number in 0..<trial.tries {
            let hitsRun = number % 10 == 9
            guard let process = hitsRun ? kiosk.run?.pid : kiosk.uplink?.pid else { break }
            let isBefore = random.next() % 4 == 0
            trap.arm(process, isBefore: isBefore, microseconds: UInt32(random.next() % (hitsRun ? 9_000 : 3_000)))
            do {
                try trial.wait(for: "an upload after kill \(number)") {
                    trap.hasFired || kiosk.isDrained(every: 50)
                }
            } catch {
                row.violate("\(error)")
                break
            }
            guard trap.hasFired else { break }
            row.tries += 1
            if hitsRun {
                kiosk.stopRun(SIGKILL)
                try kiosk.startRun()
            } else {
                kiosk.stopUplink()
                try kiosk.startUplink(["--batch", "1", "--heartbeat-ms", "100000"])
            }
            row.faults += 1
            trial.progress.tell(row, of: trial.tries)
        }
        do { try trial.wait(for: "the rest") { try kiosk.status().unsent == 0 } } catch { row.violate("\(error)") }
        let held = try kiosk.status().receipted
        kiosk.stop()
        for what in trap.violations { row.violate(what) }
        let issued = collector.state.withLock { $0.heads[kiosk.id] ?? 0 }
        if held > issued { row.violate("\(held) records are receipted in the journal; \(issued) receipts were given") }
        let stored = try await collector.finish()
        let written = try kiosk.journalLines().map { ChainHash(of: $0) }
        row.compare(kiosk.id, thanked: thanked, written: written, stored: stored[kiosk.id])
        return row
    }
}

/// Kills a process around the next answer, and watches the receipts that the kiosk shows. Thread-safe.
private final class Trap: Sendable {
    private struct State {
        var armed: (process: pid_t, isBefore: Bool, microseconds: UInt32)?
        var hasFired = false
        var shown: Int64 = 0
        var given: Int64 = 0
        var kills = 0
        /// Uploads of one record, and how many kills there had been at the first of them.
        var asked: [Int64: (times: Int, kills: Int)] = [:]
        var violations: [String] = []
    }

    private let state = Mutex(State())

    var hasFired: Bool { state.withLock { $0.hasFired } }
    var violations: [String] { state.withLock { $0.violations } }

    func arm(_ process: pid_t, isBefore: Bool, microseconds: UInt32) {
        state.withLock {
            $0.hasFired = false
            $0.armed = (process, isBefore, microseconds)
        }
    }

    func answer(_ request: StandIn.Request, _ client: Socket, _ collector: StandIn) -> Bool? {
        guard let range = request.message.range else { return nil }
        let armed = state.withLock { state in
            watch(range.first, request.receipted, &state)
            defer { state.armed = nil }
            return state.armed
        }
        let answer = collector.properAnswer(request)
        state.withLock { $0.given = max($0.given, range.last) }
        guard let armed else { return client.write(answer) }
        if armed.isBefore { kill(armed.process, SIGKILL) }
        client.write(answer)
        if !armed.isBefore {
            usleep(armed.microseconds)
            kill(armed.process, SIGKILL)
        }
        state.withLock {
            $0.kills += 1
            $0.hasFired = true
        }
        return true
    }

    private func watch(_ first: Int64, _ receipted: Int64, _ state: inout State) {
        if receipted > state.given { state.violations.append("a receipt for \(receipted) is shown that nobody gave") }
        if receipted < state.shown {
            state.violations.append("the receipt for \(state.shown) is lost; \(receipted) is shown")
        }
        state.shown = max(state.shown, receipted)
        var asked = state.asked[first] ?? (0, state.kills)
        asked.times += 1
        state.asked[first] = asked
        // Each kill may cost one answer, and a kill of `run` another one.
        if asked.times > 2 * (state.kills - asked.kills) + 3 {
            state.violations.append("record \(first) is sent for the \(asked.times)th time")
        }
    }
}

extension HallKiosk {
    /// Asked now and then: whether nothing waits any more. One that has just been killed cannot say so.
    fileprivate func isDrained(every share: Int) -> Bool {
        guard Int.random(in: 0..<share) == 0 else { return false }
        return (try? status().unsent) == 0
    }
}
