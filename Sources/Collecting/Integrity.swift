import FoundationEssentials
import Ledger
import Ratings

/// What a store counts of one chain for the appendix of reports.
public struct ChainCounts: Equatable, Sendable {
    /// A record that came more than a day after it was made is late.
    public static let lateMilliseconds: Int64 = 86_400_000

    /// Dialogs shown.
    public var sessions = 0
    /// Those whose time is known only as an interval.
    public var uncertain = 0
    /// Those that came late.
    public var late = 0
    /// Branches kept because they differed from what was stored.
    public var forks = 0
    /// Branches kept because they came after the kiosk had been revoked.
    public var afterRevocation = 0
    /// Alarms by kind.
    public var events: [EventRow.Kind: Int] = [:]

    public init() {}
}

/// The completeness and integrity of one epoch of one kiosk: a row of the appendix.
public struct IntegrityRow: Codable, Equatable, Sendable {
    public var kiosk: String
    public var epoch: Int
    /// The office's name.
    public var office: String
    public var state: EpochState
    public var origin: EpochOrigin
    /// The first and the last record that were received; 0 where there are none. Between them nothing is missing: a
    /// record is taken only after the one before it.
    public var first: Int64
    public var last: Int64
    public var received: Int64
    /// Records that the kiosk signed and that have not been received.
    public var missing: MissingRange?
    /// Why the journal before this epoch was lost, where it was.
    public var loss: LossReport?
    /// Dialogs shown, and those among them whose time is known only as an interval, or that came more than a day late.
    public var sessions: Int
    public var uncertain: Int
    public var late: Int
    /// `uncertain` of `sessions`, per cent; nothing where there are none.
    public var uncertainShare: Double?
    /// Times that records came which differ from what is stored: two journals spoke with one key (a clone).
    public var forks: Int
    /// Times that the kiosk's journal went back behind what it had sent (a card that was set back).
    public var rewinds: Int
    /// Times that a kiosk lost or replaced records that it had signed and not yet sent.
    public var cutTails: Int
    /// Times that the collector had lost records that it had receipted.
    public var collectorRewinds: Int
    /// Batches that came after the kiosk was revoked, kept and not counted.
    public var afterRevocation: Int

    public struct MissingRange: Codable, Equatable, Sendable {
        public var first: Int64
        public var last: Int64
    }

    /// What a `loss` record says.
    public struct LossReport: Codable, Equatable, Sendable {
        public var reason: String
        /// The last record of the lost journal for which the kiosk held a receipt.
        public var receiptedEpoch: Int?
        public var receiptedSequence: Int64?

        enum CodingKeys: String, CodingKey {
            case reason
            case receiptedEpoch = "receipted_epoch"
            case receiptedSequence = "receipted_seq"
        }
    }

    enum CodingKeys: String, CodingKey {
        case kiosk, epoch, office, state, origin, first, last, received, missing, loss, sessions, uncertain, late, forks
        case rewinds
        case uncertainShare = "uncertain_share"
        case cutTails = "cut_tails"
        case collectorRewinds = "collector_rewinds"
        case afterRevocation = "after_revocation"
    }

    /// Whether the row tells of anything that a reader should know of.
    public var isWhole: Bool {
        missing == nil && loss == nil && uncertain == 0 && late == 0 && forks == 0 && rewinds == 0 && cutTails == 0
            && collectorRewinds == 0 && afterRevocation == 0
    }
}

extension Collector {
    /// The appendix of every report: one row for each epoch, by kiosk and epoch.
    public func integrity() async throws -> [IntegrityRow] {
        try await store.read { snapshot in
            let offices = Dictionary(try snapshot.offices().map { ($0.id, $0.name) }) { first, _ in first }
            let counts = try snapshot.chainCounts()
            return try snapshot.epochs().sorted { $0.name < $1.name }.map { epoch in
                let loss = epoch.origin == .loss ? try Self.loss(of: epoch, in: snapshot) : nil
                return IntegrityRow(
                    epoch, office: offices[epoch.place.office] ?? epoch.place.office,
                    counts: counts[epoch.chain] ?? ChainCounts(), loss: loss)
            }
        }
    }

    private static func loss(of epoch: EpochRow, in snapshot: any StoreSnapshot) throws -> IntegrityRow.LossReport? {
        guard let line = try snapshot.line(epoch.chain, 1), case .loss(let loss)? = (try? Record(line: line))?.body
        else { return nil }
        return IntegrityRow.LossReport(
            reason: loss.reason, receiptedEpoch: loss.receiptedEpoch, receiptedSequence: loss.receiptedSequence)
    }
}

extension IntegrityRow {
    init(_ epoch: EpochRow, office: String, counts: ChainCounts, loss: LossReport?) {
        let head = epoch.head.sequence
        let claimed = epoch.claim?.sequence ?? 0
        self.init(
            kiosk: epoch.kiosk.rawValue, epoch: epoch.epoch, office: office, state: epoch.state, origin: epoch.origin,
            first: head > 0 ? 1 : 0, last: head, received: head,
            missing: claimed > head ? MissingRange(first: head + 1, last: claimed) : nil, loss: loss,
            sessions: counts.sessions, uncertain: counts.uncertain, late: counts.late,
            uncertainShare: counts.sessions > 0 ? 100 * Double(counts.uncertain) / Double(counts.sessions) : nil,
            forks: counts.forks, rewinds: counts.events[.rewindKiosk] ?? 0,
            cutTails: (counts.events[.tailCut] ?? 0) + (counts.events[.contradiction] ?? 0),
            collectorRewinds: counts.events[.rewindCollector] ?? 0, afterRevocation: counts.afterRevocation)
    }
}
