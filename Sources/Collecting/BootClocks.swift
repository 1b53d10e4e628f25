// Placing records in time (`reliability.md` §6.4).
//
// Constraints: order is `seq`; a record's time is that of its boot's start plus its `boot_ms`, so a batch needs one line
// for each boot in it, and the line that was used is kept and sealed with the batch: what was derived can be derived
// again. Format of `text`: `boot=start` or `boot=earliest-latest`, joined with `;`, milliseconds since 1970.
// Operations: `placed(boot:bootMilliseconds:received:)`, `text`, `init(text:)`.

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

    public var starts: [Start]

    public init(starts: [Start]) { self.starts = starts }
}
