import Wire

/// How often, how much and how patiently the kiosk sends (`reliability.md` §7). Times in milliseconds.
public struct DeliveryLimits: Equatable, Sendable {
    /// This many waiting records are sent at once …
    public var flushRecords = 20
    /// … and fewer after this time, spread by `flushSpread` to either side.
    public var flushMilliseconds: Int64 = 60_000
    public var flushSpreadMilliseconds: Int64 = 12_000

    public var batchRecords = WireLimits.recordsPerBatch
    public var batchBytes = WireLimits.bytesPerBatch
    /// So many batches must arrive in a row before a halved batch is doubled again: on a line that carries only the small
    /// ones, every second attempt would otherwise time out.
    public var successesToGrow = 3

    /// Back-off after failure n: `backoffBase` + random(0 … min(`backoffCap`, `backoffBase` · 2ⁿ)).
    public var backoffBaseMilliseconds: Int64 = 5_000
    public var backoffCapMilliseconds: Int64 = 300_000
    /// The longest `Retry-After` that is obeyed.
    public var retryAfterCapMilliseconds: Int64 = 3_600_000
    /// The first contact after a start comes within this time, so that a hall that gets its power back does not storm.
    public var startSpreadMilliseconds: Int64 = 60_000

    public var heartbeatMilliseconds: Int64 = 60_000
    public var heartbeatSpreadMilliseconds: Int64 = 10_000

    /// A batch is refused as malformed this often, read from disk anew each time, before the alarm is raised.
    public var rereads = 3
    /// How often the collector is shown what it has receipted of earlier epochs, which no upload and no heartbeat names.
    public var reviewMilliseconds: Int64 = 3_600_000
    /// How soon `run` is asked again after it failed to answer.
    public var runRetryMilliseconds: Int64 = 1_000

    public init() {}

    /// For a demonstration, where somebody looks on: everything within a second or two.
    public static var demonstration: DeliveryLimits {
        var limits = DeliveryLimits()
        limits.flushRecords = 1
        limits.flushMilliseconds = 2_000
        limits.flushSpreadMilliseconds = 400
        limits.backoffBaseMilliseconds = 500
        limits.backoffCapMilliseconds = 3_000
        limits.startSpreadMilliseconds = 0
        limits.heartbeatMilliseconds = 5_000
        limits.heartbeatSpreadMilliseconds = 1_000
        return limits
    }
}
