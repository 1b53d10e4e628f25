import FoundationEssentials
import Ledger
import Ratings
import Wire

/// What lists of heads say of one epoch.
struct Pins {
    /// By sequence; of two that say the same, the older list's.
    private(set) var heads: [(head: ListedHead, list: Int64)] = []

    mutating func add(_ head: ListedHead, of list: Int64) {
        if heads.contains(where: { $0.head == head }) { return }
        let index = heads.partitioningIndex { ($0.head.sequence, $0.list) > (head.sequence, list) }
        heads.insert((head, list), at: index)
    }

    var newest: (head: ListedHead, list: Int64)? { heads.max { $0.list < $1.list } }
}

/// Follows one epoch of an export, line by line, against what its kiosk signed and what lists of heads say. Holds one
/// line at a time.
struct EvidenceWalk {
    /// Its `keys` grow with the records that were followed.
    private(set) var epoch: EpochRow
    private let pins: Pins
    private let receiptKeys: ReceiptKeys

    private var head: ChainHead
    private var trail: ChainHash
    /// The last record at which a hash that anybody signed was found right, one that a list names, and a trail.
    private var proved: Int64 = 0
    private var listed: Int64 = 0
    private var trailProved: Int64 = 0
    private var arrival: ArrivalRow?
    private var nextPin = 0
    /// The record that does not carry the hash of the one before it: the next link tells which of the two was changed.
    private var suspect: Int64?
    /// Set at the first record that is not as it was signed: what follows it proves nothing more.
    private var isBroken = false
    private var branches = 0
    private var branchTrail = Evidence.noBranches
    private(set) var faults: [VerifyFault] = []

    var records: Int64 { head.sequence }

    init(epoch: EpochRow, pins: Pins, receiptKeys: ReceiptKeys) {
        self.epoch = epoch
        self.pins = pins
        self.receiptKeys = receiptKeys
        head = epoch.genesis.head
        trail = Evidence.register(epoch)
        checkRegister()
        if !isBroken { checkPins() }
    }

    private mutating func add(_ what: String, at sequence: Int64? = nil, since: Int64? = nil) {
        faults.append(
            VerifyFault(kiosk: epoch.kiosk, epoch: epoch.epoch, sequence: sequence, since: since, what: what))
    }

    private mutating func breakOff(_ what: String, at sequence: Int64, since: Int64? = nil) {
        add(what, at: sequence, since: since)
        isBroken = true
    }

    private mutating func checkRegister() {
        guard let pin = pins.heads.first(where: { $0.head.register != trail }) else { return }
        add("its place, its keys or the time of its enrolment are not those of list \(pin.list)")
        // The trails begin with it: they would all differ, and tell nothing more.
        trailProved = Int64.max
    }

    // MARK: Lines

    /// A new batch begins.
    mutating func take(_ next: ArrivalRow) {
        guard !isBroken else { return }
        endBatch()
        guard !isBroken else { return }
        guard next.first == head.sequence + 1 else {
            return breakOff("the batch that brought this record is missing, or is another one's", at: head.sequence + 1)
        }
        if !receiptKeys.hold(next.seal, over: Seal.text(of: next)) {
            add("the time, the clocks or the checkpoint of the batch that starts here were changed", at: next.first)
        }
        arrival = next
    }

    /// The next line, which should be the next record.
    mutating func take(_ line: Data) {
        guard !isBroken else { return }
        let sequence = head.sequence + 1
        let item: CheckedBatch.Item
        do throws(Refusal) {
            item = try CheckedBatch.item(of: line, sequence: sequence, kiosk: epoch.kiosk, epoch: epoch.epoch)
        } catch {
            return breakOff("it was changed: \(error.message)", at: sequence)
        }
        guard item.link.sequence == sequence else {
            let what =
                item.link.sequence > sequence ? "it is missing" : "record \(item.link.sequence) stands in its place"
            return breakOff(what, at: sequence)
        }
        if arrival.map({ $0.last < sequence }) ?? true {
            return breakOff("the batch that brought this record is missing", at: sequence)
        }
        let follows = item.link.previous.utf8.elementsEqual(head.hash.base64.utf8)
        if let suspect { return changed(follows ? suspect - 1 : suspect) }
        if !follows { suspect = sequence }
        head.sequence = sequence
        head.hash = ChainHash(of: line)
        epoch.keys.follow(item.body, at: sequence)
        if let arrival, arrival.last == sequence { checkpoint(of: arrival) }
        if !isBroken { checkPins() }
    }

    mutating func take(_ branch: BranchRow) {
        branches += 1
        branchTrail = Evidence.trail(branchTrail, over: branch)
        if !epoch.isWhole(branch) { add("the branch of records \(branch.first)-\(branch.last) was changed") }
        for pin in pins.heads where pin.head.branches == branches && pin.head.branchTrail != branchTrail {
            return add("the branches that were kept as evidence are not those of list \(pin.list)")
        }
    }

    // MARK: Signed heads

    /// The kiosk's own word for the last record of a batch.
    private mutating func checkpoint(of arrival: ArrivalRow) {
        guard let note = try? Checkpoint(parsing: arrival.checkpoint, keys: epoch.keys),
            note.head.epoch == epoch.epoch, note.head.sequence == arrival.last
        else {
            return breakOff("the kiosk did not sign the checkpoint of the batch that starts here", at: arrival.first)
        }
        compare(note.head.hash)
        guard !isBroken else { return }
        trail = Evidence.trail(trail, over: arrival)
        self.arrival = nil
    }

    private mutating func compare(_ signed: ChainHash) {
        let isRight = signed == head.hash
        if let suspect { return changed(isRight ? suspect - 1 : suspect) }
        guard isRight else { return changed(head.sequence) }
        proved = head.sequence
    }

    private mutating func checkPins() {
        while nextPin < pins.heads.count, pins.heads[nextPin].head.sequence <= head.sequence {
            let pin = pins.heads[nextPin]
            nextPin += 1
            guard pin.head.sequence == head.sequence else { continue }
            if head.sequence > 0 {
                // A list against the kiosk's own checkpoint: everything since the list before may be forged.
                if proved == head.sequence { proved = min(listed, head.sequence - 1) }
                compare(pin.head.hash)
                listed = head.sequence
            }
            guard !isBroken else { return }
            if trailProved == Int64.max { continue }
            guard pin.head.trail == trail else {
                add(
                    "the times or the limits of the batches that brought these records are not those of list \(pin.list)",
                    at: head.sequence, since: min(trailProved + 1, head.sequence))
                trailProved = Int64.max
                continue
            }
            trailProved = head.sequence
        }
    }

    private mutating func changed(_ sequence: Int64) {
        if sequence == 0 {
            return breakOff("it does not follow the genesis of its epoch: the epoch's keys were changed", at: 1)
        }
        let isEnd = sequence == head.sequence && suspect == nil
        breakOff(
            "it was changed: its hash is not the one that was signed", at: sequence,
            since: isEnd ? min(proved + 1, sequence) : nil)
    }

    // MARK: Ends

    private mutating func endBatch() {
        guard let arrival else { return }
        if let suspect { return changed(suspect) }
        breakOff("it and all records up to \(arrival.last) are missing", at: head.sequence + 1)
    }

    /// Everything of the epoch has been taken.
    mutating func end(collector: String) {
        if !isBroken { endBatch() }
        if !isBroken, let suspect { changed(suspect) }
        if !isBroken, let pin = pins.heads.last, pin.head.sequence > head.sequence {
            breakOff(
                "it and all records up to \(pin.head.sequence) stand in list \(pin.list) and are missing",
                at: head.sequence + 1)
        }
        if !isBroken, head != epoch.head {
            add(
                head.sequence < epoch.head.sequence
                    ? "it and all records up to \(epoch.head.sequence) are missing"
                    : "it is not the one that the head of the chain names",
                at: head.sequence < epoch.head.sequence ? head.sequence + 1 : head.sequence)
        }
        checkState(collector)
        faults =
            faults.filter { $0.sequence != nil }.sorted {
                ($0.since ?? $0.sequence ?? 0) < ($1.since ?? $1.sequence ?? 0)
            }
            + faults.filter { $0.sequence == nil }
    }

    private mutating func checkState(_ collector: String) {
        faults += epoch.stateFaults(collector: collector, receiptKeys: receiptKeys)
        if branches != epoch.branches {
            add("\(epoch.branches) branches were kept as evidence, and \(branches) are here")
        }
        guard let (listed, list) = pins.newest else { return }
        if epoch.state.rank < listed.state.rank {
            add("it is \(epoch.state.rawValue) again, and was \(listed.state.rawValue) in list \(list)")
        }
        if branches < listed.branches {
            add("\(listed.branches) branches stand in list \(list), and \(branches) are here")
        }
    }
}
