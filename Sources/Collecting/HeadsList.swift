// The list of heads: what a collector says of everything it holds, signed once a day and given away.
//
// Constraints: whoever owns the database and even the receipt key must not be able to change anything unseen that a
// list, once it is in other hands, has named; it is checked with `sha256sum` and `openssl`. So a list pins, for each
// epoch of each kiosk, what the kiosk's chain proves (`seq` and the hash of that record) and what only the collector
// says: how the epoch was opened, its state, when each batch came, which branches were kept; and for all of them the
// names of places and the list of events. Format: a C2SP signed note of at most 32 MiB (Go's `note.Open` stops at 1 MB,
// which is some 4,000 heads), signed by the receipt key under the collector's name; a witness adds a cosignature. Text:
//
//     otsenka/heads/<collector>
//     list <number, from 1>
//     day <the UTC day on which it was made, 2026-11-22: a label>
//     time <seconds since 1970>
//     key <the receipt key, base64>
//     previous <SHA-256 of the text of the list before; of "otsenka heads of <collector>\n" for list 1>
//     events <how many> <trail>
//     office <id> <name>            one for each office, by id
//     service <id> <name>           one for each service, by id
//     head <kiosk> <epoch> <seq> <hash> <state> <claimed> <register> <trail> <branches> <branch trail>
//                                   one for each epoch, by kiosk and epoch
//
// Hashes are base64. `claimed` is the newest record that the kiosk signed, sent or not. `register` is the SHA-256 of
// the text of how the epoch was opened. A *trail* holds a growing list still: it begins with `register` (with the
// SHA-256 of "otsenka branches\n" and of "otsenka events\n" for the other two), and each new item makes it
// SHA-256(trail in base64 ‖ newline ‖ the item's text). Items are texts of `Evidence`. Operations: `init(parsing:)`,
// `text`, and `objection(to:)`, which says what in a later list contradicts this one.

import FoundationEssentials
import Ledger
import Ratings

/// What one list says of one epoch.
public struct ListedHead: Equatable, Sendable {
    public var kiosk: KioskID
    public var epoch: Int
    public var sequence: Int64
    /// Of record `sequence`; the genesis hash for 0.
    public var hash: ChainHash
    public var state: EpochState
    public var claimed: Int64
    public var register: ChainHash
    /// Over the batches up to `sequence`.
    public var trail: ChainHash
    public var branches: Int
    public var branchTrail: ChainHash

    var name: ChainName { ChainName(kiosk: kiosk, epoch: epoch) }

    var line: String {
        "head \(kiosk) \(epoch) \(sequence) \(hash) \(state.rawValue) \(claimed) \(register) \(trail) \(branches) "
            + "\(branchTrail)"
    }

    init(
        kiosk: KioskID, epoch: Int, sequence: Int64, hash: ChainHash, state: EpochState, claimed: Int64,
        register: ChainHash, trail: ChainHash, branches: Int, branchTrail: ChainHash
    ) {
        self.kiosk = kiosk
        self.epoch = epoch
        self.sequence = sequence
        self.hash = hash
        self.state = state
        self.claimed = claimed
        self.register = register
        self.trail = trail
        self.branches = branches
        self.branchTrail = branchTrail
    }

    fileprivate init?(_ words: [Substring]) {
        guard words.count == 11, let kiosk = KioskID(rawValue: String(words[1])), let epoch = Int(words[2]), epoch > 0,
            let sequence = Int64(words[3]), sequence >= 0, let hash = ChainHash(base64: String(words[4])),
            let state = EpochState(rawValue: String(words[5])), let claimed = Int64(words[6]),
            let register = ChainHash(base64: String(words[7])), let trail = ChainHash(base64: String(words[8])),
            let branches = Int(words[9]), branches >= 0, let branchTrail = ChainHash(base64: String(words[10]))
        else { return nil }
        self.init(
            kiosk: kiosk, epoch: epoch, sequence: sequence, hash: hash, state: state, claimed: claimed,
            register: register, trail: trail, branches: branches, branchTrail: branchTrail)
    }
}

/// How a chain is called everywhere outside one store.
public struct ChainName: Hashable, Sendable, Comparable, CustomStringConvertible {
    public var kiosk: KioskID
    public var epoch: Int

    public init(kiosk: KioskID, epoch: Int) {
        self.kiosk = kiosk
        self.epoch = epoch
    }

    public var description: String { "\(kiosk)/\(epoch)" }

    public static func < (left: ChainName, right: ChainName) -> Bool {
        left.kiosk == right.kiosk ? left.epoch < right.epoch : left.kiosk.rawValue < right.kiosk.rawValue
    }
}

/// A list of heads.
public struct HeadsList: Equatable, Sendable {
    public var collector: String
    public var number: Int64
    /// `2026-11-22`
    public var day: String
    /// Seconds since 1970.
    public var time: Int64
    public var key: PublicKey
    public var previous: ChainHash
    public var events: Int
    public var eventTrail: ChainHash
    public var offices: [Place]
    public var services: [Place]
    /// By kiosk and epoch, each once.
    public var heads: [ListedHead]

    /// The longest list, bytes: more than a hundred thousand epochs.
    public static let maximumBytes = 32 * 1024 * 1024

    /// What list 1 of a collector names as the one before it.
    public static func beginning(of collector: String) -> ChainHash {
        ChainHash(of: Data("otsenka heads of \(collector)\n".utf8))
    }

    /// What is signed.
    public var text: String {
        var lines = [
            "otsenka/heads/\(collector)", "list \(number)", "day \(day)", "time \(time)", "key \(key)",
            "previous \(previous)", "events \(events) \(eventTrail)",
        ]
        lines += offices.map { "office \($0.id) \($0.name)" }
        lines += services.map { "service \($0.id) \($0.name)" }
        lines += heads.map(\.line)
        return lines.joined(separator: "\n") + "\n"
    }

    /// What the next list names as the one before it; and what a newspaper can print.
    public var hash: ChainHash { ChainHash(of: Data(text.utf8)) }

    /// Reads the text of a note, in the one spelling that `text` has. Nothing for anything else.
    public init?(text: String) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        func next(_ name: String) -> Substring? {
            // Byte for byte: a name that begins with a combining mark must not swallow the space before it.
            guard let line = lines.first, line.utf8.starts(with: name.utf8) else { return nil }
            lines.removeFirst()
            return Substring(line.utf8.dropFirst(name.utf8.count))
        }
        guard let collector = next("otsenka/heads/"), let number = next("list ").flatMap({ Int64($0) }), number > 0,
            let day = next("day "), let time = next("time ").flatMap({ Int64($0) }),
            let key = next("key ").flatMap({ PublicKey(base64: String($0)) }),
            let previous = next("previous ").flatMap({ ChainHash(base64: String($0)) }),
            let events = next("events ")?.split(separator: " "), events.count == 2, let count = Int(events[0]),
            let eventTrail = ChainHash(base64: String(events[1]))
        else { return nil }
        self.init(
            collector: String(collector), number: number, day: String(day), time: time, key: key, previous: previous,
            events: count, eventTrail: eventTrail, offices: [], services: [], heads: [])
        while let place = next("office ") { offices.append(Self.place(place)) }
        while let place = next("service ") { services.append(Self.place(place)) }
        while let line = lines.first, line.hasPrefix("head ") {
            guard let head = ListedHead(line.split(separator: " ", omittingEmptySubsequences: false)) else {
                return nil
            }
            if let last = heads.last, !(last.name < head.name) { return nil }
            heads.append(head)
            lines.removeFirst()
        }
        guard lines == [""], self.text.utf8.elementsEqual(text.utf8) else { return nil }
    }

    init(
        collector: String, number: Int64, day: String, time: Int64, key: PublicKey, previous: ChainHash, events: Int,
        eventTrail: ChainHash, offices: [Place], services: [Place], heads: [ListedHead]
    ) {
        self.collector = collector
        self.number = number
        self.day = day
        self.time = time
        self.key = key
        self.previous = previous
        self.events = events
        self.eventTrail = eventTrail
        self.offices = offices
        self.services = services
        self.heads = heads
    }

    static func place(_ text: Substring) -> Place {
        let space = text.utf8.firstIndex(of: UInt8(ascii: " ")) ?? text.endIndex
        return Place(
            id: String(text[..<space]),
            name: space < text.endIndex ? String(Substring(text.utf8[space...].dropFirst())) : "")
    }

    public subscript(name: ChainName) -> ListedHead? {
        let index = heads.partitioningIndex { !($0.name < name) }
        return index < heads.count && heads[index].name == name ? heads[index] : nil
    }
}

extension Array {
    /// The index of the first element for which `isAfter` holds; it holds for all that follow.
    func partitioningIndex(_ isAfter: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = low + (high - low) / 2
            if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// A list with its signatures.
public struct SignedHeads: Equatable, Sendable {
    public let list: HeadsList
    public private(set) var note: SignedNote

    public init(_ list: HeadsList, signedWith key: SigningKey) throws {
        self.list = list
        note = SignedNote(text: list.text)
        try note.sign(as: list.collector, with: key)
    }

    /// Reads a note whose text is a list signed by the key that it names. Whether that key is the collector's is for
    /// the caller to know (`ReceiptKeys`). Throws `NoteError`.
    public init(parsing text: String) throws(NoteError) {
        note = try SignedNote(parsing: text, maximumBytes: HeadsList.maximumBytes)
        guard let list = HeadsList(text: note.text) else { throw .notACheckpoint }
        try note.verify(signedAs: list.collector, by: list.key)
        self.list = list
    }

    public var serialized: String { note.serialized }

    /// Adds the cosignature of a witness; `time` in seconds since 1970.
    public mutating func cosign(as witness: String, with key: SigningKey, time: UInt64) throws {
        try note.cosign(as: witness, with: key, time: time)
    }

    /// Takes over the cosignature of `witness` from `other`, a note of the same text. Throws `NoteError`.
    public mutating func adopt(from other: SignedHeads, witness: String, key: PublicKey) throws(NoteError) {
        guard other.note.text.utf8.elementsEqual(note.text.utf8) else { throw .notACheckpoint }
        _ = try other.note.verify(cosignedAs: witness, by: key)
        note.adopt(other.note.signatures.filter { $0.name == witness })
    }
}
