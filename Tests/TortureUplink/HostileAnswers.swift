import Foundation
import Ledger
import RealPrograms
import SeededRandom
import Synchronization
import Torture

/// G15: only a valid receipt for my own hash acknowledges a record.
enum HostileAnswers {
    static let promise = "G15 hostile answers"
    static let torture = Torture(promise, tries: 10_000) { trial in
        try run(trial) { collector in
            let kiosk = try HallKiosk(
                "g15-1", at: trial.place, collector: collector.address, code: try collector.add("g15-1"))
            var random = SplitMix(trial.seed)
            _ = try kiosk.fill(records: 120, random: &random)
            return kiosk
        }
    }

    /// What the process that talks to the network may grow by.
    private static let mostGrowthBytes = 4 << 20
    /// So many records are receipted honestly before the hostile answers begin.
    private static let honest: Int64 = 24

    private struct State {
        var random: SplitMix
        var isHostile = false
        var said = 0
        var kinds: [HostileAnswer: Int] = [:]
        var believed: Set<Int64> = []
        var world: HostileWorld?
    }

    /// `trial.tries` hostile answers to one kiosk, which must not take one of them for a receipt, and then honest ones.
    static func run(_ trial: Trial, kiosk make: (StandIn) throws -> any Sender) throws -> Tried {
        var row = Tried(promise, seed: trial.seed)
        let visits = Mutex(0)
        let canary = try SocketListener { _ in visits.withLock { $0 += 1 } }
        let collector = try StandIn()
        let kiosk = try make(collector)
        let state = StateBox(State(random: SplitMix(trial.seed)))
        collector.intercept { request, client, collector in
            answer(request, client, collector, state, tries: trial.tries, held: honest)
        }
        try kiosk.startSending()
        defer { kiosk.stopSending() }
        try trial.wait(for: "24 honest receipts") { try kiosk.acknowledged() >= honest }
        let old = collector.state.withLock { $0.receipts.values.flatMap(\.self) }
        let world = try HostileWorld(canary: canary.port, journalKey: try kiosk.journalKey, oldReceipts: old)
        state.value.withLock {
            $0.world = world
            $0.isHostile = true
        }
        try trial.wait(for: "a tenth of the answers") {
            try state.value.withLock { $0.said } >= trial.tries / 10 || kiosk.acknowledged() > honest
        }
        let before = kiosk.networkProcess.map(Memory.resident)
        kiosk.networkProcess.map(Memory.forgetPeak)
        try trial.wait(for: "hostile answers", row: row, count: { state.value.withLock { $0.said } }) {
            try state.value.withLock { $0.said } >= trial.tries || kiosk.acknowledged() > honest
        }
        finish(kiosk, trial, state, visits: visits.withLock { $0 }, before: before, into: &row)
        for (kind, count) in state.value.withLock({ $0.kinds }).sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            trial.progress.line("\(promise): \(kind.rawValue) \(count)")
        }
        if row.violations == 0 {
            // Whatever it heard, it goes on with an honest collector.
            state.value.withLock { $0.isHostile = false }
            let all = try kiosk.records()
            do { try trial.wait(for: "later honest answers") { try kiosk.acknowledged() >= all } } catch {
                row.violate("\(error)")
            }
        }
        return row
    }

    private static func finish(
        _ kiosk: any Sender, _ trial: Trial, _ state: StateBox, visits: Int, before: Int?, into row: inout Tried
    ) {
        row.tries = state.value.withLock { $0.said }
        row.faults = row.tries
        for sequence in state.value.withLock({ $0.believed }) {
            row.violate("records up to \(sequence) were taken for receipted")
        }
        if let acknowledged = try? kiosk.acknowledged(), acknowledged > honest {
            row.violate("the journal marks records up to \(acknowledged) as receipted; \(honest) are")
        }
        if visits > 0 { row.violate("a redirect was followed \(visits) times") }
        if let floor = kiosk.timeFloor, floor > Int64(StandIn.seconds) {
            row.violate("a forged time was believed: \(floor)")
        }
        guard let before, let process = kiosk.networkProcess else { return }
        let growth = Memory.peak(process) - before
        trial.progress.line("\(promise): the uplink weighs \(before) bytes and grew by \(growth)")
        if before == 0 { row.violate("the uplink has ended") }
        if growth > mostGrowthBytes { row.violate("the uplink grew by \(growth) bytes") }
    }

    private static func answer(
        _ request: StandIn.Request, _ client: Socket, _ collector: StandIn, _ state: StateBox, tries: Int, held: Int64
    ) -> Bool? {
        let drawn = state.value.withLock { state -> (HostileAnswer, UInt64, HostileWorld)? in
            if state.isHostile, request.receipted > held { state.believed.insert(request.receipted) }
            guard state.isHostile, state.said < tries, let world = state.world else { return nil }
            let isUpload = request.message.range != nil
            let kinds = HostileAnswer.allCases.filter { isUpload || !$0.isReceipt }
            let kind = kinds[Int.random(in: 0..<kinds.count, using: &state.random)]
            state.said += 1
            state.kinds[kind, default: 0] += 1
            return (kind, state.random.next(), world)
        }
        if let (kind, draw, world) = drawn { return kind.send(to: request, over: client, from: collector, world, draw) }
        // Until the hostile ones begin, just so many records are receipted; after the last of them, silence.
        let isOver = state.value.withLock { $0.isHostile || $0.world == nil && request.checkpoint.head.sequence > held }
        return isOver && request.message.range != nil ? false : nil
    }

    private final class StateBox: Sendable {
        let value: Mutex<State>
        init(_ state: State) { value = Mutex(state) }
    }
}

extension HostileAnswer {
    /// Only an upload can be answered so.
    var isReceipt: Bool {
        switch self {
        case .oldReceipt, .otherKiosk, .higherThanSent, .otherEpoch, .wrongHash, .notYetWritten, .wrongKey, .wrongName,
            .uncosigned, .cosignatureSwapped, .longNote, .receiptTwice, .longerThanSaid:
            true
        default: false
        }
    }
}
