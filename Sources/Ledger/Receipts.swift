import FoundationEssentials

/// One chain that a kiosk holds, as far as a receipt is concerned.
public struct HeldChain: Sendable {
    /// The newest record.
    public var head: ChainHead
    public var journalKey: PublicKey
    /// Under which name and key the collector that enrolled this chain cosigns.
    public var collectorName: String
    public var receiptKey: PublicKey
    /// The highest record of which a receipt is held; 0 before the first.
    public var receipted: Int64
    /// The highest record that was handed out to be sent.
    public var offered: Int64

    public init(
        head: ChainHead, journalKey: PublicKey, collectorName: String, receiptKey: PublicKey, receipted: Int64,
        offered: Int64
    ) {
        self.head = head
        self.journalKey = journalKey
        self.collectorName = collectorName
        self.receiptKey = receiptKey
        self.receipted = receipted
        self.offered = offered
    }
}

/// A note whose signatures say that it is a receipt for a chain that is held; only the hash of the record is left to be
/// compared.
public struct ReceiptClaim: Equatable, Sendable {
    /// The place of its chain among those that were given.
    public var chain: Int
    public var head: ChainHead
    /// When the collector cosigned, seconds since 1970.
    public var time: Int64

    /// Judges a note. `chains` are all that the kiosk holds, oldest first, not empty; the collector of the last one may
    /// sign for those before it too. Throws `ReceiptRefusal`.
    public init(of note: String, for chains: [HeldChain]) throws(ReceiptRefusal) {
        let checkpoint = try Self.signed(note, by: chains)
        let head = checkpoint.head
        guard let index = chains.firstIndex(where: { $0.head.epoch == head.epoch && $0.head.kiosk == head.kiosk })
        else {
            throw .unknownEpoch(head.epoch)
        }
        let chain = chains[index]
        let present = chains[chains.count - 1]
        // Of one collector the newest key alone counts, and the newest enrolment knows it.
        let isSame = chain.collectorName == present.collectorName
        time = try Self.time(checkpoint, for: isSame ? [present] : [chain, present])
        guard head.sequence > chain.receipted else { throw .notNewer(held: chain.receipted) }
        guard head.sequence <= chain.offered, head.sequence <= chain.head.sequence else {
            throw .neverSent(sequence: head.sequence)
        }
        self.chain = index
        self.head = head
    }

    /// Compares with the kiosk's own record of that sequence. Throws `ReceiptRefusal.otherHash`.
    public func check(own: ChainHead) throws(ReceiptRefusal) {
        guard own == head else { throw .otherHash(sequence: head.sequence) }
    }

    /// The checkpoint in the note, with the kiosk's signature verified over the raw text; whether it counts as a receipt is
    /// not looked at. `chains` as for `init`. Throws `ReceiptRefusal.note`.
    public static func signed(_ note: String, by chains: [HeldChain]) throws(ReceiptRefusal) -> Checkpoint {
        var refusal = NoteError.malformed
        // An epoch that was enrolled after a change of the journal key begins with another key than those before it.
        var tried: Set<[String]> = []
        for chain in chains.reversed() where tried.insert([chain.head.kiosk, chain.journalKey.base64]).inserted {
            do throws(NoteError) {
                return try Checkpoint(parsing: note, kiosk: chain.head.kiosk, key: chain.journalKey)
            } catch { refusal = error }
        }
        throw .note(refusal)
    }

    private static func time(_ checkpoint: Checkpoint, for signers: [HeldChain]) throws(ReceiptRefusal) -> Int64 {
        var refusal = NoteError.malformed
        for signer in signers {
            do throws(NoteError) {
                let time = try checkpoint.receiptTime(of: signer.collectorName, key: signer.receiptKey)
                return Int64(clamping: time)
            } catch { refusal = error }
        }
        throw .note(refusal)
    }
}

/// Why a note does not count as a receipt.
public enum ReceiptRefusal: Error, Equatable {
    /// Malformed, of another kiosk, or not signed by the keys that must sign it.
    case note(NoteError)
    case unknownEpoch(Int)
    /// The record is above this journal's newest one, or was never handed out to be sent.
    case neverSent(sequence: Int64)
    /// A receipt for this record or a later one is held already.
    case notNewer(held: Int64)
    /// The collector signed another record than ours.
    case otherHash(sequence: Int64)
}

extension ReceiptRefusal: CustomStringConvertible {
    public var description: String {
        switch self {
        case .note(let error): "\(error)"
        case .unknownEpoch(let epoch): "there is no epoch \(epoch) here"
        case .neverSent(let sequence): "record \(sequence) was never sent"
        case .notNewer(let held): "a receipt for record \(held) is held already"
        case .otherHash(let sequence): "it is for another record \(sequence) than ours"
        }
    }
}
