/// Every limit of the store, with the defaults of `reliability.md` §7. Tests use smaller ones.
public struct JournalLimits: Sendable {
    /// A file that only takes up room. A full disk cannot be emptied with DELETE (`reliability.md` §1, fact 5), so
    /// this room is given back first.
    public var ballastBytes: Int64 = 16 << 20
    /// With less room than this (free bytes of the file system and the write-ahead log's own), nothing more is asked.
    public var reserveBytes: Int64 = 2 << 20
    /// The most that the records may take. 90 days of 2,000 ratings a day are about 480 MB.
    public var maximumBytes: Int64 = 768 << 20
    /// The share of the capacity, in percent, from which on a technician should come.
    public var warningPercent: Int = 50
    /// The share of the capacity, in percent, from which on it is urgent.
    public var alarmPercent: Int = 80
    /// How many of the newest records are verified at each opening.
    public var verifiedAtOpening: Int = 64
    /// How long a record is kept after its receipt, seconds on the collector's clock.
    public var keptAfterReceiptSeconds: UInt64 = 90 * 86_400
    /// How many records one step of compaction or of a walk over the chain takes, so that storing never waits long.
    public var recordsPerStep: Int = 500

    public init() {}

    /// The longest batch, in records, whatever is asked for.
    public static let maximumBatchRecords = 500
    /// The longest batch, in bytes of lines with their newlines, whatever is asked for. One record always fits.
    public static let maximumBatchBytes = 256 << 10
}
