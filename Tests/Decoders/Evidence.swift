import FoundationEssentials
import Ledger
import Ratings

@testable import Collecting

// Lists of heads, exports and changes of keys: what a region gives away, and what others give back.

extension Decoder {
    /// A signed list of heads, and what it says against another.
    static let heads = Decoder(
        "heads", sources: ["Collecting/HeadsList.swift", "Collecting/HeadsConsistency.swift"],
        seeds: {
            let (first, second) = (try list(1), try list(2))
            return [
                .joined([Data(first.serialized), Data(second.serialized)]),
                .joined([Data(second.serialized), Data(first.serialized)]),
            ]
        },
        take: { data in
            let lists = parts(of: data, most: 2).compactMap { piece -> SignedHeads? in
                // Also unsigned, or no mutation would get past the signature.
                if let list = try? SignedHeads(parsing: piece.text) {
                    require(list.serialized == piece.text, "keeps another list than it read")
                    return list
                }
                guard let note = try? SignedNote(parsing: piece.text, maximumBytes: HeadsList.maximumBytes),
                    let list = HeadsList(text: note.text)
                else { return nil }
                require(list.text == note.text, "reads another list than it writes")
                for head in list.heads { require(list[head.name] == head, "does not find a head that it read") }
                return try? SignedHeads(list, signedWith: Known.collectorKey)
            }
            guard lists.count == 2 else { return }
            if let objection = lists[0].list.objection(to: lists[1].list) {
                require(!objection.what.isEmpty, "says nothing")
            }
            _ = EvidenceVerifier.contradictions(lists)
        })

    /// An export, judged by the lists that it carries.
    static let export = Decoder(
        "export", sources: ["Collecting/ExportFormat.swift", "Collecting/EvidenceVerification.swift"],
        seeds: { [try exported()] },
        take: { data in
            var verification = EvidenceVerifier(lists: [], key: Known.collectorKey.publicKey)
            for line in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
                let line = Data(line)
                if let ours = ExportLine(line, chain: 1), let text = try? ours.text {
                    require(ExportLine(Data(text), chain: 1) == ours, "reads another line than it wrote")
                }
                verification.take(line)
            }
            _ = verification.end()
        })

    /// How one key follows another.
    static let succession = Decoder(
        "succession", sources: ["Ledger/KeySuccession.swift", "Ledger/JournalKeys.swift"],
        seeds: {
            [
                Data(try succession(.receipt).serialized), Data(try succession(.journal).serialized),
                Data(
                    try KeySuccession(
                        pinOf: Known.collector, generation: 2, from: KeySuccession.authorityDigest("old"),
                        to: KeySuccession.authorityDigest("new"), time: 5, signedBy: Known.collectorKey
                    ).serialized),
            ]
        },
        take: { data in
            do throws(SuccessionError) {
                let succession = try KeySuccession(parsing: data.text)
                require(succession.serialized == data.text, "keeps another succession than it read")
                var keys = JournalKeys(kiosk: "kiosk-1", first: Known.journalKey.publicKey)
                try? keys.take(succession, at: 3)
                require(keys.key(at: 2) == Known.journalKey.publicKey, "lets a key speak before its record")
                _ = keys.before(3) == JournalKeys(kiosk: "kiosk-1", first: Known.journalKey.publicKey)
                _ = KeySuccession.path(
                    succession.role, of: succession.subject, from: Known.collectorKey.publicKey, over: [succession])
                try succession.verify(by: Known.collectorKey.publicKey)
            } catch { require(!error.description.isEmpty, "says nothing") }
        })

    private static func succession(_ role: KeyRole) throws -> KeySuccession {
        let old = role == .journal ? Known.journalKey : Known.collectorKey
        return try KeySuccession(
            role, of: role == .journal ? "kiosk-1" : Known.collector, generation: 2, from: old.publicKey,
            to: Known.transportKey, time: 1_763_800_000, signedBy: [old])
    }

    private static func epoch(_ lines: [Data]) throws -> EpochRow {
        let kiosk = try Known.kiosk()
        let place = KioskPlace(office: "office-1", service: "passports", window: "3")
        let genesis = Genesis(
            kiosk: kiosk.rawValue, epoch: 1, publicKey: Known.journalKey.publicKey, collectorNonce: Known.nonce)
        var row = EpochRow(
            chain: 1, kiosk: kiosk, epoch: 1, place: place, journalKey: Known.journalKey.publicKey,
            transportKey: Known.transportKey.publicKey, certificate: "YQ==", collectorNonce: Known.nonce,
            origin: .enrolment, opened: 1_763_800_000_000, seal: "", head: genesis.head, floor: 1_763_800_000_000)
        row.seal = try Seal.sign(Seal.text(of: row, after: ""), with: Known.collectorKey)
        row.head = try Known.checkpoint(after: lines).head
        row.stateSeal = try Seal.sign(Seal.text(ofStateOf: row), with: Known.collectorKey)
        return row
    }

    private static func arrival(_ lines: [Data]) throws -> ArrivalRow {
        let clocks = BootClocks(starts: [BootClocks.Start(boot: 1, earliest: 5, latest: 5)])
        var row = ArrivalRow(
            chain: 1, first: 1, last: Int64(lines.count), received: 1_763_800_001_000, clocks: clocks,
            checkpoint: try Known.checkpoint(after: lines).serialized, seal: "")
        row.seal = try Seal.sign(Seal.text(of: row), with: Known.collectorKey)
        return row
    }

    private static func list(_ number: Int64) throws -> SignedHeads {
        let lines = try Known.lines()
        let row = try epoch(lines)
        let trail = Evidence.trail(Evidence.register(row), over: try arrival(lines))
        let head = ListedHead(
            kiosk: row.kiosk, epoch: 1, sequence: row.head.sequence, hash: row.head.hash, state: .open,
            claimed: row.head.sequence, register: Evidence.register(row), trail: trail, branches: 0,
            branchTrail: Evidence.noBranches)
        var other = head
        other.epoch = 2
        let beginning = HeadsList.beginning(of: Known.collector)
        let first = HeadsList(
            collector: Known.collector, number: 1, day: "2026-11-22", time: 1_763_800_002,
            key: Known.collectorKey.publicKey, previous: beginning, events: 0, eventTrail: Evidence.noEvents,
            offices: [Place(id: "office-1", name: "Hall 1")], services: [Place(id: "passports", name: "Passports")],
            heads: [head])
        var wanted = first
        if number > 1 {
            (wanted.number, wanted.day, wanted.previous) = (2, "2026-11-23", first.hash)
            wanted.heads.append(other)
        }
        return try SignedHeads(wanted, signedWith: Known.collectorKey)
    }

    private static func exported() throws -> Data {
        let lines = try Known.lines()
        let event = EventRow(
            time: 1_763_800_000_000, kind: .enrolled, kiosk: try Known.kiosk(), epoch: 1, message: "enrolled")
        let branch = BranchRow(
            chain: 1, first: 1, last: 1, lastHash: ChainHash(of: lines[0]).base64, reason: .fork,
            received: 1_763_800_001_000, checkpoint: try Known.checkpoint(after: [lines[0]]).serialized,
            lines: lines[0] + Data("\n"))
        let collector = ExportedCollector(
            name: Known.collector, key: Known.collectorKey.publicKey, time: 1_763_800_003,
            successions: [try succession(.receipt).serialized])
        let ours: [ExportLine] = [
            .beginning, .collector(collector), .list(try list(1).serialized),
            .office(Place(id: "office-1", name: "Hall 1")), .service(Place(id: "passports", name: "Passports")),
            .event(event), .epoch(try epoch(lines)), .arrival(try arrival(lines)),
        ]
        var all = try ours.map { Data(try $0.text) } + lines
        all.append(Data(try ExportLine.branch(branch).text))
        all.append(Data(try ExportLine.unreadable("kiosk-2/1 damaged").text))
        all.append(Data(try ExportLine.end(lines: Int64(all.count)).text))
        return Data(all.joined(separator: Data("\n")))
    }
}
