import Delivery
import SeededRandom
import Torture

/// G20: when the collector comes back, ten thousand kiosks come back gently. Virtual time, the real policy.
enum FleetReturn {
    static let promise = "G20 fleet return"
    static let torture = Torture(promise, tries: 10_000) { run($0) }

    /// `trial.tries` kiosks, first at a collector that takes what it was planned for, then at one that is far too small.
    /// `limits` are how patient the kiosks are.
    static func run(_ trial: Trial, limits: DeliveryLimits = DeliveryLimits()) -> Tried {
        var row = Tried(promise, seed: trial.seed)
        let share = Double(trial.tries) / 10_000
        // 40,000 batches over the natural spread of 305 s are 131 in a second on average, but not evenly: the return meets
        // each kiosk somewhere in its back-off of 155 s on average, so that at first 10,000 / 155 s of them come in a
        // second, with four batches each.
        var planned = Fleet(kiosks: trial.tries, limits, batchesPerSecond: 260 * share, seed: trial.seed)
        planned.run()
        planned.judge(longestMinutes: 30, bounded: true, into: &row)
        var small = Fleet(kiosks: trial.tries, limits, batchesPerSecond: 30 * share, seed: trial.seed)
        small.run()
        small.judge(longestMinutes: 60, bounded: false, into: &row)
        if small.refusals == 0 { row.violate("no kiosk was told to wait, so none could fail to") }
        for (name, fleet) in [("planned", planned), ("small", small)] {
            trial.progress.line(
                "\(promise), \(name): drained in \(fleet.drained / 60_000) min, peak \(fleet.peak) batches/s, "
                    + "\(fleet.refusals) answers of 429")
        }
        return row
    }
}

/// Kiosks and a collector as one queue of events.
private struct Fleet {
    private struct Kiosk {
        var delivery: Delivery
        var random: SplitMix
        var waiting: Int
        var batch = 0
        var quietUntil: Int64 = .min
    }

    /// The last twenty minutes of the outage, milliseconds; longer than the cap of the back-off.
    private static let outage: Int64 = 1_200_000
    /// 500 ratings of 3.5 records.
    private static let backlog = 1_750
    private var kiosks: [Kiosk]
    private var events = EventHeap()
    private var random: SplitMix
    private let batchesPerMillisecond: Double
    /// The region answers 429 when more batches than this wait: a thousand for ten thousand kiosks.
    private let longestQueue: Double
    /// Until when the collector is busy with what it has taken.
    private var busyUntil = 0.0
    private var isDone = 0
    private var buckets: [Int64: Int] = [:]

    private(set) var refusals = 0
    private(set) var vainTries = 0
    private(set) var broken = 0
    private(set) var drained: Int64 = 0
    var peak: Int { buckets.values.max() ?? 0 }

    init(kiosks count: Int, _ limits: DeliveryLimits, batchesPerSecond: Double, seed: UInt64) {
        random = SplitMix(seed)
        batchesPerMillisecond = batchesPerSecond / 1000
        longestQueue = Double(count) / 10
        kiosks = []
        for number in 0..<count {
            kiosks.append(
                Kiosk(
                    delivery: Delivery(limits: limits), random: SplitMix(seed &+ UInt64(number) &* 7919),
                    waiting: Self.backlog))
        }
    }

    mutating func run() {
        for number in kiosks.indices {
            events.push(.init(time: Int64.random(in: 0...60_000, using: &random), kiosk: number, .started))
        }
        while isDone < kiosks.count, let event = events.pop(), event.time < Self.outage + 7_200_000 { step(event) }
    }

    mutating func judge(longestMinutes: Int64, bounded: Bool, into row: inout Tried) {
        row.tries += kiosks.count
        row.faults += vainTries + refusals
        if isDone < kiosks.count { row.violate("\(kiosks.count - isDone) kiosks are not drained after two hours") }
        if drained > longestMinutes * 60_000 { row.violate("the last kiosk was drained after \(drained / 60_000) min") }
        for _ in 0..<broken { row.violate("a kiosk sent before its Retry-After was over") }
        guard bounded else { return }
        let mean = Double(buckets.values.reduce(0, +)) / Double(max(1, drained / 1000))
        if Double(peak) > 2000 * batchesPerMillisecond { row.violate("the peak is \(peak) batches in a second") }
        if kiosks.count >= 10_000, Double(peak) > 3 * mean {
            row.violate("the peak of \(peak) is more than three times the mean, \(mean)")
        }
    }

    private mutating func step(_ event: EventHeap.Event) {
        let number = event.kiosk
        var random = kiosks[number].random
        let actions = kiosks[number].delivery.handle(event.what, now: event.time, random: &random)
        kiosks[number].random = random
        guard let command = actions.last else { return }
        switch command {
        case .rest(let milliseconds, let count):
            // No visitors come meanwhile: either enough waits already, or the time decides.
            let isEnough = count.map { kiosks[number].waiting >= $0 } ?? false
            next(
                number, at: event.time + (isEnough ? 1 : max(1, milliseconds)), .rested(pending: kiosks[number].waiting)
            )
        case .fetch(_, let records, _):
            let waiting = kiosks[number].waiting
            guard waiting > 0 else { return next(number, at: event.time + 5, .fetched(nil)) }
            kiosks[number].batch = min(records, waiting)
            let first = Int64(Self.backlog - waiting + 1)
            next(
                number, at: event.time + 5,
                .fetched(
                    BatchExtent(
                        epoch: 1, first: first, last: first + Int64(kiosks[number].batch) - 1,
                        head: Int64(Self.backlog))))
        case .fetchReceipted: next(number, at: event.time + 5, .fetched(nil))
        case .upload: upload(number, at: event.time)
        case .sendHeartbeat:
            check(number, event.time)
            next(number, at: event.time + 60, .heartbeat(event.time < Self.outage ? .unreachable : .accepted, epoch: 1))
        case .report: break
        }
    }

    private mutating func upload(_ number: Int, at time: Int64) {
        check(number, time)
        guard time >= Self.outage else {
            vainTries += 1
            return next(number, at: time + 20, .uploaded(.unreachable))
        }
        buckets[(time - Self.outage) / 1000, default: 0] += 1
        let wait = max(0, busyUntil - Double(time))
        guard wait * batchesPerMillisecond < longestQueue else {
            refusals += 1
            let pause = Int64.random(in: 60_000...600_000, using: &random)
            kiosks[number].quietUntil = time + 20 + pause
            return next(number, at: time + 20, .uploaded(.busy(retryAfterMilliseconds: pause)))
        }
        busyUntil = max(busyUntil, Double(time)) + 1 / batchesPerMillisecond
        let done = Int64(busyUntil) + 60
        kiosks[number].waiting -= kiosks[number].batch
        if kiosks[number].waiting == 0 {
            isDone += 1
            drained = max(drained, done - Self.outage)
        }
        next(number, at: done, .uploaded(.accepted))
    }

    private mutating func check(_ number: Int, _ time: Int64) { if time < kiosks[number].quietUntil { broken += 1 } }

    private mutating func next(_ number: Int, at time: Int64, _ what: DeliveryEvent) {
        events.push(.init(time: time, kiosk: number, what))
    }
}

/// Events by time; a binary heap.
private struct EventHeap {
    struct Event {
        var time: Int64
        var kiosk: Int
        var what: DeliveryEvent

        init(time: Int64, kiosk: Int, _ what: DeliveryEvent) {
            self.time = time
            self.kiosk = kiosk
            self.what = what
        }
    }

    private var items: [Event] = []

    mutating func push(_ event: Event) {
        items.append(event)
        var child = items.count - 1
        while child > 0, items[child].time < items[(child - 1) / 2].time {
            items.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() -> Event? {
        guard let first = items.first, let last = items.popLast() else { return nil }
        guard !items.isEmpty else { return first }
        items[0] = last
        var parent = 0
        while true {
            let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < items.count }
            guard let least = children.min(by: { items[$0].time < items[$1].time }),
                items[least].time < items[parent].time
            else { return first }
            items.swapAt(least, parent)
            parent = least
        }
    }
}
