/// What the kiosk knew of the time of day when it wrote a record.
public enum ClockState: String, Codable, Sendable {
    /// Before the build date of the program: certainly wrong.
    case unset
    /// Plausible, but nobody vouches for it.
    case free
    /// Held by NTP or by a signed time of the collector.
    case synced
}

/// The fields that every record has (`reliability.md` §6.1).
public struct RecordHeader: Codable, Equatable, Sendable {
    /// The version of the record format; this program writes 1.
    public var version: Int
    public var kiosk: KioskID
    /// Which unbroken chain of the kiosk; 1 is the first.
    public var epoch: Int
    /// 1, 2, 3 … without a hole within an epoch.
    public var sequence: Int64
    /// How many times the kiosk has started, this start included.
    public var boot: Int
    /// CLOCK_BOOTTIME in milliseconds. Differences within one boot are exact.
    public var bootMilliseconds: Int64
    /// The wall clock, RFC 3339 in UTC with milliseconds. A label: order is `sequence`.
    public var wall: String
    public var clock: ClockState
    /// Base64 of the SHA-256 of the line before (for sequence 1: the genesis hash).
    public var previous: String

    public init(
        version: Int = 1, kiosk: KioskID, epoch: Int, sequence: Int64, boot: Int, bootMilliseconds: Int64, wall: String,
        clock: ClockState, previous: String
    ) {
        self.version = version
        self.kiosk = kiosk
        self.epoch = epoch
        self.sequence = sequence
        self.boot = boot
        self.bootMilliseconds = bootMilliseconds
        self.wall = wall
        self.clock = clock
        self.previous = previous
    }

    enum CodingKeys: String, CodingKey {
        case kiosk, epoch, boot, wall, clock
        case version = "v"
        case sequence = "seq"
        case bootMilliseconds = "boot_ms"
        case previous = "prev"
    }
}

/// One line of the journal, decoded. The line itself, not this value, is what is hashed, stored and sent.
public struct Record: Equatable, Sendable {
    public var header: RecordHeader
    public var body: RecordBody

    public init(header: RecordHeader, body: RecordBody) {
        self.header = header
        self.body = body
    }
}

/// What a record tells, by kind. Kinds are never edited or reused; a kind this program does not know is kept by its name.
public enum RecordBody: Equatable, Sendable {
    case shown(Shown)
    case answer(Answer)
    case session(SessionEnd)
    case comment(TextDigest)
    case gratitude(Gratitude)
    case boot(Boot)
    case clock(ClockChange)
    case config(Applied)
    case update(Applied)
    case maintenance(Maintenance)
    case loss(Loss)
    case key(KeyChange)
    case export(Export)
    case decommission(Decommission)
    case unknown(kind: String)

    /// The value of the field `kind`.
    public var kind: String {
        switch self {
        case .shown: "shown"
        case .answer: "answer"
        case .session: "session"
        case .comment: "comment"
        case .gratitude: "gratitude"
        case .boot: "boot"
        case .clock: "clock"
        case .config: "config"
        case .update: "update"
        case .maintenance: "maintenance"
        case .loss: "loss"
        case .key: "key"
        case .export: "export"
        case .decommission: "decommission"
        case .unknown(let kind): kind
        }
    }
}
