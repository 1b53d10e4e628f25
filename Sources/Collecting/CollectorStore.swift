import FoundationEssentials
import Ledger
import Ratings

/// Where a collector keeps what it took: the port that `CollectorSQLite` (and later PostgreSQL) implements.
///
/// Policy decides, a store only carries out: it holds rows, runs transactions, and knows neither keys nor the clock.
public protocol CollectorStore: Sendable {
    /// Runs `work` as one transaction. When this returns, all of it is durable; when it throws, nothing of it was done.
    /// Transactions run one after another; `work` must not wait for anything. Throws what `work` throws, or
    /// `StoreError`.
    func write<Value: Sendable>(
        _ work: @escaping @Sendable (any StoreTransaction) throws -> Value
    ) async throws -> Value

    /// Runs `work` over one unchanging state of the store, beside the writer. Throws what `work` throws, or
    /// `StoreError`.
    func read<Value: Sendable>(
        _ work: @escaping @Sendable (any StoreSnapshot) throws -> Value
    ) async throws -> Value
}

/// What can be read in one state of the store. Not for use outside the closure it was given to.
public protocol StoreSnapshot {
    func kiosk(_ id: KioskID) throws -> KioskRow?
    /// By id.
    func kiosks() throws -> [KioskRow]
    func epoch(_ kiosk: KioskID, _ epoch: Int) throws -> EpochRow?
    /// All epochs of one kiosk, oldest first.
    func epochs(of kiosk: KioskID) throws -> [EpochRow]
    /// The epoch that was opened last, of whichever kiosk.
    func lastEpoch() throws -> EpochRow?
    /// All epochs of all kiosks in the order in which they were opened.
    func epochs() throws -> [EpochRow]
    /// How a kiosk's transport keys followed one another, oldest first.
    func transportSuccessions(of kiosk: KioskID) throws -> [TransportRow]
    /// The stored line of one record, without its newline.
    func line(_ chain: Int64, _ sequence: Int64) throws -> Data?
    /// Calls `body` with every stored record of the chain in order of sequence; a hole is left to the caller to notice.
    func forEachLine(of chain: Int64, _ body: (_ sequence: Int64, _ line: Data) throws -> Void) throws
    /// The accepted batches of a chain, in order.
    func arrivals(of chain: Int64) throws -> [ArrivalRow]
    /// Calls `body` with the accepted batches of a chain whose last record is after `sequence`, in order.
    func forEachArrival(of chain: Int64, after sequence: Int64, _ body: (ArrivalRow) throws -> Void) throws
    func contact(_ chain: Int64, boot: Int) throws -> BootContact?
    func session(_ chain: Int64, _ session: SessionID) throws -> SessionRow?
    /// In order of `shownSequence`.
    func sessions(of chain: Int64) throws -> [SessionRow]
    /// When the ratings (answers with a mark to `overall`) before record `sequence` were placed, the newest first; leaves
    /// out `skip` of them.
    func ratingTimes(_ chain: Int64, before sequence: Int64, skip: Int, count: Int) throws -> [Int64]
    /// In order of `sequence`.
    func answers(of chain: Int64) throws -> [AnswerRow]
    /// In order of `sequence`.
    func quarantined(of chain: Int64) throws -> [QuarantinedRow]
    /// In the order in which they were kept.
    func branches(of chain: Int64) throws -> [BranchRow]
    func code(_ identifier: String) throws -> CodeRow?
    func heartbeat(_ kiosk: KioskID) throws -> HeartbeatRow?
    /// The newest technician's visit that the kiosk was allowed.
    func maintenance(of kiosk: KioskID) throws -> MaintenanceRow?
    /// The newest events first, at most `limit`.
    func events(limit: Int) throws -> [EventRow]
    /// Calls `body` with every event but the oldest `count`, in the order in which they were kept.
    func forEachEvent(after count: Int, _ body: (EventRow) throws -> Void) throws
    /// The newest list of heads.
    func lastHeads() throws -> HeadsRow?
    func heads(_ number: Int64) throws -> HeadsRow?
    /// All lists, oldest first, with an empty `note`.
    func headsIndex() throws -> [HeadsRow]
    /// For every chain, by its number, what the appendix of reports needs and no row of an epoch tells.
    func chainCounts() throws -> [Int64: ChainCounts]
    /// How many events of each kind there are; kinds without one do not appear.
    func eventCounts() throws -> [EventRow.Kind: Int]
    /// See `Collector.tallies`.
    func tallies(_ query: TallyQuery) throws -> [Tally]
    /// See `Collector.answerTallies`.
    func answerTallies(_ query: TallyQuery) throws -> [AnswerTally]
    func summary() throws -> CollectorSummary
    func offices() throws -> [Place]
    func services() throws -> [Place]
    /// What the storage engine itself finds wrong with its file; empty when nothing is.
    func storageFaults() throws -> [String]
    /// Rows that name a chain which no epoch has, one line each with the table and the chain; empty when there are
    /// none.
    func orphans() throws -> [String]
}

/// What can be changed in one transaction.
public protocol StoreTransaction: StoreSnapshot {
    /// Adds the place if its id is new; a known id keeps its name.
    func add(office: Place) throws
    func add(service: Place) throws
    /// Adds the kiosk, or writes its new place and state.
    func put(_ kiosk: KioskRow) throws
    /// Adds the code, or writes its new state; a nil `characters` erases the code itself.
    func put(_ code: CodeRow) throws
    /// Erases the characters of every code that has expired at `now`, and of the open codes of `kiosk` where it is
    /// given.
    func eraseCodes(expiredAt now: Int64, of kiosk: KioskID?) throws
    func insert(_ epoch: EpochRow) throws
    /// Writes the fields from `state` on; those before them never change.
    func update(_ epoch: EpochRow) throws
    /// Adds an accepted batch: `lines` are its records `arrival.first … arrival.last`; with all that was derived from
    /// them.
    func insert(_ arrival: ArrivalRow, lines: ArraySlice<Data>, derived: Derived) throws
    func put(_ contact: BootContact, chain: Int64) throws
    /// Keeps evidence once: the same chain, first record and last hash are not kept twice. False if it was there.
    func insert(_ branch: BranchRow) throws -> Bool
    func put(_ heartbeat: HeartbeatRow) throws
    /// Adds a visit, in place of the one before.
    func put(_ maintenance: MaintenanceRow) throws
    /// Keeps the succession of a transport key once.
    func insert(_ succession: KeySuccession, of kiosk: KioskID, received: Int64) throws
    func insert(_ event: EventRow) throws
    /// Adds a list of heads, or writes its new signatures.
    func put(_ heads: HeadsRow) throws
}

/// The store failed; nothing of the transaction was done.
public struct StoreError: Error, Equatable, CustomStringConvertible {
    /// The storage engine's own name of the result, for example `SQLITE_BUSY`.
    public var code: String
    /// What failed, why, and what to do next.
    public var message: String

    public init(code: String, message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
