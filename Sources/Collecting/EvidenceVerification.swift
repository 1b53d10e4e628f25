// `verify --heads FILE --export FILE`: whether an export is what was published, with nothing of the collector's own.
//
// What is believed: the receipt key (given by whoever verifies, for instance from a kiosk's enrolment or a bulletin) and
// lists of heads that the region has given away. What is found from them alone, whoever made the change and whatever
// keys of the collector they hold: a record changed, missing, moved or exchanged up to the newest list; a tail cut; an
// epoch or a kiosk left out; a batch with another time; an epoch with another place, key, or a state that goes back;
// branches and events gone; places renamed. What came after the newest list is covered by the kiosk's checkpoints and
// the collector's seals: there, a change needs the receipt key, and the receipts on kiosks contradict it.
// Rows that were derived (sessions, answers) are not in an export: they follow from it, and the store's own `verify`
// derives them again.

import FoundationEssentials
import Ledger
import Ratings

import func Glibc.memchr

/// What `verify` of an export came to.
public struct EvidenceReport: Codable, Equatable, Sendable {
    public var collector = ""
    /// The receipt key that was believed.
    public var key = ""
    /// Whether that key came from whoever verifies, and not from the export itself.
    public var keyWasGiven = false
    /// Numbers of the published lists that were used, and the newest list's day.
    public var lists: [Int64] = []
    public var day: String?
    public var verified = VerifyReport()
    /// Contradictions between lists: the signed lines of both.
    public var contradictions: [HeadsObjection] = []

    public var isClean: Bool { verified.isClean && contradictions.isEmpty }
}

/// Verifies an export that is handed to it line by line.
public struct EvidenceVerifier {
    private let given: [SignedHeads]
    private let collector: String?
    private let root: PublicKey?
    private var keys: ReceiptKeys?
    private var pins: [ChainName: Pins] = [:]
    private var walk: EvidenceWalk?
    private var epochs: [EpochRow] = []
    private var seen: Set<ChainName> = []
    private var kiosks: Set<KioskID> = []
    private var report = EvidenceReport()
    private var lines: Int64 = 0
    private var hasEnded = false
    private var exported: (list: SignedHeads, hash: ChainHash)?
    private var exportedHashes: [Int64: ChainHash] = [:]
    private var events = 0
    private var eventTrail = Evidence.noEvents
    private var places: Set<String> = []
    private var time: Int64 = 0

    /// `key` and `collector` are what is known of the collector from elsewhere; without a key that of the export is
    /// used, and the report says so.
    public init(lists: [SignedHeads], key: PublicKey?, collector: String? = nil) {
        given = lists.sorted { $0.list.number < $1.list.number }
        self.collector = collector
        root = key
        report.keyWasGiven = key != nil
        report.lists = given.map(\.list.number)
        report.day = given.last?.list.day
        report.contradictions = Self.contradictions(given)
        for signed in given { pin(signed.list) }
    }

    /// What lists of one collector say against one another.
    public static func contradictions(_ lists: [SignedHeads]) -> [HeadsObjection] {
        zip(lists, lists.dropFirst()).compactMap { older, newer in
            let (old, new) = (older.list, newer.list)
            if old.collector != new.collector || old == new { return nil }
            if old.number == new.number {
                let what = "two different lists \(old.number) were signed: the region shows two pasts"
                return HeadsObjection(what, lines: [older.serialized, newer.serialized])
            }
            return new.number == old.number + 1 ? old.objection(to: new) : old.contradiction(in: new)
        }
    }

    private mutating func pin(_ list: HeadsList) {
        for head in list.heads { pins[head.name, default: Pins()].add(head, of: list.number) }
    }

    private mutating func add(_ what: String, kiosk: KioskID? = nil, epoch: Int? = nil, at sequence: Int64? = nil) {
        report.verified.faults.append(VerifyFault(kiosk: kiosk, epoch: epoch, sequence: sequence, what: what))
    }

    /// Takes the next line, without its newline.
    public mutating func take(_ line: Data) {
        defer { lines += 1 }
        guard let ours = ExportLine(line, chain: walk?.epoch.chain ?? 0) else {
            if walk == nil { return add("line \(lines + 1) of the export cannot be read") }
            walk?.take(line)
            return
        }
        if lines == 0, ours != .beginning { add("the file does not begin with “\(ExportLine.version)”: no export") }
        switch ours {
        case .beginning: if lines > 0 { add("line \(lines + 1) of the export begins another one") }
        case .collector(let exported): take(exported)
        case .list(let note): take(note)
        case .office, .service: places.insert(String(decoding: line, as: UTF8.self))
        case .event(let event): take(event)
        case .epoch(let epoch): take(epoch)
        case .arrival(let arrival): walk?.take(arrival)
        case .branch(let branch): walk?.take(branch)
        case .unreadable(let what): add("the collector's store did not give it: \(what)")
        case .end(let count):
            if count != lines { add("the export says that it has \(count) lines before its end, and has \(lines)") }
            hasEnded = true
        }
    }

    private mutating func take(_ exported: ExportedCollector) {
        report.collector = exported.name
        time = exported.time
        if let collector, collector != exported.name {
            add("it is the export of \(exported.name), not of \(collector)")
        }
        keys = ReceiptKeys(
            root: root ?? exported.key, of: exported.name,
            successions: exported.successions.prefix(KeySuccession.maximumCount).compactMap {
                try? KeySuccession(parsing: $0)
            })
        report.key = exported.key.base64
        if keys?.trusts(exported.key) != true { add("the export names another receipt key than the one that is known") }
        for signed in given where signed.list.collector != exported.name || keys?.trusts(signed.list.key) != true {
            add("list \(signed.list.number) is one of \(signed.list.collector) with the key \(signed.list.key)")
        }
    }

    /// A list that the collector itself shows: signed, and following the one before it.
    private mutating func take(_ note: String) {
        guard let signed = try? SignedHeads(parsing: note), keys?.trusts(signed.list.key) == true,
            signed.list.collector == report.collector
        else { return add("a list of heads in the export is not signed by the collector") }
        let hash = signed.list.hash
        let previous = exported?.hash ?? HeadsList.beginning(of: report.collector)
        if signed.list.number != (exported?.list.list.number ?? 0) + 1 || signed.list.previous != previous {
            add("list \(signed.list.number) in the export does not follow the one before it")
        }
        exported = (signed, hash)
        exportedHashes[signed.list.number] = hash
    }

    private mutating func take(_ event: EventRow) {
        events += 1
        eventTrail = Evidence.trail(eventTrail, over: event)
        for signed in given where signed.list.events == events && signed.list.eventTrail != eventTrail {
            add("the first \(events) events are not those of list \(signed.list.number)")
        }
    }

    private mutating func take(_ epoch: EpochRow) {
        if epochs.isEmpty { endHeader() }
        endEpoch()
        if !seen.insert(epoch.name).inserted {
            add("it stands twice in the export", kiosk: epoch.kiosk, epoch: epoch.epoch)
        }
        kiosks.insert(epoch.kiosk)
        epochs.append(epoch)
        walk = EvidenceWalk(
            epoch: epoch, pins: pins[epoch.name] ?? Pins(),
            receiptKeys: keys ?? ReceiptKeys([]))
    }

    private mutating func endEpoch() {
        guard var walk else { return }
        walk.end(collector: report.collector)
        report.verified.records += walk.records
        report.verified.faults += walk.faults
        self.walk = nil
    }

    /// The lists, places and events have been taken.
    private mutating func endHeader() {
        if let newest = exported?.list.list, given.last.map({ $0.list.number < newest.number }) ?? true { pin(newest) }
        for signed in given {
            let number = signed.list.number
            if let hash = exportedHashes[number], hash != signed.list.hash {
                let own = exportedHashes.count == Int(number) ? exported?.list.serialized : nil
                report.contradictions.append(
                    HeadsObjection(
                        "the collector now shows another list \(number) than the one it had given away",
                        lines: [signed.serialized, own ?? "the export's list \(number) has the hash \(hash)"]))
            } else if exportedHashes[number] == nil {
                add(
                    "list \(number) is not in the export"
                        + (signed.list.time > time ? ": it is newer than the export; make a newer one" : ""))
            }
        }
        guard let newest = given.last?.list else { return }
        for line in newest.offices.map({ "office \($0.id) \($0.name)" })
            + newest.services.map({ "service \($0.id) \($0.name)" }) where !places.contains(line)
        {
            add("“\(line)” stands in list \(newest.number) and is gone or called otherwise")
        }
        if events < newest.events {
            add("\(newest.events) events stand in list \(newest.number), and \(events) are here")
        }
    }

    /// Everything has been taken.
    public mutating func end() -> EvidenceReport {
        if epochs.isEmpty { endHeader() }
        endEpoch()
        for (name, pins) in pins.sorted(by: { $0.key < $1.key }) where !seen.contains(name) {
            guard let (head, list) = pins.newest else { continue }
            add(
                "it stands with \(head.sequence) records in list \(list) and is missing", kiosk: name.kiosk,
                epoch: name.epoch, at: 1)
        }
        if !hasEnded { add("the export is cut off: its last line is missing") }
        if let keys { report.verified.faults += keys.registerFaults(epochs.sorted { $0.chain < $1.chain }) }
        report.verified.kiosks = kiosks.count
        report.verified.chains = epochs.count
        report.verified.faults = Array(report.verified.faults.prefix(VerifyReport.mostFaults))
        return report
    }
}

/// Cuts what is read from a file into lines. A line longer than `longest` is handed on in parts, which no reader takes
/// for one of ours.
public struct LineCutter: Sendable {
    public static let longest = 2 * HeadsList.maximumBytes
    private var rest = Data()

    public init() {}

    /// Hands each whole line on, without its newline.
    public mutating func take(_ bytes: Data, _ body: (Data) throws -> Void) rethrows {
        // Only what is new can hold a newline.
        var searched = rest.count
        rest.append(bytes)
        var start = 0
        while let end = Self.newline(in: rest, from: max(start, searched)) {
            try body(rest.subdata(in: start..<end))
            start = end + 1
            searched = start
        }
        rest = rest.subdata(in: start..<rest.count)
        if rest.count > Self.longest {
            try body(rest)
            rest = Data()
        }
    }

    private static func newline(in data: Data, from start: Int) -> Int? {
        data.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, start < bytes.count,
                let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
            else { return nil }
            return found - UnsafeMutableRawPointer(mutating: base)
        }
    }

    /// Hands on what stands after the last newline, if anything does.
    public mutating func end(_ body: (Data) throws -> Void) rethrows {
        if !rest.isEmpty { try body(rest) }
        rest = Data()
    }
}
