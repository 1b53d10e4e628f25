import GRDB

/// How full the journal is.
public struct JournalCapacity: Equatable, Sendable {
    public enum Level: Int, Comparable, Sendable {
        case normal
        /// A technician should come.
        case warning
        /// Urgent.
        case alarm
        /// Nothing more is stored: stop asking, and say so.
        case full

        public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
    }

    /// Bytes of the pages that hold records.
    public let usedBytes: Int64
    /// Bytes that records may take in all, with the room that the file system has now.
    public let totalBytes: Int64
    /// Free bytes of the file system.
    public let availableBytes: Int64
    /// Bytes that the ballast holds back.
    public let ballastBytes: Int64
    public let level: Level
    /// Free bytes without which nothing is stored.
    let neededBytes: Int64

    init(
        usedBytes: Int64, freedBytes: Int64, availableBytes: Int64, logBytes: Int64, ballastBytes: Int64,
        limits: JournalLimits
    ) {
        self.usedBytes = usedBytes
        self.availableBytes = availableBytes
        self.ballastBytes = ballastBytes
        neededBytes = limits.neededBytes(logBytes: logBytes, freedBytes: freedBytes)
        totalBytes = max(1, min(limits.maximumBytes, usedBytes + freedBytes + availableBytes))
        let percent = Int(min(100, usedBytes * 100 / totalBytes))
        if availableBytes < neededBytes || usedBytes >= limits.maximumBytes {
            level = .full
        } else if percent >= limits.alarmPercent {
            level = .alarm
        } else {
            level = percent >= limits.warningPercent ? .warning : .normal
        }
    }
}

/// The capacity as it was asked for last, and when to ask again.
struct SpaceGauge {
    /// So many records are stored between two questions; the reserve is far more than they can take.
    static let interval = 32

    var capacity: JournalCapacity
    var recordsLeft = SpaceGauge.interval

    init(_ capacity: JournalCapacity) { self.capacity = capacity }

    static func measure(
        _ db: Database, files: JournalFiles, limits: JournalLimits
    ) throws -> JournalCapacity {
        let pages = try db.cachedStatement(sql: "PRAGMA page_count")
        let free = try db.cachedStatement(sql: "PRAGMA freelist_count")
        let freed = try Int64.fetchOne(free) ?? 0
        let used = (try Int64.fetchOne(pages) ?? 0) - freed
        return JournalCapacity(
            usedBytes: used * 4096, freedBytes: freed * 4096, availableBytes: try files.availableBytes(),
            logBytes: files.size(of: files.writeAheadLog) ?? 0, ballastBytes: files.size(of: files.ballast) ?? 0,
            limits: limits)
    }
}

extension Journal {
    /// How full the journal is now.
    public func capacity() throws(JournalError) -> JournalCapacity {
        let capacity = try access("ask for the free space") { [files, limits] db in
            try SpaceGauge.measure(db, files: files, limits: limits)
        }
        gauge = SpaceGauge(capacity)
        return capacity
    }

    /// Throws `.full` when there is no room for another record. Nothing has been touched then.
    func requireRoom() throws(JournalError) {
        if gauge.recordsLeft <= 0 || gauge.capacity.level == .full { _ = try capacity() }
        guard gauge.capacity.level != .full else { throw .full(path: store.path) }
        gauge.recordsLeft -= 1
    }
}
