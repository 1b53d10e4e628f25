import Collecting
import Dialog
import FoundationEssentials
import KioskControl
import Ledger
import Ratings

/// The one who remembers: every line that was made, acknowledged and receipted, and what was done to which chain. It is
/// never killed, and no program of the simulation reads it.
final class Oracle {
    /// One chain, by its genesis: two epochs of one number are two chains when the collector was restored in between.
    struct Chain {
        let kiosk: KioskID
        let genesis: Genesis
        /// All lines that were ever built, by sequence; more than one where a card was cloned, set back or cut.
        var made: [Int64: Set<Data>] = [:]
        /// Lines that the store acknowledged, by sequence, on the machine that opened the chain.
        var acknowledged: [Int64: Data] = [:]
        /// The highest head of which the kiosk holds a receipt, for each machine that had one.
        var receipted: [ChainHead] = []
        /// Why not all of it need arrive; nothing for a chain that nothing was done to.
        var excuse: String?
        /// Two machines, or two pasts, speak for this chain.
        var isForked = false
        /// When each record was made, milliseconds since 1970 by the true clock.
        var times: [Int64: Int64] = [:]
        let box: Int
        /// The place of the newest receipt key that the chain begins with or has on record, in the order in which the
        /// collector had them.
        var trusts: Int
        /// When the collector first gave a receipt for each record, milliseconds.
        var issued: [(sequence: Int64, time: Int64)] = []
        /// The newest record that was deleted.
        var deleted: Int64 = 0
    }

    /// An answer that a visitor saw acknowledged.
    struct Thanked {
        var genesis: String
        var answer: Answer
    }

    private(set) var chains: [String: Chain] = [:]
    private(set) var order: [String] = []
    private(set) var thanked: [Thanked] = []
    /// The answers of which the visitor was told that they were not recorded: session and question.
    private(set) var denied: [SessionID: String] = [:]
    /// Sessions whose denial the kiosk could not remember, because the power went before the next start.
    private(set) var forgotten: Set<SessionID> = []
    /// Receipts that the collector gave out since it was restored last.
    private(set) var issued: [(kiosk: KioskID, head: ChainHead, nonce: String)] = []
    /// All receipts that the collector ever gave out, and the place of the key that signed each.
    private var everIssued: [String: Int] = [:]
    /// The collector's receipt keys, the first one first.
    private var receiptKeys: [PublicKey] = []
    /// The order of a kiosk's transport keys within one enrolment, by the key.
    private var transportKeys: [PublicKey: (enrolment: PublicKey, order: Int)] = [:]
    /// The newest that the collector has heard since it was restored last, by enrolment.
    private var heardTransport: [PublicKey: Int] = [:]
    private(set) var violations: [String] = []
    /// Every event that was ever on record, also of a past that was restored away.
    private(set) var events: [EventRow] = []
    var now: Int64 = 0

    /// The excuse of a revoked kiosk's chains: what comes of them is kept apart.
    static let revoked = "it was revoked"

    static func key(_ genesis: Genesis) -> String { genesis.hash.base64 }

    func violate(_ what: String) { if violations.count < 20 { violations.append(what) } }

    func open(_ enrolment: Enrolment, box: Int) {
        let genesis = enrolment.genesis
        let key = Self.key(genesis)
        guard chains[key] == nil else {
            // The same loss opened the same epoch on a clone: one chain, two pasts.
            chains[key]?.isForked = true
            if chains[key]?.excuse == nil { chains[key]?.excuse = "two machines opened it" }
            return
        }
        chains[key] = Chain(
            kiosk: enrolment.identity.kiosk, genesis: genesis, box: box,
            trusts: receiptKeys.firstIndex(of: enrolment.identity.receiptKey) ?? 0)
        order.append(key)
    }

    func make(_ line: Data, in genesis: Genesis, at sequence: Int64) {
        let key = Self.key(genesis)
        chains[key]?.made[sequence, default: []].insert(line)
        chains[key]?.times[sequence] = now
    }

    func acknowledge(_ line: Data, in genesis: Genesis, at sequence: Int64) {
        let key = Self.key(genesis)
        guard let chain = chains[key], !chain.isForked else { return }
        if let other = chain.acknowledged[sequence], other != line {
            violate("record \(sequence) of \(chain.kiosk), epoch \(genesis.epoch), was acknowledged and then replaced")
        }
        chains[key]?.acknowledged[sequence] = line
    }

    /// A receipt counts if the collector gave it, with a key that the kiosk had not yet seen a successor of.
    func receipted(_ head: ChainHead, by note: String?, in genesis: Genesis, present: Genesis) {
        chains[Self.key(genesis)]?.receipted.append(head)
        let name = "record \(head.sequence) of \(head.kiosk), epoch \(head.epoch),"
        guard let key = note.flatMap({ everIssued[$0] }) else {
            return violate("\(name) counts as receipted without a receipt")
        }
        if let chain = chains[Self.key(present)], !chain.isForked, key < chain.trusts {
            violate("\(name) counts as receipted by a receipt of a key that was changed")
        }
    }

    /// What a kiosk has on record of the collector's keys.
    func follow(_ successions: [KeySuccession], in genesis: Genesis) {
        for case let key? in successions.filter({ $0.role == .receipt }).map(\.newKey) {
            guard let place = receiptKeys.firstIndex(of: key) else {
                violate("\(genesis.kiosk) follows a receipt key that is not the collector's")
                continue
            }
            let known = chains[Self.key(genesis)]?.trusts ?? 0
            chains[Self.key(genesis)]?.trusts = max(known, place)
        }
    }

    /// Whether a kiosk that nothing was done to has this key of the collector on record, as the newest.
    func trusts(_ genesis: Genesis, _ key: PublicKey) -> Bool {
        guard let chain = chains[Self.key(genesis)], !chain.isForked, let place = receiptKeys.firstIndex(of: key) else {
            return false
        }
        return chain.trusts == place
    }

    /// A kiosk deletes all records up to this one: they were receipted, long enough ago.
    func delete(_ last: ChainHead, in genesis: Genesis, keptMilliseconds: Int64) {
        let key = Self.key(genesis)
        guard let chain = chains[key] else { return }
        let name = "record \(last.sequence) of \(last.kiosk), epoch \(last.epoch),"
        chains[key]?.deleted = max(chain.deleted, last.sequence)
        guard chain.receipted.contains(where: { $0.sequence >= last.sequence }) else {
            return violate("\(name) was deleted before it was receipted")
        }
        // Receipts have whole seconds.
        guard let first = chain.issued.first(where: { $0.sequence >= last.sequence }),
            now - first.time > keptMilliseconds - 2_000
        else { return violate("\(name) was deleted too soon after it was receipted") }
    }

    /// A visitor saw that the answer was taken.
    func thank(_ answer: Answer, in genesis: Genesis) {
        thanked.append(Thanked(genesis: Self.key(genesis), answer: answer))
    }

    func deny(_ answer: FailedAnswer) { denied[answer.session] = answer.question }
    func forget(_ session: SessionID) { forgotten.insert(session) }

    /// The chain's store is gone: what was not receipted may be lost, and the next epoch must say so.
    func lose(_ genesis: Genesis, _ reason: String) { excuse(genesis, "its journal was lost (\(reason))") }

    func excuse(_ genesis: Genesis, _ reason: String) {
        let key = Self.key(genesis)
        if chains[key]?.excuse == nil { chains[key]?.excuse = reason }
    }

    func excuse(_ kiosk: KioskID, _ reason: String) {
        for key in order where chains[key]?.kiosk == kiosk && chains[key]?.excuse == nil {
            chains[key]?.excuse = reason
        }
    }

    /// From now on two pasts of these chains may speak.
    func fork(_ chains: [Genesis], _ reason: String) {
        for genesis in chains {
            self.chains[Self.key(genesis)]?.isForked = true
            excuse(genesis, reason)
        }
    }

    func isForked(_ genesis: Genesis) -> Bool { chains[Self.key(genesis)]?.isForked ?? false }

    // MARK: The collector

    func issue(_ note: String, for head: ChainHead, in genesis: Genesis, kiosk: KioskID) {
        issued.append((kiosk, head, genesis.collectorNonce))
        everIssued[note] = max(0, receiptKeys.count - 1)
        let key = Self.key(genesis)
        if head.sequence > chains[key]?.issued.last?.sequence ?? 0 {
            chains[key]?.issued.append((head.sequence, now))
        }
    }

    func restored() {
        issued = []
        heardTransport = [:]
    }

    /// The collector speaks with this receipt key from now on.
    func speak(with key: PublicKey) { if !receiptKeys.contains(key) { receiptKeys.append(key) } }

    // MARK: Transport keys

    /// A kiosk has this transport key from now on: of a new enrolment, or after another one.
    func transport(_ key: PublicKey, after old: PublicKey? = nil) {
        guard transportKeys[key] == nil else { return }
        let before = old.flatMap { transportKeys[$0] }
        transportKeys[key] = (before?.enrolment ?? key, before.map { $0.order + 1 } ?? 0)
    }

    /// The collector has done what a request of this transport key asked for.
    func heard(_ key: PublicKey?, _ kiosk: KioskID) {
        guard let key, let known = transportKeys[key] else {
            return violate("the collector took a request of \(kiosk) that no key of it had signed")
        }
        guard known.order >= heardTransport[known.enrolment] ?? 0 else {
            return violate("the collector took a request of \(kiosk) by a transport key that was changed")
        }
        heardTransport[known.enrolment] = known.order
    }

    func hear(_ events: some Sequence<EventRow>) { self.events += events }

    func hasEvent(_ kinds: [EventRow.Kind], of kiosk: KioskID, epoch: Int) -> Bool {
        events.contains { kinds.contains($0.kind) && $0.kiosk == kiosk && $0.epoch == epoch }
    }
}
