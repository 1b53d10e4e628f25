import Foundation
import Ledger
import RealPrograms
import SeededRandom
import Synchronization
import Torture

/// G17: a month without a collector is boring.
enum LongOutage {
    static let promise = "G17 long outage"
    static let torture = Torture(promise, tries: 60_000) { try await run($0) }

    private static let mostBytes = 64 << 20
    private static let mostGrowthBytes = 1 << 20
    private static let longestDrain = Duration.seconds(600)

    /// `trial.tries` ratings wait; the collector is not there, and then it is.
    static func run(_ trial: Trial) async throws -> Tried {
        var row = Tried(promise, seed: trial.seed)
        var random = SplitMix(trial.seed)
        let collector = try RealCollector("g17-region", at: trial.place)
        let gate = try Gate(to: collector.port)
        let kiosk = try HallKiosk("g17-1", at: trial.place, collector: gate.address, code: try collector.add("g17-1"))
        // 2.8 records a rating: a shown, mostly an answer, and an end; 43.2 s between ratings are 30 days.
        let thanked = try kiosk.fill(
            records: trial.tries * 14 / 5, random: &random, millisecondsBetween: 30 * 86_400_000 / Int64(trial.tries))
        trial.progress.line("\(promise): \(thanked.marks.count) ratings in \(thanked.hashes.count) records wait")
        try kiosk.startRun()
        gate.close()
        try kiosk.startUplink()
        try trial.wait(for: "vain tries") { gate.refused >= min(200, trial.tries) }
        guard let uplink = kiosk.uplink?.pid, let program = kiosk.run?.pid else { return row }
        // One batch is as large as the next; the first one is warm-up.
        gate.open()
        try trial.wait(for: "the first receipt") { try kiosk.status().receipted > 0 }
        let before = (uplink: Memory.resident(uplink), run: Memory.resident(program))
        let began = ContinuousClock.now
        let total = thanked.hashes.count
        try trial.wait(for: promise, row: row, count: { total - Int((try? kiosk.status().unsent) ?? 0) }) {
            try kiosk.status().unsent == 0
        }
        let drain = began.duration(to: .now)
        let after = (uplink: Memory.resident(uplink), run: Memory.resident(program))
        trial.progress.line(
            "\(promise): drained in \(drain.components.seconds) s; RSS of the uplink \(before.uplink) to \(after.uplink) "
                + "bytes, of run \(before.run) to \(after.run)")
        if drain > longestDrain { row.violate("it took \(drain) to send what had waited") }
        if max(after.uplink, before.uplink) > mostBytes { row.violate("the uplink weighs \(after.uplink) bytes") }
        if after.uplink - before.uplink > mostGrowthBytes {
            row.violate("the uplink grew from \(before.uplink) to \(after.uplink) bytes")
        }
        kiosk.stop()
        row.tries = thanked.marks.count
        row.faults = gate.refused
        let stored = try await collector.finish()
        let written = try kiosk.journalLines().map { ChainHash(of: $0) }
        row.compare(kiosk.id, thanked: thanked, written: written, stored: stored[kiosk.id])
        return row
    }
}

/// Lets connections through, or ends them at once. Thread-safe.
private final class Gate: Sendable {
    private let upstream: UInt16
    private let state = Mutex<(isOpen: Bool, refused: Int)>((true, 0))
    private let listener = Mutex<SocketListener?>(nil)

    init(to upstream: UInt16) throws {
        self.upstream = upstream
        let made = try SocketListener { [weak self] client in self?.serve(client) }
        listener.withLock { $0 = made }
    }

    var address: String { listener.withLock { $0?.address ?? "" } }
    var refused: Int { state.withLock { $0.refused } }
    func open() { state.withLock { $0.isOpen = true } }
    func close() { state.withLock { $0.isOpen = false } }

    private func serve(_ client: Socket) {
        while let request = client.readMessage() {
            let isOpen = state.withLock { state in
                if !state.isOpen { state.refused += 1 }
                return state.isOpen
            }
            guard isOpen, let collector = Socket.connect(upstream), collector.write(request.bytes),
                let answer = collector.readMessage(), client.write(answer.bytes)
            else { return client.tear() }
        }
    }
}
