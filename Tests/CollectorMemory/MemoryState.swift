import Collecting
import FoundationEssentials
import Ledger
import Ratings

/// All rows of a store: a value, so that a copy is a backup and a restore is an assignment.
public struct MemoryState: Sendable {
    public internal(set) var kiosks: [KioskID: KioskRow] = [:]
    /// In the order in which they were opened.
    public internal(set) var epochs: [EpochRow] = []
    /// Rows that follow from records, by chain.
    public internal(set) var chains: [Int64: MemoryChain] = [:]
    /// Oldest first.
    public internal(set) var events: [EventRow] = []
    var offices: [String: Place] = [:]
    var services: [String: Place] = [:]
    var codes: [String: CodeRow] = [:]
    var heartbeats: [KioskID: HeartbeatRow] = [:]
    var maintenance: [KioskID: MaintenanceRow] = [:]
    /// By kiosk, oldest first.
    var transportKeys: [KioskID: [TransportRow]] = [:]
    /// By number.
    var heads: [Int64: HeadsRow] = [:]

    public init() {}
}

/// What is stored of one chain.
public struct MemoryChain: Sendable {
    /// By sequence.
    public internal(set) var lines: [Int64: Data] = [:]
    /// In order of `first`.
    public internal(set) var arrivals: [ArrivalRow] = []
    public internal(set) var branches: [BranchRow] = []
    public internal(set) var answers: [AnswerRow] = []
    var contacts: [Int: BootContact] = [:]
    var sessions: [SessionID: SessionRow] = [:]
    var quarantined: [QuarantinedRow] = []

    public init() {}

    /// In order of `shownSequence`.
    public var sessionRows: [SessionRow] {
        sessions.values.sorted { ($0.shownSequence, $0.session.rawValue) < ($1.shownSequence, $1.session.rawValue) }
    }
}

extension MemoryState {
    /// For a collector that is wrong on purpose: forgets the records of a chain from `sequence` on, with all that follows
    /// from them, as a store does that lets the last writer win. `head` is what remains.
    public mutating func overwrite(chain number: Int64, from sequence: Int64) {
        guard let index = epochs.firstIndex(where: { $0.chain == number }), var chain = chains[number] else { return }
        let cut = chain.arrivals.first { $0.last >= sequence }?.first ?? sequence
        chain.lines = chain.lines.filter { $0.key < cut }
        chain.arrivals.removeAll { $0.first >= cut }
        chain.answers.removeAll { $0.sequence >= cut }
        chain.quarantined.removeAll { $0.sequence >= cut }
        chain.sessions = chain.sessions.filter { $0.value.shownSequence < cut }
        chains[number] = chain
        epochs[index].head = epochs[index].genesis.head
        if let last = chain.lines[cut - 1] {
            epochs[index].head.sequence = cut - 1
            epochs[index].head.hash = .init(of: last)
        }
    }

    /// For a collector that is wrong on purpose: takes the newest journal key of an epoch for the only one.
    public mutating func forgetOldJournalKeys() {
        for index in epochs.indices where !epochs[index].keys.changes.isEmpty {
            let keys = epochs[index].keys
            epochs[index].keys = JournalKeys(kiosk: keys.kiosk, first: keys.current)
        }
    }

    /// For a collector that is wrong on purpose: the transport keys of the enrolments go on counting.
    public mutating func forgetChangesOfTransportKeys() { transportKeys = [:] }
}
