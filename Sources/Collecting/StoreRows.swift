import FoundationEssentials
import Ledger
import Ratings

// The rows of a collector's store. Times are milliseconds since 1970 on the collector's clock.

/// An office or a service: its id and what people call it.
public struct Place: Codable, Equatable, Sendable {
    public var id: String
    public var name: String

    public init(id: String, name: String) {
        self.id = id
        self.name = name
    }
}

/// Where a kiosk stands: ids of an office, the service and the window that a session has when its visit names no
/// others.
public struct KioskPlace: Codable, Equatable, Sendable {
    public var office: String
    public var service: String
    public var window: String

    public init(office: String, service: String, window: String) {
        self.office = office
        self.service = service
        self.window = window
    }
}

/// A kiosk as the collector knows it. Its keys belong to its epochs.
public struct KioskRow: Equatable, Sendable {
    public var id: KioskID
    public var place: KioskPlace
    public var added: Int64
    public var revoked: Int64?

    public init(id: KioskID, place: KioskPlace, added: Int64, revoked: Int64? = nil) {
        self.id = id
        self.place = place
        self.added = added
        self.revoked = revoked
    }
}

/// A one-time code. `characters` is the code itself: kept because the proof is an HMAC under it, and erased as soon as
/// the code is used, spent or expired.
public struct CodeRow: Equatable, Sendable {
    public var identifier: String
    public var characters: String?
    public var kiosk: KioskID
    public var expires: Int64
    /// Wrong proofs so far.
    public var tries: Int
    /// The proof of the request that used the code; nothing while it is unused.
    public var proof: String?
    /// What that request was answered: a kiosk that lost the answer asks again (libcurl may even do so by itself).
    public var answer: Data?

    public init(
        identifier: String, characters: String?, kiosk: KioskID, expires: Int64, tries: Int = 0, proof: String? = nil,
        answer: Data? = nil
    ) {
        self.identifier = identifier
        self.characters = characters
        self.kiosk = kiosk
        self.expires = expires
        self.tries = tries
        self.proof = proof
        self.answer = answer
    }
}

/// What an epoch takes.
public enum EpochState: String, Codable, Sendable, CaseIterable {
    /// The newest one: takes records.
    case open
    /// A newer epoch was opened; what is left of this chain is still taken.
    case superseded
    /// The kiosk went back behind what it had sent; only repeats are answered.
    case closed
    /// Its keys are no longer trusted: what comes is kept in quarantine.
    case revoked
}

/// How an epoch came to be.
public enum EpochOrigin: String, Codable, Sendable {
    case enrolment
    /// The kiosk opened it by itself after damage; its first record is a `loss`.
    case loss
}

/// One unbroken chain of a kiosk.
public struct EpochRow: Equatable, Sendable {
    /// A short name for the chain in the store: 1, 2, 3 … in the order in which epochs were opened.
    public var chain: Int64
    public var kiosk: KioskID
    public var epoch: Int
    public var place: KioskPlace
    /// Of the genesis.
    public var journalKey: PublicKey
    /// Which key speaks for which record: follows from `journalKey` and the `key` records that are stored.
    public var keys: JournalKeys
    /// As enrolled; `TransportKeys` knows what came after.
    public var transportKey: PublicKey
    /// The journal key's signature over `TransportStatement`, base64.
    public var certificate: String
    /// The nonce of the genesis.
    public var collectorNonce: String
    public var origin: EpochOrigin
    public var opened: Int64
    /// The collector's signature over all fields above and the seal of the chain before; base64.
    public var seal: String

    public var state: EpochState
    /// The newest stored record.
    public var head: ChainHead
    /// The newest head that the kiosk ever signed to us, sent or not.
    public var claim: HeadClaim?
    /// The newest valid receipt that the kiosk showed us, as the text of the note.
    public var receipt: String?
    /// The lower bound of the time of the newest stored record.
    public var floor: Int64
    /// When the newest record was stored.
    public var received: Int64?
    /// How many branches are kept.
    public var branches: Int
    /// The collector's signature over the fields from `state` on, renewed with each change; base64.
    public var stateSeal: String

    public init(
        chain: Int64, kiosk: KioskID, epoch: Int, place: KioskPlace, journalKey: PublicKey, transportKey: PublicKey,
        certificate: String, collectorNonce: String, origin: EpochOrigin, opened: Int64, seal: String,
        state: EpochState = .open, head: ChainHead, claim: HeadClaim? = nil, receipt: String? = nil, floor: Int64,
        received: Int64? = nil, branches: Int = 0, stateSeal: String = ""
    ) {
        self.chain = chain
        self.kiosk = kiosk
        self.epoch = epoch
        self.place = place
        self.journalKey = journalKey
        keys = JournalKeys(kiosk: kiosk.rawValue, first: journalKey)
        self.transportKey = transportKey
        self.certificate = certificate
        self.collectorNonce = collectorNonce
        self.origin = origin
        self.opened = opened
        self.seal = seal
        self.state = state
        self.head = head
        self.claim = claim
        self.receipt = receipt
        self.floor = floor
        self.received = received
        self.branches = branches
        self.stateSeal = stateSeal
    }

    /// What the chain begins with.
    public var genesis: Genesis {
        Genesis(
            kiosk: kiosk.rawValue, epoch: epoch, publicKey: journalKey, collectorNonce: collectorNonce)
    }
}

/// A signed head with the moment, on the kiosk's clocks, of the request that carried it.
public struct HeadClaim: Equatable, Sendable {
    /// The text of the checkpoint note.
    public var note: String
    public var sequence: Int64
    /// `created` of the request's signature, seconds since 1970 on the kiosk's clock.
    public var created: Int64
    public var boot: Int
    public var bootMilliseconds: Int64

    public init(note: String, sequence: Int64, created: Int64, boot: Int, bootMilliseconds: Int64) {
        self.note = note
        self.sequence = sequence
        self.created = created
        self.boot = boot
        self.bootMilliseconds = bootMilliseconds
    }
}

/// An accepted batch: the records `first…last` that were new in it, and what vouches for them.
public struct ArrivalRow: Equatable, Sendable {
    public var chain: Int64
    public var first: Int64
    public var last: Int64
    public var received: Int64
    /// Where each boot in it stands on the collector's clock.
    public var clocks: BootClocks
    /// The checkpoint of `last`, as the text of the note.
    public var checkpoint: String
    /// The collector's signature over all of the above; base64.
    public var seal: String

    public init(
        chain: Int64, first: Int64, last: Int64, received: Int64, clocks: BootClocks, checkpoint: String, seal: String
    ) {
        self.chain = chain
        self.first = first
        self.last = last
        self.received = received
        self.clocks = clocks
        self.checkpoint = checkpoint
        self.seal = seal
    }
}

/// The newest moment at which a boot of a kiosk met the collector.
public struct BootContact: Equatable, Sendable {
    public var boot: Int
    public var bootMilliseconds: Int64
    public var received: Int64

    public init(boot: Int, bootMilliseconds: Int64, received: Int64) {
        self.boot = boot
        self.bootMilliseconds = bootMilliseconds
        self.received = received
    }
}

/// Why records are kept apart from the chain.
public enum BranchReason: String, Codable, Sendable {
    case fork, revoked
}

/// Records that do not continue the stored chain, kept as evidence with the checkpoint under which they came.
public struct BranchRow: Equatable, Sendable {
    public var chain: Int64
    public var first: Int64
    public var last: Int64
    /// The hash of record `last`, base64.
    public var lastHash: String
    public var reason: BranchReason
    public var received: Int64
    public var checkpoint: String
    /// The lines with their newlines, as they were sent.
    public var lines: Data

    public init(
        chain: Int64, first: Int64, last: Int64, lastHash: String, reason: BranchReason, received: Int64,
        checkpoint: String, lines: Data
    ) {
        self.chain = chain
        self.first = first
        self.last = last
        self.lastHash = lastHash
        self.reason = reason
        self.received = received
        self.checkpoint = checkpoint
        self.lines = lines
    }
}

/// A list of heads that was signed (`HeadsList`).
public struct HeadsRow: Equatable, Sendable {
    /// 1, 2, 3 …
    public var number: Int64
    /// The UTC day on which it was made, `2026-11-22`.
    public var day: String
    public var made: Int64
    /// The whole note.
    public var note: String

    public init(number: Int64, day: String, made: Int64, note: String) {
        self.number = number
        self.day = day
        self.made = made
        self.note = note
    }
}

/// The newest sign of life of a kiosk.
public struct HeartbeatRow: Equatable, Sendable {
    public var kiosk: KioskID
    public var epoch: Int
    public var received: Int64
    public var unsent: Int
    public var marks: [String]
    public var program: String
    /// The kiosk's own wall clock, as it said.
    public var wall: String
    public var clock: ClockState

    public init(
        kiosk: KioskID, epoch: Int, received: Int64, unsent: Int, marks: [String], program: String, wall: String,
        clock: ClockState
    ) {
        self.kiosk = kiosk
        self.epoch = epoch
        self.received = received
        self.unsent = unsent
        self.marks = marks
        self.program = program
        self.wall = wall
        self.clock = clock
    }
}

/// Something that a person should know of.
public struct EventRow: Equatable, Sendable {
    public enum Kind: String, Codable, Sendable, CaseIterable {
        case enrolled, revoked, replaced
        case epochByLoss = "epoch_by_loss"
        case fork
        case rewindKiosk = "rewind_kiosk"
        case rewindCollector = "rewind_collector"
        case tailCut = "tail_cut"
        case contradiction
        case codeSpent = "code_spent"
        /// The collector itself was restored from a backup.
        case restored
        case keyChanged = "key_changed"
        case overCeiling = "over_ceiling"
        /// A technician's visit was allowed.
        case maintenance
    }

    public var time: Int64
    public var kind: Kind
    /// Nothing for what happened to the collector itself.
    public var kiosk: KioskID?
    /// 0 for what happened in no epoch.
    public var epoch: Int
    public var message: String
    /// The collector's signature over all of the above and the seal of the event before; base64. Empty for events of
    /// releases that did not seal them.
    public var seal: String

    public init(time: Int64, kind: Kind, kiosk: KioskID?, epoch: Int, message: String, seal: String = "") {
        self.time = time
        self.kind = kind
        self.kiosk = kiosk
        self.epoch = epoch
        self.message = message
        self.seal = seal
    }
}
