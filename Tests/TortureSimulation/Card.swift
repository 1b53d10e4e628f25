import FoundationEssentials
import KioskControl
import Ledger

/// What lies on a kiosk's data partition: the journal's folder and the uplink's. A value: a copy is a cloned card, an
/// older copy is a card that was set back.
struct Card {
    /// `journal.key`, `journal.key-2` …: the private journal keys, the one of the first start first.
    private(set) var keys: [SigningKey]
    /// `journal.successions`.
    var successions: [KeySuccession] = []
    /// `journal.db`; nothing where the file is gone.
    var store: Store?
    /// `enrolment.note`.
    var note: Note?
    /// The uplink's key, and how it came to it where it was changed since the enrolment: one file.
    var transport: Transport?

    init(key: SigningKey) { keys = [key] }

    /// Of the machine's first start: it tells cards apart.
    var first: SigningKey { keys[0] }

    subscript(_ publicKey: PublicKey) -> SigningKey? { keys.first { $0.publicKey == publicKey } }

    /// The present journal key; nothing where its file is missing.
    var key: SigningKey? {
        guard let present = store?.epochs.last else { return first }
        return self[present.keys.current]
    }

    /// As `JournalKeyRing.make`: a file after the last one that is in use; one that never came into use gives way.
    mutating func add(_ key: SigningKey) {
        let used = (store?.epochs ?? []).flatMap { [$0.keys.first] + $0.keys.changes.compactMap(\.succession.newKey) }
        let last = keys.lastIndex { used.contains($0.publicKey) } ?? 0
        keys.removeSubrange((last + 1)...)
        keys.append(key)
    }

    struct Transport {
        var key: SigningKey
        var succession: KeySuccession?
    }

    struct Store {
        var epochs: [Chain] = []
        var boot = 0
        /// Bits that were flipped: the next reader finds them.
        var isDamaged = false
        /// Successions of other people's keys that the kiosk has followed, and those of its transport key.
        var trusted: [KeySuccession] = []
    }

    /// What the kiosk must know even when its store is gone (`EnrolmentNote`; its signature is not modelled).
    struct Note {
        var enrolment: Enrolment
        var boot: Int
        var receipted: ChainHead?
        /// The newest receipt key that was followed.
        var receiptKey: PublicKey
        /// The head at an orderly end.
        var closed: ChainHead?
    }

    struct Receipt {
        var head: ChainHead
        /// On the collector's clock, seconds since 1970.
        var time: Int64
    }

    struct Chain {
        let enrolment: Enrolment
        /// Which journal key speaks for which record.
        var keys: JournalKeys
        var head: ChainHead
        /// The record before the first one that is kept.
        private(set) var anchor: ChainHead
        /// After the anchor.
        private(set) var lines: [Data] = []
        private var heads: [ChainHead] = []
        var receipted: Int64 = 0
        var receipt: String?
        /// Oldest first: the newest, and older ones some time apart.
        private(set) var receipts: [Receipt] = []

        init(_ enrolment: Enrolment) {
            self.enrolment = enrolment
            let genesis = enrolment.genesis
            keys = JournalKeys(kiosk: genesis.kiosk, first: genesis.publicKey)
            head = genesis.head
            anchor = genesis.head
        }

        var number: Int { enrolment.identity.epoch }
        var unsent: Int64 { max(0, head.sequence - receipted) }

        /// Of a record that is kept, or of the anchor.
        func head(at sequence: Int64) -> ChainHead {
            sequence == anchor.sequence ? anchor : heads[Int(sequence - anchor.sequence - 1)]
        }

        func line(at sequence: Int64) -> Data { lines[Int(sequence - anchor.sequence - 1)] }

        mutating func append(_ line: Data) {
            head.sequence += 1
            head.hash = ChainHash(of: line)
            lines.append(line)
            heads.append(head)
        }

        /// Stores the newest receipt. The one before it is dropped while the one before that is recent enough.
        mutating func take(_ note: String?, for head: ChainHead, time: Int64, spacing: Int64) {
            receipted = head.sequence
            receipt = note
            if receipts.count > 1, time - receipts[receipts.count - 2].time < spacing { receipts.removeLast() }
            receipts.append(Receipt(head: head, time: time))
        }

        mutating func delete(to last: Int64) {
            let new = head(at: last)
            lines.removeFirst(Int(last - anchor.sequence))
            heads.removeFirst(Int(last - anchor.sequence))
            anchor = new
        }
    }
}

extension Enrolment {
    var genesis: Genesis {
        Genesis(
            kiosk: identity.kiosk.rawValue, epoch: identity.epoch, publicKey: identity.journalKey,
            collectorNonce: collectorNonce)
    }
}

/// A disk: what programs have written, and what of it would outlive a power cut.
struct Disk {
    var written: Card
    private(set) var durable: Card

    init(_ card: Card) {
        written = card
        durable = card
    }

    mutating func synchronise() { durable = written }
    mutating func losePower() { written = durable }

    /// A program of its own writes a file durably, whatever others have not synchronised yet.
    mutating func write(_ change: (inout Card) -> Void) {
        change(&durable)
        change(&written)
    }

    /// Something outside of the kiosk's programs changed the card.
    mutating func tamper(_ change: (inout Card) -> Void) {
        change(&durable)
        written = durable
    }
}
