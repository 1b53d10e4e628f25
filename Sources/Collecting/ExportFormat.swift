// The export: everything that a third party needs to check a collector, in one file.
//
// Constraints: it is written and read in one pass without holding it; a record's line stands in it as the kiosk wrote
// it, so that `grep`, `sed` and `sha256sum` work on it; nothing in it is secret. Format: UTF-8 lines; a line of ours
// begins with a lowercase word and a space, every other line is a record, which begins with `{`:
//
//     otsenka export 1
//     collector {"name","key","time",…}       once
//     list <base64 of the note>               every published list of heads, oldest first
//     office <id> <name>, service <id> <name> every place
//     event {…}                               every event, oldest first
//     epoch {…}                               then, for this epoch:
//       arrival {…}                           an accepted batch, then
//       <its records, one line each>
//       branch {…}                            records kept apart as evidence, after the last batch
//     unreadable <kiosk>/<epoch> <why>        what the store would not give
//     end <number of lines before this one>
//
// Epochs stand by kiosk and epoch. Hashes, keys, seals and notes are as in the store. Operations: `ExportLine`, which
// writes and reads one line of ours, and `Collector.exportPiece`.

import FoundationEssentials
import Ledger
import Ratings

/// The lines of an export that are not records.
enum ExportLine: Equatable {
    case beginning
    case collector(ExportedCollector)
    case list(String)
    case office(Place)
    case service(Place)
    case event(EventRow)
    case epoch(EpochRow)
    case arrival(ArrivalRow)
    case branch(BranchRow)
    case unreadable(String)
    case end(lines: Int64)

    static let version = "otsenka export 1"

    var text: String {
        get throws {
            switch self {
            case .beginning: Self.version
            case .collector(let collector): "collector " + (try Self.json(collector))
            case .list(let note): "list " + Data(note.utf8).base64EncodedString()
            case .office(let place): "office \(place.id) \(place.name)"
            case .service(let place): "service \(place.id) \(place.name)"
            case .event(let event): "event " + (try Self.json(ExportedEvent(event)))
            case .epoch(let epoch): "epoch " + (try Self.json(ExportedEpoch(epoch)))
            case .arrival(let arrival): "arrival " + (try Self.json(ExportedArrival(arrival)))
            case .branch(let branch): "branch " + (try Self.json(ExportedBranch(branch)))
            case .unreadable(let what): "unreadable \(what)"
            case .end(let lines): "end \(lines)"
            }
        }
    }

    /// Nothing for a line that is not one of ours; whether it is a record is for the chain to say. `chain` is that of
    /// the epoch before it.
    init?(_ line: Data, chain: Int64) {
        guard let space = line.firstIndex(of: UInt8(ascii: " ")), let first = line.first,
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first),
            let word = String(data: line[..<space], encoding: .utf8),
            let rest = String(data: line[line.index(after: space)...], encoding: .utf8)
        else { return nil }
        switch word {
        case "otsenka" where "otsenka \(rest)" == Self.version: self = .beginning
        case "collector":
            guard let value = Self.value(rest, ExportedCollector.self) else { return nil }
            self = .collector(value)
        case "list":
            guard let data = Data(base64Encoded: rest), let note = String(data: data, encoding: .utf8) else {
                return nil
            }
            self = .list(note)
        case "office": self = .office(HeadsList.place(rest[...]))
        case "service": self = .service(HeadsList.place(rest[...]))
        case "event":
            guard let event = Self.value(rest, ExportedEvent.self)?.row else { return nil }
            self = .event(event)
        case "epoch":
            guard let epoch = Self.value(rest, ExportedEpoch.self)?.row else { return nil }
            self = .epoch(epoch)
        case "arrival":
            guard let arrival = Self.value(rest, ExportedArrival.self)?.row(chain) else { return nil }
            self = .arrival(arrival)
        case "branch":
            guard let branch = Self.value(rest, ExportedBranch.self)?.row(chain) else { return nil }
            self = .branch(branch)
        case "unreadable": self = .unreadable(rest)
        case "end":
            guard let lines = Int64(rest) else { return nil }
            self = .end(lines: lines)
        default: return nil
        }
    }

    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    private static func value<Value: Decodable>(_ text: String, _: Value.Type) -> Value? {
        try? JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }
}

/// Whose export it is.
struct ExportedCollector: Codable, Equatable {
    var name: String
    /// The receipt key.
    var key: PublicKey
    /// When it was begun, seconds since 1970.
    var time: Int64
    /// The notes by which its receipt keys followed one another.
    var successions: [String]
}

private struct ExportedEvent: Codable {
    var time: Int64
    var kind: EventRow.Kind
    var kiosk: String?
    var epoch: Int
    var message: String
    var seal: String

    init(_ row: EventRow) {
        (time, kind, kiosk, epoch) = (row.time, row.kind, row.kiosk?.rawValue, row.epoch)
        (message, seal) = (row.message, row.seal)
    }

    var row: EventRow? {
        let id = kiosk.flatMap(KioskID.init(rawValue:))
        if kiosk != nil, id == nil { return nil }
        return EventRow(time: time, kind: kind, kiosk: id, epoch: epoch, message: message, seal: seal)
    }
}

private struct ExportedEpoch: Codable {
    var chain: Int64
    var kiosk: String
    var epoch: Int
    var office: String
    var service: String
    var window: String
    var journalKey: PublicKey
    var transportKey: PublicKey
    var certificate: String
    var collectorNonce: String
    var origin: EpochOrigin
    var opened: Int64
    var seal: String
    var state: EpochState
    var headSequence: Int64
    var headHash: String
    var claim: Claim?
    var receipt: String?
    var floor: Int64
    var received: Int64?
    var branches: Int
    var stateSeal: String

    struct Claim: Codable {
        var note: String
        var sequence: Int64
        var created: Int64
        var boot: Int
        var bootMilliseconds: Int64
    }

    init(_ row: EpochRow) {
        (chain, kiosk, epoch) = (row.chain, row.kiosk.rawValue, row.epoch)
        (office, service, window) = (row.place.office, row.place.service, row.place.window)
        (journalKey, transportKey, certificate) = (row.journalKey, row.transportKey, row.certificate)
        (collectorNonce, origin, opened, seal) = (row.collectorNonce, row.origin, row.opened, row.seal)
        (state, headSequence, headHash) = (row.state, row.head.sequence, row.head.hash.base64)
        claim = row.claim.map {
            Claim(
                note: $0.note, sequence: $0.sequence, created: $0.created, boot: $0.boot,
                bootMilliseconds: $0.bootMilliseconds)
        }
        (receipt, floor, received, branches, stateSeal) =
            (row.receipt, row.floor, row.received, row.branches, row.stateSeal)
    }

    var row: EpochRow? {
        guard let id = KioskID(rawValue: kiosk), let hash = ChainHash(base64: headHash) else { return nil }
        return EpochRow(
            chain: chain, kiosk: id, epoch: epoch,
            place: KioskPlace(office: office, service: service, window: window), journalKey: journalKey,
            transportKey: transportKey, certificate: certificate, collectorNonce: collectorNonce, origin: origin,
            opened: opened, seal: seal, state: state,
            head: ChainHead(kiosk: kiosk, epoch: epoch, sequence: headSequence, hash: hash),
            claim: claim.map {
                HeadClaim(
                    note: $0.note, sequence: $0.sequence, created: $0.created, boot: $0.boot,
                    bootMilliseconds: $0.bootMilliseconds)
            }, receipt: receipt, floor: floor, received: received, branches: branches, stateSeal: stateSeal)
    }
}

private struct ExportedArrival: Codable {
    var first: Int64
    var last: Int64
    var received: Int64
    var clocks: String
    var checkpoint: String
    var seal: String

    init(_ row: ArrivalRow) {
        (first, last, received) = (row.first, row.last, row.received)
        (clocks, checkpoint, seal) = (row.clocks.text, row.checkpoint, row.seal)
    }

    func row(_ chain: Int64) -> ArrivalRow? {
        BootClocks(text: clocks).map {
            ArrivalRow(
                chain: chain, first: first, last: last, received: received, clocks: $0, checkpoint: checkpoint,
                seal: seal)
        }
    }
}

private struct ExportedBranch: Codable {
    var first: Int64
    var last: Int64
    var lastHash: String
    var reason: BranchReason
    var received: Int64
    var checkpoint: String
    /// The lines with their newlines.
    var lines: String

    init(_ row: BranchRow) {
        (first, last, lastHash, reason) = (row.first, row.last, row.lastHash, row.reason)
        (received, checkpoint, lines) = (row.received, row.checkpoint, String(decoding: row.lines, as: UTF8.self))
    }

    func row(_ chain: Int64) -> BranchRow {
        BranchRow(
            chain: chain, first: first, last: last, lastHash: lastHash, reason: reason, received: received,
            checkpoint: checkpoint, lines: Data(lines.utf8))
    }
}
