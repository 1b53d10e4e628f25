import Collecting
import Dialog
import FoundationEssentials
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
    /// The heads of all receipts that the collector ever gave out.
    private var everIssued: Set<ChainHead> = []
    private(set) var violations: [String] = []
    /// Every event that was ever on record, also of a past that was restored away.
    private(set) var events: [EventRow] = []
    var now: Int64 = 0

    /// The excuse of a revoked kiosk's chains: what comes of them is kept apart.
    static let revoked = "it was revoked"

    static func key(_ genesis: Genesis) -> String { genesis.hash.base64 }

    func violate(_ what: String) { if violations.count < 20 { violations.append(what) } }

    func open(_ genesis: Genesis, kiosk: KioskID, box: Int) {
        let key = Self.key(genesis)
        guard chains[key] == nil else {
            // The same loss opened the same epoch on a clone: one chain, two pasts.
            chains[key]?.isForked = true
            if chains[key]?.excuse == nil { chains[key]?.excuse = "two machines opened it" }
            return
        }
        chains[key] = Chain(kiosk: kiosk, genesis: genesis, box: box)
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

    func receipted(_ head: ChainHead, in genesis: Genesis) {
        chains[Self.key(genesis)]?.receipted.append(head)
        if !everIssued.contains(head) {
            violate(
                "record \(head.sequence) of \(head.kiosk), epoch \(head.epoch), counts as receipted without a receipt")
        }
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

    func issue(_ head: ChainHead, kiosk: KioskID, nonce: String) {
        issued.append((kiosk, head, nonce))
        everIssued.insert(head)
    }
    func restored() { issued = [] }
    func hear(_ events: some Sequence<EventRow>) { self.events += events }

    func hasEvent(_ kinds: [EventRow.Kind], of kiosk: KioskID, epoch: Int) -> Bool {
        events.contains { kinds.contains($0.kind) && $0.kiosk == kiosk && $0.epoch == epoch }
    }
}
