import FoundationEssentials
import Ledger
import Ratings

/// Verifies one chain in one pass over its lines, holding one batch of them and the derived rows in memory.
struct ChainVerification {
    let epoch: EpochRow
    let collector: String
    /// The collector's receipt keys.
    let keys: [PublicKey]

    private(set) var records: Int64 = 0
    private(set) var faults: [VerifyFault] = []

    init(epoch: EpochRow, collector: String, keys: [PublicKey]) {
        self.epoch = epoch
        self.collector = collector
        self.keys = keys
    }

    mutating func run(over snapshot: any StoreSnapshot) throws {
        let arrivals = try checkedArrivals(try snapshot.arrivals(of: epoch.chain))
        let trusted = faults.isEmpty
        var walk = ChainWalk(epoch: epoch, arrivals: arrivals)
        var derived: Derived?
        do {
            try snapshot.forEachLine(of: epoch.chain) { sequence, line in try walk.take(sequence, line) }
            try walk.end()
            derived = trusted ? walk.derived : nil
        } catch let fault as ChainWalk.Stop {
            add(fault.what, at: fault.sequence)
        }
        records = walk.head.sequence
        checkState()
        try checkBranches(try snapshot.branches(of: epoch.chain))
        if let derived {
            compare(sessions: derived.newSessions, to: try snapshot.sessions(of: epoch.chain))
            compare(derived.answers, try snapshot.answers(of: epoch.chain), \.sequence, "answer")
            compare(
                derived.keys, epoch.keys.changes.map { KeyRow(sequence: $0.sequence, note: $0.succession.serialized) },
                \.sequence, "change of the journal key")
            compare(derived.quarantined, try snapshot.quarantined(of: epoch.chain), \.sequence, "quarantined record")
        }
        // The first bad record comes first; faults in no record follow.
        faults =
            faults.filter { $0.sequence != nil }.sorted { ($0.sequence ?? 0) < ($1.sequence ?? 0) }
            + faults.filter { $0.sequence == nil }
    }

    private mutating func add(_ what: String, at sequence: Int64? = nil) {
        faults.append(VerifyFault(kiosk: epoch.kiosk, epoch: epoch.epoch, sequence: sequence, what: what))
    }

    /// The batches with their checkpoints, up to the first one that is not as it was.
    private mutating func checkedArrivals(_ arrivals: [ArrivalRow]) throws -> [ChainWalk.Arrival] {
        var checked: [ChainWalk.Arrival] = []
        var next: Int64 = 1
        for arrival in arrivals {
            guard arrival.first == next else {
                add("the batch that brought this record is missing, or is another one's", at: next)
                return checked
            }
            guard Seal.holds(arrival.seal, over: Seal.text(of: arrival), by: keys) else {
                add("the time, the clocks or the checkpoint of the batch that starts here were changed", at: next)
                return checked
            }
            guard
                let note = try? Checkpoint(parsing: arrival.checkpoint, keys: epoch.keys),
                note.head.epoch == epoch.epoch, note.head.sequence == arrival.last
            else {
                add("the kiosk did not sign the checkpoint of the batch that starts here", at: next)
                return checked
            }
            checked.append(ChainWalk.Arrival(row: arrival, checkpoint: note.head))
            next = arrival.last + 1
        }
        if next <= epoch.head.sequence { add("the batch that brought this record is missing", at: next) }
        return checked
    }

    private mutating func checkState() {
        faults += epoch.stateFaults(collector: collector, receiptKeys: ReceiptKeys(keys))
    }

    private mutating func checkBranches(_ branches: [BranchRow]) throws {
        if branches.count != epoch.branches {
            add("\(epoch.branches) branches were kept as evidence, and \(branches.count) are here")
        }
        for branch in branches where !epoch.isWhole(branch) {
            add("the branch of records \(branch.first)-\(branch.last) was changed")
        }
    }

    private mutating func compare(sessions expected: [SessionRow], to stored: [SessionRow]) {
        let stored = Dictionary(stored.map { ($0.session, $0) }) { first, _ in first }
        let known = Set(expected.map(\.session))
        for row in expected where stored[row.session] != row {
            let what = stored[row.session] == nil ? "is missing" : "is not what the records say"
            add("session \(row.session), shown by this record, \(what) in the table of sessions", at: row.shownSequence)
        }
        for row in stored.values where !known.contains(row.session) {
            add("session \(row.session) stands in the table of sessions, and no record shows it")
        }
    }

    private mutating func compare<Derivation: Equatable>(
        _ expected: [Derivation], _ stored: [Derivation], _ sequence: (Derivation) -> Int64, _ name: String
    ) {
        guard expected != stored else { return }
        let pairs = zip(expected, stored)
        if let (right, wrong) = pairs.first(where: { $0 != $1 }) {
            add("the \(name) of this record is not what it says", at: min(sequence(right), sequence(wrong)))
        } else if let missing = expected.dropFirst(stored.count).first {
            add("the \(name) of this record is missing", at: sequence(missing))
        } else if let extra = stored.dropFirst(expected.count).first {
            add("there is an \(name) that this record does not give", at: sequence(extra))
        }
    }
}

/// Follows the lines of a chain, and says at which record they stop being what the kiosk signed.
struct ChainWalk {
    struct Arrival {
        var row: ArrivalRow
        var checkpoint: ChainHead
    }

    struct Stop: Error {
        var sequence: Int64
        var what: String
    }

    private let epoch: EpochRow
    private let arrivals: [Arrival]
    private var arrival = 0
    private var items: [CheckedBatch.Item] = []
    /// The record that does not carry the hash of the one before it: the next link tells which of the two was changed.
    private var suspect: Int64?
    private let sessions = SessionTable()

    private(set) var head: ChainHead
    private var answers: [AnswerRow] = []
    private var ratingTimes: [Int64] = []
    private var quarantined: [QuarantinedRow] = []
    private var keys: JournalKeys
    private var keyRows: [KeyRow] = []

    /// All that the records give, the sessions as they stand at the end.
    var derived: Derived {
        var derived = Derived()
        derived.newSessions = sessions.rows
        derived.answers = answers
        derived.quarantined = quarantined
        derived.keys = keyRows
        return derived
    }

    init(epoch: EpochRow, arrivals: [Arrival]) {
        self.epoch = epoch
        self.arrivals = arrivals
        keys = JournalKeys(kiosk: epoch.kiosk.rawValue, first: epoch.journalKey)
        head = epoch.genesis.head
    }

    mutating func take(_ sequence: Int64, _ line: Data) throws {
        let expected = head.sequence + 1
        guard sequence == expected else {
            throw Stop(
                sequence: expected, what: sequence > expected ? "it is missing" : "it is stored under another number")
        }
        guard sequence <= epoch.head.sequence else {
            throw Stop(sequence: sequence, what: "it stands after the head of its chain, \(epoch.head.sequence)")
        }
        let item: CheckedBatch.Item
        do {
            item = try CheckedBatch.item(of: line, sequence: sequence, kiosk: epoch.kiosk, epoch: epoch.epoch)
        } catch {
            throw Stop(sequence: sequence, what: "it was changed: \(error.message)")
        }
        guard item.link.sequence == sequence else {
            throw Stop(sequence: sequence, what: "it was changed: it says that it is record \(item.link.sequence)")
        }
        let follows = item.link.previous == head.hash.base64
        if let suspect { throw changed(follows ? suspect - 1 : suspect) }
        if !follows { suspect = sequence }
        head.sequence = sequence
        head.hash = ChainHash(of: line)
        items.append(item)
        try endArrival()
    }

    /// The checkpoint of a batch is the kiosk's own word for its last record.
    private mutating func endArrival() throws {
        guard arrival < arrivals.count, arrivals[arrival].checkpoint.sequence == head.sequence else { return }
        let signed = head == arrivals[arrival].checkpoint
        if let suspect { throw changed(signed ? suspect - 1 : suspect) }
        guard signed else { throw changed(head.sequence) }
        try derive(from: arrivals[arrival].row)
        arrival += 1
        items = []
    }

    mutating func end() throws {
        if let suspect { throw changed(suspect) }
        let last = max(epoch.head.sequence, arrivals.last?.row.last ?? 0)
        guard head.sequence == last else {
            throw Stop(sequence: head.sequence + 1, what: "it and all records up to \(last) are missing")
        }
        guard head == epoch.head else {
            throw Stop(sequence: head.sequence, what: "it is not the one that the head of the chain names")
        }
    }

    private func changed(_ sequence: Int64) -> Stop {
        if sequence == 0 {
            return Stop(sequence: 1, what: "it does not follow the genesis of its epoch: the epoch's keys were changed")
        }
        return Stop(sequence: sequence, what: "it was changed: its hash is not the one that the chain holds")
    }

    private mutating func derive(from arrival: ArrivalRow) throws {
        let (known, times) = (sessions, ratingTimes)
        let ceiling = RatingCeiling { skip, count in
            let end = max(0, times.count - skip)
            return times[max(0, end - count)..<end].reversed()
        }
        var deriving = Deriving(
            place: epoch.place, clocks: arrival.clocks, received: arrival.received, keys: keys, ceiling: ceiling
        ) { known[$0] }
        for item in items { try deriving.add(item) }
        for row in deriving.derived.newSessions + deriving.derived.changedSessions { sessions.put(row) }
        answers += deriving.derived.answers
        ratingTimes += deriving.derived.answers.filter(\.isRating).map(\.placed)
        quarantined += deriving.derived.quarantined
        keyRows += deriving.derived.keys
        keys = deriving.keys
    }
}

/// The sessions of one chain so far. A class, so that looking one up does not copy the others.
private final class SessionTable {
    private(set) var rows: [SessionRow] = []
    private var index: [SessionID: Int] = [:]

    subscript(_ session: SessionID) -> SessionRow? { index[session].map { rows[$0] } }

    func put(_ row: SessionRow) {
        if let known = index[row.session] {
            rows[known] = row
        } else {
            index[row.session] = rows.count
            rows.append(row)
        }
    }
}
