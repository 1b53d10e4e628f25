import FoundationEssentials
import Ledger
import Ratings

// What can be checked of an epoch without its records.

extension EpochRow {
    /// What is wrong with the seal of its state, with its claim and with the receipt that the kiosk showed.
    func stateFaults(collector: String, receiptKeys: ReceiptKeys) -> [VerifyFault] {
        var faults: [VerifyFault] = []
        func add(_ what: String, at sequence: Int64? = nil) {
            faults.append(VerifyFault(kiosk: kiosk, epoch: epoch, sequence: sequence, what: what))
        }
        if !receiptKeys.hold(stateSeal, over: Seal.text(ofStateOf: self)) {
            add("the epoch's state, head, claim or receipt were changed (its seal does not hold)")
        }
        if let claim {
            let note = checkpoint(claim.note)
            if note?.head.sequence != claim.sequence || note?.head.epoch != epoch {
                add("the newest head that is kept is not one that the kiosk signed")
            }
        }
        guard let receipt else { return faults }
        guard let note = checkpoint(receipt), note.head.epoch == epoch,
            receiptKeys.receipted(note, by: collector)
        else {
            add("the newest receipt that is kept is not one of this collector")
            return faults
        }
        if note.head.sequence > head.sequence {
            add(
                "records \(head.sequence + 1)-\(note.head.sequence) were receipted and are not stored; "
                    + "the kiosk sends them again", at: head.sequence + 1)
        }
        return faults
    }

    /// A note that the kiosk signed with any journal key of this epoch. What a clone or an older card said beside the chain
    /// lacks the key that the chain has for its sequence.
    func checkpoint(_ note: String) -> Checkpoint? {
        let signers = [journalKey] + keys.changes.compactMap(\.succession.newKey)
        return signers.lazy.compactMap { try? Checkpoint(parsing: note, kiosk: kiosk.rawValue, key: $0) }.first
    }

    /// Whether a branch is what its kiosk signed.
    func isWhole(_ branch: BranchRow) -> Bool {
        guard let note = checkpoint(branch.checkpoint), note.head.hash.base64 == branch.lastHash,
            note.head.sequence == branch.last
        else { return false }
        return
            (try? CheckedBatch.records(
                in: branch.lines, kiosk: kiosk, epoch: epoch, first: branch.first, last: branch.last,
                checkpoint: note.head)) != nil
    }
}

/// Which keys sign for a collector, from the one that is known.
public struct ReceiptKeys: Equatable, Sendable {
    private let keys: [PublicKey]

    init(_ keys: [PublicKey]) { self.keys = keys }

    /// Every key that is tied to `root` by successions which both the old and the new key signed, in either direction:
    /// the newer key says of the older one, too, whom it followed.
    public init(root: PublicKey, of collector: String, successions: [KeySuccession]) {
        let links = successions.filter { succession in
            guard succession.role == .receipt, succession.subject == collector, let old = succession.oldKey else {
                return false
            }
            return (try? succession.verify(by: old)) != nil
        }
        var keys = [root]
        var next = 0
        while next < keys.count {
            for link in links {
                guard let (old, new) = link.oldKey.flatMap({ old in link.newKey.map { (old, $0) } }) else { continue }
                if keys[next] == old, !keys.contains(new) { keys.append(new) }
                if keys[next] == new, !keys.contains(old) { keys.append(old) }
            }
            next += 1
        }
        self.keys = keys
    }

    public func trusts(_ key: PublicKey) -> Bool { keys.contains(key) }

    func hold(_ seal: String, over text: String) -> Bool { Seal.holds(seal, over: text, by: keys) }

    func receipted(_ note: Checkpoint, by collector: String) -> Bool {
        (try? note.receiptTime(of: collector, keys: keys)) != nil
    }
}
