import FoundationEssentials
import Ledger
import Ratings

// What commands may ask of `run` on `control.sock`, which only the kiosk's own user and root may open.

/// A request of a command.
public enum CommandRequest: Codable, Equatable, Sendable {
    /// Answer: `status`.
    case status
    /// Walk the chain of the present epoch from record 1. Answer: `verified`, or `broken`.
    case verify
    /// Lines from `first` on, as many as fit. Answer: `lines`; empty at the end.
    case export(first: Int64)
    /// Which records are to be carried to the collector: those without a receipt, or with `first` those of the present
    /// epoch from there on. Answer: `waiting`.
    case waiting(first: Int64?)
    /// The batch file that begins with a record, with at most so many. Answer: `file`.
    case batchFile(epoch: Int, first: Int64, maximumRecords: Int)
    /// Files of these records are durable on their medium; goes on record. Answer: `done`.
    case exported([RecordRange], medium: String)
    /// A receipt that was carried back. Answer: `receipted`, or `refused`.
    case receipt(note: String)
    /// A visit has ended: ask. Answer: `done`, or `refused` while another dialog is shown.
    case visit(Visit)
    /// The keys for an enrolment: the journal's public key, and its signature over the transport key. Answer: `certified`.
    case certify(transportKey: PublicKey)
    /// The collector's answer to the enrolment: opens an epoch. Answer: `done`, or `refused`.
    case enrol(Enrolment)
    /// An enrolment failed, for the screen of a kiosk that has none yet. Answer: `done`.
    case enrolmentFailed(EnrolmentTrouble)
    /// Change the journal key. Answer: `done`.
    case changeKey
    /// Which generation the next transport key is. Answer: `generation`.
    case transportGeneration
    /// Vouch for a new transport key; the note of its succession, signed by itself. Answer: `succession`.
    case vouch(note: String)
    /// Open a technician's visit by its signed note, as soon as nobody is asked. Answer: `done`, or `refused`.
    case openMaintenance(note: String)
    /// The technician is done: end the visit. Answer: `done`, or `refused` while none is open.
    case endMaintenance
    /// Who this kiosk is, and whom it believes. Answer: `identity`, or `refused`.
    case identify
}

/// An answer of `run`.
public enum CommandAnswer: Codable, Equatable, Sendable {
    case status(KioskStatus)
    case verified(records: Int64, head: String)
    case broken(sequence: Int64, reason: String)
    case lines([String], checkpoint: String?)
    case certified(TransportCertificate)
    /// Oldest epoch first; empty when nothing waits.
    case waiting([RecordRange])
    /// The bytes of a batch file and what is in it.
    case file(Data, RecordRange)
    /// All records up to this one are receipted; whether the receipt was news.
    case receipted(epoch: Int, sequence: Int64, isNew: Bool)
    case generation(Int)
    case succession(note: String)
    case identity(KioskIdentity)
    case done
    case refused(reason: String)
    case failed(reason: String)
}

/// Records of one epoch.
public struct RecordRange: Codable, Equatable, Sendable {
    public var epoch: Int
    public var first: Int64
    public var last: Int64

    public init(epoch: Int, first: Int64, last: Int64) {
        self.epoch = epoch
        self.first = first
        self.last = last
    }
}

/// What the journal key says of the transport key.
public struct TransportCertificate: Codable, Equatable, Sendable {
    public var journalKey: PublicKey
    public var transportKey: PublicKey
    /// Base64 of the journal key's signature over `Ledger.TransportStatement`.
    public var signature: String
    /// The newest epoch that the journal holds; 0 before the first. A new one must be above it.
    public var newestEpoch: Int

    public init(journalKey: PublicKey, transportKey: PublicKey, signature: String, newestEpoch: Int = 0) {
        self.journalKey = journalKey
        self.transportKey = transportKey
        self.signature = signature
        self.newestEpoch = newestEpoch
    }
}

/// What the collector decided at enrolment, as `enrol` hands it to `run`.
public struct Enrolment: Codable, Equatable, Sendable {
    public var identity: KioskIdentity
    /// The nonce of the genesis.
    public var collectorNonce: String

    public init(identity: KioskIdentity, collectorNonce: String) {
        self.identity = identity
        self.collectorNonce = collectorNonce
    }
}

/// Why an enrolment failed, as far as a technician before the screen can do something about it. The number is the fault
/// code of the technician's guide.
public enum EnrolmentTrouble: Int, Codable, Equatable, Sendable, CaseIterable {
    /// The enrolment file is not read, or what it says is no address, code or pin.
    case file = 11
    /// The one-time code is wrong, spent or too old.
    case code = 12
    /// Whoever answers is not the collector that made the code.
    case collectorKey = 13
    /// Nobody answers. It is tried again.
    case noAnswer = 14
    /// An answer that no collector gives, or a refusal for another reason.
    case answer = 15
}

/// The state of the kiosk for a person or a script (`otsenka-kiosk status --json`).
public struct KioskStatus: Codable, Equatable, Sendable {
    /// Nothing before enrolment.
    public var kiosk: KioskID?
    public var epoch: Int?
    public var collector: String?
    public var screen: String
    /// Records in the present epoch.
    public var records: Int64
    /// Of which the collector has given a receipt.
    public var receipted: Int64
    public var unsent: Int64
    public var devices: [String]
    public var display: String
    public var marks: [String]
    public var program: String
    public var now: KioskTime
    /// How quick the newest presses of touch panels and keys were; nothing before the first.
    public var pressToFrameMicroseconds: PressToFrame?
    /// What this start has yet to show before its release counts as good, a sentence each (`status --check-health`).
    public var missing: [String]

    public init(
        kiosk: KioskID?, epoch: Int?, collector: String?, screen: String, records: Int64, receipted: Int64,
        unsent: Int64,
        devices: [String], display: String, marks: [String], program: String, now: KioskTime,
        pressToFrameMicroseconds: PressToFrame? = nil, missing: [String] = []
    ) {
        self.kiosk = kiosk
        self.epoch = epoch
        self.collector = collector
        self.screen = screen
        self.records = records
        self.receipted = receipted
        self.unsent = unsent
        self.devices = devices
        self.display = display
        self.marks = marks
        self.program = program
        self.now = now
        self.pressToFrameMicroseconds = pressToFrameMicroseconds
        self.missing = missing
    }
}

/// From the reading of the kernel's event to the press's frame in the display's hands, over the newest presses that
/// changed the picture; microseconds.
public struct PressToFrame: Codable, Equatable, Sendable {
    public var count: Int
    public var p50: Int
    public var p99: Int

    public init(count: Int, p50: Int, p99: Int) {
        self.count = count
        self.p50 = p50
        self.p99 = p99
    }
}
