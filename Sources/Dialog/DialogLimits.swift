/// The times of the dialog, in milliseconds of the monotonic clock (`reliability.md` §7). All are settings.
public struct DialogLimits: Equatable, Sendable {
    /// Without a press, the warning appears after this. EN 301 549 and `domain.md` §3.3: at least 15 s to read.
    public var warning: Int64 = 15_000
    /// The warning stays for this, then the dialog closes. At least 20 s; every press starts the time again.
    public var reset: Int64 = 20_000
    /// A new question takes no press before this, so that the second half of a double tap is not an answer.
    public var arm: Int64 = 250
    /// A press stays highlighted for at least this, so that it is seen even when the store is quick; the same for every
    /// answer. Counts into the 150 ms from press to thanks of G13.
    public var highlightMinimum: Int64 = 100
    /// A press is highlighted for at most this, so that bystanders do not read it off a waiting screen.
    public var highlightMaximum: Int64 = 300
    public var thanks: Int64 = 2_000
    /// How long a failure is told before the program restarts.
    public var notRecorded: Int64 = 5_000
    /// A store that has not answered for this has failed.
    public var store: Int64 = 5_000
    /// Edges of one button closer than this are contact bounce.
    public var debounce: Int64 = 50
    /// A contact that stays for this is dirt or a broken panel: the technician mark is shown while it lasts.
    public var stuckContact: Int64 = 60_000

    public init() {}

    /// The longest field of a visit, in bytes of UTF-8: four of them must fit the record line of 4 KiB, escaped.
    public static let visitFieldBytes = 64
}
