import KioskControl
import Testing

@testable import Delivery

/// A kiosk and a collector in virtual time, with faults on the way. The collector keeps only how far it has come: it takes
/// a range that joins on and answers the rest as `reliability.md` §6.3 says.
private struct World {
    var random: SeededGenerator
    var delivery: Delivery
    var now: Int64 = 0
    // The kiosk.
    var head: Int64 = 0
    var receipted: Int64 = 0
    var lastPress: Int64 = 0
    // The collector.
    var stored: Int64 = 0
    var faults = 0
    var uploads = 0
    var repeats = 0
    var commands = 0

    init(seed: UInt64, limits: DeliveryLimits = DeliveryLimits()) {
        random = SeededGenerator(seed: seed)
        delivery = Delivery(limits: limits)
    }

    /// Presses a few buttons a minute until `end`, with `percent` of the exchanges broken, half of them on the way there and half on the way back; 200 breaks all.
    mutating func run(until end: Int64, faultPercent percent: Int) {
        var actions = delivery.handle(commands == 0 ? .started : .rested(pending: pending), now: now, random: &random)
        while now < end {
            commands += 1
            now += 1
            guard let command = actions.last else { return }
            actions = delivery.handle(perform(command, percent), now: now, random: &random)
        }
    }

    var pending: Int { Int(head - receipted) }

    private mutating func press() {
        while lastPress + 15_000 <= now {
            lastPress += Int64.random(in: 5_000...15_000, using: &random)
            head += 1
        }
    }

    private mutating func perform(_ command: DeliveryAction, _ percent: Int) -> DeliveryEvent {
        switch command {
        case .report: return .runFailed
        case .rest(let milliseconds, let count):
            let end = now + milliseconds
            repeat {
                now = min(end, now + 1_000)
                press()
            } while now < end && pending < count ?? .max
            return .rested(pending: pending)
        case .fetch(let from, let records, _):
            if Int.random(in: 0..<100, using: &random) < percent / 10 { return .runFailed }
            let first = from?.sequence ?? receipted + 1
            guard first <= head else { return .fetched(nil) }
            return .fetched(
                BatchExtent(epoch: 1, first: first, last: min(head, first + Int64(records) - 1), head: head))
        case .fetchReceipted: return .fetched(nil)
        case .upload: return .uploaded(upload(percent))
        case .sendHeartbeat:
            return .heartbeat(roll(percent) ?? (receipted > stored ? .resend(from: stored + 1) : .accepted), epoch: 1)
        }
    }

    private mutating func upload(_ percent: Int) -> CollectorAnswer {
        guard let batch = delivery.inFlight else { return .unreachable }
        uploads += 1
        now += 200
        // The request may be lost, or its answer.
        if let fault = roll(percent / 2) { return fault }
        let answer = take(batch)
        if let fault = roll(percent / 2) { return fault }
        if answer == .accepted { receipted = max(receipted, batch.last) }
        return answer
    }

    private mutating func take(_ batch: BatchExtent) -> CollectorAnswer {
        if receipted > stored, batch.first > stored + 1 { return .resend(from: stored + 1) }
        if batch.first > stored + 1 { return .resend(from: stored + 1) }
        if batch.last <= stored { repeats += 1 }
        stored = max(stored, batch.last)
        return .accepted
    }

    private mutating func roll(_ percent: Int) -> CollectorAnswer? {
        guard Int.random(in: 0..<100, using: &random) < percent else { return nil }
        faults += 1
        let kinds: [CollectorAnswer] = [
            .timedOut, .unreachable, .worthless, .busy(retryAfterMilliseconds: 60_000), .denied(nil), .tooLarge,
            .unprocessable, .conflict(.fork), .resend(from: Int64.random(in: 1...max(1, head), using: &random)),
        ]
        return kinds[Int.random(in: 0..<kinds.count, using: &random)]
    }
}

@Suite struct SimulationTests {
    static let hour: Int64 = 3_600_000

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func everyRecordArrivesThroughAnyFaults(seed: UInt64) {
        var world = World(seed: seed)
        world.run(until: 6 * Self.hour, faultPercent: 60)
        #expect(world.faults > 20, "the faults never took effect")
        #expect(world.receipted <= world.stored)
        let presses = world.head
        world.run(until: world.now + Self.hour, faultPercent: 0)
        #expect(world.receipted >= presses, "seed \(seed)")
        #expect(world.stored >= world.receipted)
        // Nobody spins: not more than a command for each second on average.
        #expect(world.commands < 7 * 3_600, "seed \(seed): \(world.commands) commands")
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func aRestoredCollectorGetsBackWhatItHadReceipted(seed: UInt64) {
        var world = World(seed: seed)
        world.run(until: 2 * Self.hour, faultPercent: 20)
        let receipted = world.receipted
        #expect(receipted > 100)
        world.stored = receipted / 3
        world.run(until: world.now + Self.hour, faultPercent: 0)
        #expect(world.stored >= world.receipted)
        #expect(world.receipted > receipted)
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func aLongOutageIsDrainedInMinutes(seed: UInt64) {
        var world = World(seed: seed)
        world.run(until: 24 * Self.hour, faultPercent: 200)
        #expect(world.receipted == 0)
        #expect(world.head > 5_000)
        // An hour: the longest Retry-After, were it the last word; here it is a minute, or the back-off's cap.
        world.run(until: world.now + 900_000, faultPercent: 0)
        #expect(world.pending < 30, "seed \(seed): \(world.pending) wait")
    }
}
