import Collecting
import FoundationEssentials
import Ledger
import Ratings

/// Looks at what a kiosk has sent before its turn in the store has come: right as long as nobody else is at work on the
/// same kiosk.
struct StaleStore: StoreInFront {
    let store: any CollectorStore

    func write<Value: Sendable>(
        _ work: @escaping @Sendable (any StoreTransaction) throws -> Value
    ) async throws -> Value {
        let before = try await store.read { try $0.epochs() }
        return try await store.write { try work(StaleTransaction(store: $0, before: before)) }
    }
}

/// A transaction in which a kiosk's epoch is what it was before.
private struct StaleTransaction: StoreTransaction {
    let store: any StoreTransaction
    let before: [EpochRow]

    func epoch(_ kiosk: KioskID, _ epoch: Int) throws -> EpochRow? {
        try before.first { $0.kiosk == kiosk && $0.epoch == epoch } ?? store.epoch(kiosk, epoch)
    }

    // Everything else is what it is.

    func kiosk(_ id: KioskID) throws -> KioskRow? { try store.kiosk(id) }
    func kiosks() throws -> [KioskRow] { try store.kiosks() }
    func epochs(of kiosk: KioskID) throws -> [EpochRow] { try store.epochs(of: kiosk) }
    func lastEpoch() throws -> EpochRow? { try store.lastEpoch() }
    func epochs() throws -> [EpochRow] { try store.epochs() }
    func transportSuccessions(of kiosk: KioskID) throws -> [TransportRow] { try store.transportSuccessions(of: kiosk) }
    func line(_ chain: Int64, _ sequence: Int64) throws -> Data? { try store.line(chain, sequence) }
    func forEachLine(of chain: Int64, _ body: (_ sequence: Int64, _ line: Data) throws -> Void) throws {
        try store.forEachLine(of: chain, body)
    }
    func arrivals(of chain: Int64) throws -> [ArrivalRow] { try store.arrivals(of: chain) }
    func forEachArrival(of chain: Int64, after sequence: Int64, _ body: (ArrivalRow) throws -> Void) throws {
        try store.forEachArrival(of: chain, after: sequence, body)
    }
    func contact(_ chain: Int64, boot: Int) throws -> BootContact? { try store.contact(chain, boot: boot) }
    func session(_ chain: Int64, _ session: SessionID) throws -> SessionRow? { try store.session(chain, session) }
    func sessions(of chain: Int64) throws -> [SessionRow] { try store.sessions(of: chain) }
    func ratingTimes(_ chain: Int64, before sequence: Int64, skip: Int, count: Int) throws -> [Int64] {
        try store.ratingTimes(chain, before: sequence, skip: skip, count: count)
    }
    func answers(of chain: Int64) throws -> [AnswerRow] { try store.answers(of: chain) }
    func quarantined(of chain: Int64) throws -> [QuarantinedRow] { try store.quarantined(of: chain) }
    func branches(of chain: Int64) throws -> [BranchRow] { try store.branches(of: chain) }
    func code(_ identifier: String) throws -> CodeRow? { try store.code(identifier) }
    func heartbeat(_ kiosk: KioskID) throws -> HeartbeatRow? { try store.heartbeat(kiosk) }
    func maintenance(of kiosk: KioskID) throws -> MaintenanceRow? { try store.maintenance(of: kiosk) }
    func events(limit: Int) throws -> [EventRow] { try store.events(limit: limit) }
    func forEachEvent(after count: Int, _ body: (EventRow) throws -> Void) throws {
        try store.forEachEvent(after: count, body)
    }
    func lastHeads() throws -> HeadsRow? { try store.lastHeads() }
    func heads(_ number: Int64) throws -> HeadsRow? { try store.heads(number) }
    func headsIndex() throws -> [HeadsRow] { try store.headsIndex() }
    func chainCounts() throws -> [Int64: ChainCounts] { try store.chainCounts() }
    func eventCounts() throws -> [EventRow.Kind: Int] { try store.eventCounts() }
    func tallies(_ query: TallyQuery) throws -> [Tally] { try store.tallies(query) }
    func answerTallies(_ query: TallyQuery) throws -> [AnswerTally] { try store.answerTallies(query) }
    func summary() throws -> CollectorSummary { try store.summary() }
    func offices() throws -> [Place] { try store.offices() }
    func services() throws -> [Place] { try store.services() }
    func storageFaults() throws -> [String] { try store.storageFaults() }
    func orphans() throws -> [String] { try store.orphans() }

    func add(office: Place) throws { try store.add(office: office) }
    func add(service: Place) throws { try store.add(service: service) }
    func put(_ kiosk: KioskRow) throws { try store.put(kiosk) }
    func put(_ code: CodeRow) throws { try store.put(code) }
    func eraseCodes(expiredAt now: Int64, of kiosk: KioskID?) throws { try store.eraseCodes(expiredAt: now, of: kiosk) }
    func insert(_ epoch: EpochRow) throws { try store.insert(epoch) }
    func update(_ epoch: EpochRow) throws { try store.update(epoch) }
    func insert(_ arrival: ArrivalRow, lines: ArraySlice<Data>, derived: Derived) throws {
        try store.insert(arrival, lines: lines, derived: derived)
    }
    func put(_ contact: BootContact, chain: Int64) throws { try store.put(contact, chain: chain) }
    func insert(_ branch: BranchRow) throws -> Bool { try store.insert(branch) }
    func put(_ heartbeat: HeartbeatRow) throws { try store.put(heartbeat) }
    func put(_ maintenance: MaintenanceRow) throws { try store.put(maintenance) }
    func insert(_ succession: KeySuccession, of kiosk: KioskID, received: Int64) throws {
        try store.insert(succession, of: kiosk, received: received)
    }
    func insert(_ event: EventRow) throws { try store.insert(event) }
    func put(_ heads: HeadsRow) throws { try store.put(heads) }
}
