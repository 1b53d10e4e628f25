/// Every limit of the store, with the defaults of `reliability.md` §7. Tests use smaller ones.
public struct JournalLimits: Sendable {
    /// A file that only takes up room. A full disk cannot be emptied with DELETE (`reliability.md` §1, fact 5), so
    /// this room is given back first.
    public var ballastBytes: Int64 = 16 << 20
    /// With less free room than this, beside what the write-ahead log still grows by, nothing more is asked.
    public var reserveBytes: Int64 = 2 << 20
    /// The most that the records may take. 90 days of 2,000 ratings a day are about 480 MB.
    public var maximumBytes: Int64 = 768 << 20
    /// The share of the capacity, in percent, from which on a technician should come.
    public var warningPercent: Int = 50
    /// The share of the capacity, in percent, from which on it is urgent.
    public var alarmPercent: Int = 80
    /// How many of the newest records are verified at each opening.
    public var verifiedAtOpening: Int = 64
    /// After a failure, a store of at most so many records is verified before it is used. Of a larger one the newest links
    /// are, as at any opening, and all the others while it is in use, so that the dialog comes at once whatever the backlog
    /// (`reliability.md` §3, G10).
    public var checkedAtOpening: Int64 = 20_000
    /// How long a record is kept after its receipt, seconds on the collector's clock.
    public var keptAfterReceiptSeconds: UInt64 = 90 * 86_400
    /// How many records one step of compaction or of a walk over the chain takes, so that storing never waits long.
    public var recordsPerStep: Int = 500

    public init() {}

    /// What the write-ahead log grows to before it is written over from its start: 256 pages, and one compaction step more.
    static let steadyLogBytes: Int64 = 1280 << 10

    /// The room that must be free for storing to go on: the reserve, which pages that compaction has freed can stand for,
    /// and what the write-ahead log still grows by.
    func neededBytes(logBytes: Int64, freedBytes: Int64) -> Int64 {
        max(0, reserveBytes - freedBytes) + max(0, Self.steadyLogBytes - logBytes)
    }

    /// The longest batch, in records, whatever is asked for.
    public static let maximumBatchRecords = 500
    /// The longest batch, in bytes of lines with their newlines, whatever is asked for. One record always fits.
    public static let maximumBatchBytes = 256 << 10
}
