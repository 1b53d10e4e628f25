import Collecting
import FoundationEssentials
import Ratings

extension MemoryTransaction: StoreSnapshot {
    func kiosk(_ id: KioskID) -> KioskRow? { state.kiosks[id] }
    func kiosks() -> [KioskRow] { state.kiosks.values.sorted { Self.precedes($0.id.rawValue, $1.id.rawValue) } }
    func epoch(_ kiosk: KioskID, _ epoch: Int) -> EpochRow? {
        state.epochs.first { $0.kiosk == kiosk && $0.epoch == epoch }
    }
    func epochs(of kiosk: KioskID) -> [EpochRow] {
        state.epochs.filter { $0.kiosk == kiosk }.sorted { $0.epoch < $1.epoch }
    }
    func lastEpoch() -> EpochRow? { state.epochs.max { $0.chain < $1.chain } }
    func epochs() -> [EpochRow] { state.epochs.sorted { $0.chain < $1.chain } }
    func line(_ chain: Int64, _ sequence: Int64) -> Data? { state.chains[chain]?.lines[sequence] }

    func forEachLine(of chain: Int64, _ body: (_ sequence: Int64, _ line: Data) throws -> Void) throws {
        for (sequence, line) in (state.chains[chain]?.lines ?? [:]).sorted(by: { $0.key < $1.key }) {
            try body(sequence, line)
        }
    }

    func arrivals(of chain: Int64) -> [ArrivalRow] { state.chains[chain]?.arrivals ?? [] }
    func contact(_ chain: Int64, boot: Int) -> BootContact? { state.chains[chain]?.contacts[boot] }
    func session(_ chain: Int64, _ session: SessionID) -> SessionRow? { state.chains[chain]?.sessions[session] }
    func sessions(of chain: Int64) -> [SessionRow] { state.chains[chain]?.sessionRows ?? [] }
    func answers(of chain: Int64) -> [AnswerRow] { state.chains[chain]?.answers ?? [] }
    func quarantined(of chain: Int64) -> [QuarantinedRow] { state.chains[chain]?.quarantined ?? [] }
    func branches(of chain: Int64) -> [BranchRow] { state.chains[chain]?.branches ?? [] }

    func transportSuccessions(of kiosk: KioskID) -> [TransportRow] { state.transportKeys[kiosk] ?? [] }

    func forEachArrival(of chain: Int64, after sequence: Int64, _ body: (ArrivalRow) throws -> Void) throws {
        for arrival in arrivals(of: chain) where arrival.last > sequence { try body(arrival) }
    }

    func ratingTimes(_ chain: Int64, before sequence: Int64, skip: Int, count: Int) -> [Int64] {
        let ratings = answers(of: chain).filter { answer in
            answer.sequence < sequence && answer.question == "overall" && answer.value != nil
        }
        return ratings.reversed().dropFirst(skip).prefix(count).map(\.placed)
    }
    func code(_ identifier: String) -> CodeRow? { state.codes[identifier] }
    func heartbeat(_ kiosk: KioskID) -> HeartbeatRow? { state.heartbeats[kiosk] }
    func maintenance(of kiosk: KioskID) -> MaintenanceRow? { state.maintenance[kiosk] }
    func events(limit: Int) -> [EventRow] { Array(state.events.reversed().prefix(limit)) }
    func forEachEvent(after count: Int, _ body: (EventRow) throws -> Void) throws {
        for event in state.events.dropFirst(count) { try body(event) }
    }

    func eventCounts() -> [EventRow.Kind: Int] {
        Dictionary(state.events.map { ($0.kind, 1) }) { $0 + $1 }
    }

    func lastHeads() -> HeadsRow? { state.heads.keys.max().flatMap { state.heads[$0] } }
    func heads(_ number: Int64) -> HeadsRow? { state.heads[number] }
    func headsIndex() -> [HeadsRow] {
        state.heads.values.sorted { $0.number < $1.number }.map { row in
            HeadsRow(number: row.number, day: row.day, made: row.made, note: "")
        }
    }

    func offices() -> [Place] { state.offices.values.sorted { Self.precedes($0.id, $1.id) } }
    func services() -> [Place] { state.services.values.sorted { Self.precedes($0.id, $1.id) } }
    func storageFaults() -> [String] { [] }

    func orphans() -> [String] {
        let known = Set(state.epochs.map(\.chain))
        let chains = state.chains.keys.filter { !known.contains($0) }.sorted().map {
            "the store in memory has rows of chain \($0), which no epoch has"
        }
        let kiosks = state.epochs.filter { state.kiosks[$0.kiosk] == nil }.map {
            "kiosk \($0.kiosk) is missing among the kiosks, and its epoch \($0.epoch) is here"
        }
        return chains + kiosks
    }

    /// SQLite compares texts as bytes.
    static func precedes(_ left: String, _ right: String) -> Bool { left.utf8.lexicographicallyPrecedes(right.utf8) }
}
