import Ledger
import Ratings

// What `uplink` may ask of `run` on `uplink.sock`, and nothing more: it reads batches and hands back what the collector
// said. No verb of this socket deletes, changes or forges a record; a receipt counts only if the journal's own check of
// its signatures says so.

/// A request of `uplink`.
public enum UplinkRequest: Codable, Equatable, Sendable {
    /// Who this kiosk is. Answer: `identity`, or `notEnrolled`.
    case identify
    /// The records of `epoch` (nothing: the present one) that start at `first` (nothing: the lowest unreceipted one, of an
    /// earlier epoch if only those wait), at most so many. Answer: `batch`, or `nothing`.
    case batch(epoch: Int?, first: Int64?, maximumRecords: Int, maximumBytes: Int)
    /// The last record of the newest epoch before this one (nothing: before the present one) whose records are all
    /// receipted. Answer: `batch`, or `nothing`.
    case lastReceipted(before: Int?)
    /// Answered with `pending` as soon as `records` wait to be sent, or after `seconds`.
    case wait(records: Int, seconds: Double)
    /// A note that the collector answered. Answer: `received`, or `refused`.
    case receipt(note: String)
    /// What the collector said that a person should know of. Answer: `received`.
    case verdict(Verdict)
    /// What a heartbeat carries. Answer: `vitals`.
    case vitals
    /// Notes of `Ledger.KeySuccession` that the collector publishes, to be followed as far as they can be believed.
    /// Answer: `keys`.
    case follow(successions: [String])
    /// What the collector orders in its answer to a heartbeat, with its signed time for the nonce of the last `vitals`.
    /// Answer: `received`, or `refused`. An order that is not known is passed over.
    case orders([String], time: String)
}

/// An answer of `run`.
public enum UplinkAnswer: Codable, Equatable, Sendable {
    case identity(KioskIdentity)
    case notEnrolled
    case batch(Batch)
    case nothing
    case pending(records: Int)
    case received
    case refused(reason: String)
    case vitals(Vitals)
    /// What is believed now: the collector's receipt key, and the base64 digest of its newest TLS authority where that is
    /// not the one of the enrolment.
    case keys(receiptKey: PublicKey, authority: String?)
    /// The store has just failed or the message was not understood.
    case failed(reason: String)
}

/// Who the kiosk is and which collector it trusts. Public facts only.
public struct KioskIdentity: Codable, Equatable, Sendable {
    public var kiosk: KioskID
    public var epoch: Int
    public var journalKey: PublicKey
    /// `https://host:port`, without a path.
    public var collector: String
    /// The name under which the collector cosigns.
    public var collectorName: String
    /// The key with which the collector cosigns.
    public var receiptKey: PublicKey

    public init(
        kiosk: KioskID, epoch: Int, journalKey: PublicKey, collector: String, collectorName: String,
        receiptKey: PublicKey
    ) {
        self.kiosk = kiosk
        self.epoch = epoch
        self.journalKey = journalKey
        self.collector = collector
        self.collectorName = collectorName
        self.receiptKey = receiptKey
    }
}

/// A run of records with the notes that vouch for it.
public struct Batch: Codable, Equatable, Sendable {
    public var kiosk: KioskID
    public var epoch: Int
    public var first: Int64
    public var last: Int64
    /// The lines `first…last` without their newlines.
    public var lines: [String]
    /// The checkpoint of `last`.
    public var checkpoint: String
    /// The checkpoint of the newest record, sent or not.
    public var head: String
    /// The newest receipt held.
    public var receipt: String?
    /// Now, on the clocks of the records.
    public var now: KioskTime

    public init(
        kiosk: KioskID, epoch: Int, first: Int64, last: Int64, lines: [String], checkpoint: String, head: String,
        receipt: String?, now: KioskTime
    ) {
        self.kiosk = kiosk
        self.epoch = epoch
        self.first = first
        self.last = last
        self.lines = lines
        self.checkpoint = checkpoint
        self.head = head
        self.receipt = receipt
        self.now = now
    }
}

/// The kiosk's clocks at one moment.
public struct KioskTime: Codable, Equatable, Sendable {
    public var boot: Int
    /// CLOCK_BOOTTIME, milliseconds.
    public var bootMilliseconds: Int64
    /// RFC 3339, UTC, milliseconds.
    public var wall: String
    public var clock: ClockState

    public init(boot: Int, bootMilliseconds: Int64, wall: String, clock: ClockState) {
        self.boot = boot
        self.bootMilliseconds = bootMilliseconds
        self.wall = wall
        self.clock = clock
    }
}

/// What the collector answered instead of a receipt, for the technician's mark and the log.
public enum Verdict: String, Codable, Equatable, Sendable {
    case fork
    case rewindKiosk = "rewind_kiosk"
    case epochClosed = "epoch_closed"
    case revoked
    /// The collector, or something in between, does not take the same batch, three times over and without a reason that
    /// passes.
    case malformed
}

/// Health, as the heartbeat tells it.
public struct Vitals: Codable, Equatable, Sendable {
    public var kiosk: KioskID
    public var epoch: Int
    /// The checkpoint of the newest record.
    public var head: String
    public var receipt: String?
    public var now: KioskTime
    public var unsent: Int
    /// What a technician should look at: `no_input`, `no_display`, `disk_low`, `fork` …
    public var marks: [String]
    public var program: String
    /// Base64 of 16 random bytes: the collector signs its time for it, and then `run` believes it.
    public var nonce: String?
    /// The number of the newest technician's visit that was opened here; 0 before the first.
    public var maintenance: Int64

    public init(
        kiosk: KioskID, epoch: Int, head: String, receipt: String?, now: KioskTime, unsent: Int, marks: [String],
        program: String, nonce: String? = nil, maintenance: Int64 = 0
    ) {
        self.kiosk = kiosk
        self.epoch = epoch
        self.head = head
        self.receipt = receipt
        self.now = now
        self.unsent = unsent
        self.marks = marks
        self.program = program
        self.nonce = nonce
        self.maintenance = maintenance
    }
}
