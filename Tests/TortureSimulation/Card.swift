import FoundationEssentials
import KioskControl
import Ledger

/// What lies on a kiosk's data partition: the journal's folder and the uplink's. A value: a copy is a cloned card, an
/// older copy is a card that was set back.
struct Card {
    let key: SigningKey
    /// `journal.db`; nothing where the file is gone.
    var store: Store?
    /// `enrolment.note`.
    var note: Note?
    /// The uplink's key and which collector it belongs to.
    var transportKey: SigningKey?

    struct Store {
        var epochs: [Chain] = []
        var boot = 0
        /// Bits that were flipped: the next reader finds them.
        var isDamaged = false
    }

    /// What the kiosk must know even when its store is gone (`EnrolmentNote`; its signature is not modelled).
    struct Note {
        var enrolment: Enrolment
        var boot: Int
        var receipted: ChainHead?
        /// The head at an orderly end.
        var closed: ChainHead?
    }

    struct Chain {
        let enrolment: Enrolment
        var head: ChainHead
        var lines: [Data] = []
        var heads: [ChainHead] = []
        var receipted: Int64 = 0
        var receipt: String?

        init(_ enrolment: Enrolment) {
            self.enrolment = enrolment
            head = enrolment.genesis.head
        }

        var number: Int { enrolment.identity.epoch }
        var unsent: Int64 { max(0, head.sequence - receipted) }

        func head(at sequence: Int64) -> ChainHead {
            sequence == 0 ? enrolment.genesis.head : heads[Int(sequence - 1)]
        }

        mutating func append(_ line: Data) {
            head.sequence += 1
            head.hash = ChainHash(of: line)
            lines.append(line)
            heads.append(head)
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

    /// Something outside of the kiosk's programs changed the card.
    mutating func tamper(_ change: (inout Card) -> Void) {
        change(&durable)
        written = durable
    }
}
