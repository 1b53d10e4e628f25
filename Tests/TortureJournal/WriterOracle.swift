import Ledger

/// What a witness that is never killed knows of one journal-writer's journal: it hears of each press, each thanks and
/// each receipt, and says what is wrong with what it then finds in the store.
struct WriterOracle {
    /// A record's place in the order of all epochs.
    struct Place: Hashable, Comparable {
        var epoch: Int
        var sequence: Int64

        static func < (left: Place, right: Place) -> Bool {
            (left.epoch, left.sequence) < (right.epoch, right.sequence)
        }
    }

    /// What is known of a record that must be there.
    enum Known: Equatable {
        /// Thanked, with this hash.
        case thanked(hash: String)
        /// Not thanked, but found to be durable once, so it must stay.
        case found(session: String)
    }

    private(set) var records: [Place: Known] = [:]
    private(set) var head = Place(epoch: 0, sequence: 0)
    /// Thanked, in all.
    private(set) var thanks = 0
    /// The highest receipt of each epoch that was said to be durable.
    private var receipts: [Int: Int64] = [:]

    // What is under way: it may be durable or not.
    private(set) var pressed: String?
    private var receipting: Int64?
    private(set) var enrolling: Int?

    /// What the writer reported of its own failure, if it did.
    private(set) var failure: String?
    private(set) var complaints: [String] = []
    /// The first word of the line before.
    private var word = ""

    /// Takes one line of the writer.
    mutating func hear(_ line: String) {
        let words = line.split(separator: " ").map(String.init)
        let before = word
        word = words.first ?? ""
        switch (words.first, words.count) {
        case ("open", 5): opened(words.dropFirst().compactMap { Int64($0) })
        case ("press", 2): pressed = words[1]
        case ("thanks", 5): thank(words)
        case ("receipting", 2): receipting = Int64(words[1])
        case ("receipt", 2):
            receipts[head.epoch] = Int64(words[1])
            receipting = nil
        case ("enrolling", 2): enrolling = Int(words[1])
        case ("enrolled", 2):
            head = Place(epoch: enrolling ?? 0, sequence: 0)
            enrolling = nil
        case ("failed", _):
            failure = String(line.dropFirst("failed ".count))
            // What failed was under way; after a thanks or a receipt it would have been promised too early.
            if before == "thanks" || before == "receipt" { complaints.append("after its \(before) it failed: \(line)") }
        case ("compacting", 1), ("compacted", 3), ("closing", 1), ("closed", 1): break
        default: complaints.append("it said “\(line)”")
        }
    }

    private mutating func thank(_ words: [String]) {
        guard let epoch = Int(words[2]), let sequence = Int64(words[3]), words[1] == pressed else {
            return complaints.append("it thanked for a press that it had not told: \(words)")
        }
        let place = Place(epoch: epoch, sequence: sequence)
        if place != Place(epoch: head.epoch, sequence: head.sequence + 1) || records[place] != nil {
            complaints.append("it thanked for record \(place) after \(head)")
        }
        records[place] = .thanked(hash: words[4])
        head = place
        thanks += 1
        pressed = nil
    }

    /// A writer has opened the journal: what was under way is decided now.
    private mutating func opened(_ numbers: [Int64]) {
        guard numbers.count == 4 else { return }
        settle(
            head: Place(epoch: Int(numbers[0]), sequence: numbers[1]), receipted: numbers[2])
    }

    /// The store's present epoch stands at `head`, with this receipt: old or new, nothing else.
    mutating func settle(head found: Place, receipted: Int64) {
        if let enrolling, found == Place(epoch: enrolling, sequence: 0) {
            head = found
        } else if let session = pressed, found == Place(epoch: head.epoch, sequence: head.sequence + 1) {
            records[found] = .found(session: session)
            head = found
        } else if found != head {
            complaints.append("the store stands at \(found), but it stood at \(head)")
            head = found
        }
        let said = receipts[head.epoch] ?? 0
        if receipted != said, receipted != receipting {
            complaints.append("the receipt held is for \(receipted), but it was for \(said)")
        }
        receipts[head.epoch] = receipted
        (pressed, receipting, enrolling, failure) = (nil, nil, nil, nil)
    }

    /// Compares the whole store, as `StoredJournal` read it.
    mutating func compare(_ stored: StoredJournal) {
        settle(head: stored.head, receipted: stored.receipted)
        var sessions: Set<String> = []
        for record in stored.records {
            if !sessions.insert(record.session).inserted { complaints.append("session \(record.session) is twice") }
            switch records[record.place] {
            case .thanked(let hash) where hash != record.hash:
                complaints.append("record \(record.place) is not what was thanked")
            case .found(let session) where session != record.session:
                complaints.append("record \(record.place) is of session \(record.session), pressed was \(session)")
            case nil: complaints.append("record \(record.place) was never pressed")
            case .thanked, .found: break
            }
        }
        let kept = Set(stored.records.map(\.place))
        for place in records.keys where !kept.contains(place) {
            if place.sequence > mayBeGone(place.epoch) {
                complaints.append("record \(place) was thanked and is gone")
            }
        }
        if let reason = stored.damage { complaints.append(reason) }
    }

    /// Records up to this one may be deleted: receipted, and old enough by the newest receipt.
    private func mayBeGone(_ epoch: Int) -> Int64 {
        let receipted = receipts[epoch] ?? 0
        return epoch < head.epoch ? receipted : receipted - StoredJournal.recordsKeptAfterReceipt
    }

    /// The complaints since the last call.
    mutating func takeComplaints() -> [String] {
        defer { complaints = [] }
        return complaints
    }
}
