// Placing records in time (`reliability.md` §6.4).
//
// Constraints: order is `seq`; a record's time is the start of its boot plus its `boot_ms`, so a batch needs one line
// for each boot in it, and the line that was used is kept and sealed with the batch: what was derived can be derived
// again. Format of `text`: `boot=start` or `boot=earliest..latest`, joined with `;`, milliseconds since 1970; empty where
// no record of the batch tells its moment.
// Operations: `init(of:…)` over the clock fields of a batch, `placed`, `text`, `init(text:)`.

import Wire

/// Where each boot of a batch started, on the collector's clock.
public struct BootClocks: Equatable, Sendable {
    /// When a boot started: one moment if it met the collector, else an interval.
    public struct Start: Equatable, Sendable {
        public var boot: Int
        /// Milliseconds since 1970.
        public var earliest: Int64
        public var latest: Int64

        public init(boot: Int, earliest: Int64, latest: Int64) {
            self.boot = boot
            self.earliest = earliest
            self.latest = latest
        }
    }

    /// A moment: within `time ± uncertainty`, milliseconds since 1970.
    public struct Placed: Equatable, Sendable {
        public var time: Int64
        public var uncertainty: Int64
    }

    /// In the order in which the boots appear in the batch.
    public var starts: [Start]

    public init(starts: [Start]) { self.starts = starts }
}

extension BootClocks {
    /// The clock fields of one record, in the order of the chain.
    struct Moment {
        var boot: Int
        var bootMilliseconds: Int64
    }

    /// Three thousand years: what a hostile `boot_ms` is cut to, so that sums cannot overflow.
    private static let longestBoot: Int64 = 100_000_000_000_000

    private struct Run {
        var boot: Int
        var least: Int64
        var greatest: Int64
    }

    /// Places the boots of a batch. `now` is the kiosk's clock as it sent, nothing where a file brought the batch some
    /// time later; `received` is the collector's; `floor` is a time before which none of the records can have been
    /// written; `contact` gives what is known of an earlier boot.
    init(
        of moments: [Moment], now: KioskClock?, received: Int64, floor: Int64,
        contact: (_ boot: Int) throws -> BootContact?
    ) rethrows {
        let runs = Self.runs(of: moments)
        let sending = try now.map {
            (boot: $0.boot, start: Self.start(of: $0, received: received, after: try contact($0.boot)))
        }
        var exact: [Int: Int64] = [:]
        if let sending { exact[sending.boot] = sending.start }
        for run in runs where exact[run.boot] == nil {
            guard let contact = try contact(run.boot) else { continue }
            exact[run.boot] = contact.received - Self.cut(contact.bootMilliseconds)
        }
        // Bounds from above go backwards, bounds from below forwards. The boot count grows with every start of the
        // program, the boot clock begins anew only with the machine: where it did not run back, both starts may stand on
        // one run of the clock, and then it is no earlier one.
        var latest: [Int64] = []
        // What a file brought was written before it came, on a clock that nobody knows any more.
        var next = (start: sending?.start ?? received, clock: now.map { Self.cut($0.bootMilliseconds) } ?? -1)
        for run in runs.reversed() {
            let bound = run.greatest <= next.clock ? next.start : next.start - run.greatest
            let start = exact[run.boot] ?? min(bound, received - run.greatest)
            latest.append(start)
            next = (start, run.least)
        }
        var floor = floor
        starts = zip(runs, latest.reversed()).map { run, latest in
            // Without a contact it stays an interval, however narrow, and is counted as uncertain.
            let earliest = exact[run.boot] ?? min(floor - run.least, latest - 1)
            floor = earliest + run.greatest
            return Start(boot: run.boot, earliest: earliest, latest: latest)
        }
    }

    /// The whole time-out of a request, milliseconds (`reliability.md` §7): what took longer on its way is no delay.
    private static let longestWay: Int64 = 90_000
    /// What an estimate may rise by: one part of so many of the time since the contact before, as crystals differ. So a
    /// slow line costs a record less than two seconds for five hours after a contact.
    private static let rise: Int64 = 10_000

    /// When the boot of a request started: as the request itself says, less what an earlier contact of this boot shows
    /// to be delay. A slow line only ever makes a start seem later; the collector's own clock, once set, is believed.
    static func start(of now: KioskClock, received: Int64, after contact: BootContact?) -> Int64 {
        let start = received - cut(now.bootMilliseconds)
        guard let contact else { return start }
        let known = contact.received - cut(contact.bootMilliseconds)
        let passed = cut(now.bootMilliseconds) - cut(contact.bootMilliseconds)
        guard passed > 0 else { return min(start, known) }
        let highest = known + passed / rise
        return start - highest > longestWay ? start : min(start, highest)
    }

    private static func runs(of moments: [Moment]) -> [Run] {
        var runs: [Run] = []
        for moment in moments {
            let time = cut(moment.bootMilliseconds)
            if let index = runs.lastIndex(where: { $0.boot == moment.boot }) {
                runs[index].least = min(runs[index].least, time)
                runs[index].greatest = max(runs[index].greatest, time)
            } else {
                runs.append(Run(boot: moment.boot, least: time, greatest: time))
            }
        }
        return runs
    }

    private static func cut(_ milliseconds: Int64) -> Int64 { min(max(milliseconds, 0), longestBoot) }

    /// The moment of a record: the middle of what is known, never after it was received. Nothing for a boot without a
    /// line.
    func placed(_ moment: Moment, received: Int64) -> Placed? {
        guard let start = starts.last(where: { $0.boot == moment.boot }) else { return nil }
        let width = start.latest - start.earliest
        let middle = start.earliest + width / 2 + Self.cut(moment.bootMilliseconds)
        return Placed(time: min(middle, received), uncertainty: (width + 1) / 2)
    }

    /// A time before which the record cannot have been written.
    func floor(_ moment: Moment, received: Int64) -> Int64? {
        guard let start = starts.last(where: { $0.boot == moment.boot }) else { return nil }
        return min(start.earliest + Self.cut(moment.bootMilliseconds), received)
    }
}

extension BootClocks {
    public var text: String {
        starts.map { start in
            start.earliest == start.latest
                ? "\(start.boot)=\(start.earliest)" : "\(start.boot)=\(start.earliest)..\(start.latest)"
        }.joined(separator: ";")
    }

    /// Nothing unless it is what `text` writes.
    public init?(text: String) {
        starts = []
        if text.isEmpty { return }
        for item in text.split(separator: ";", omittingEmptySubsequences: false) {
            let sides = item.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, let boot = Int(sides[0]) else { return nil }
            let bounds = sides[1].split(separator: ".").map { Int64($0) }
            guard (1...2).contains(bounds.count), let earliest = bounds[0], let latest = bounds[bounds.count - 1] else {
                return nil
            }
            starts.append(Start(boot: boot, earliest: earliest, latest: latest))
        }
        guard self.text == text else { return nil }
    }
}
