import FoundationEssentials
import Ledger
import Ratings

@testable import Collecting

/// Exports and lists as a collector makes them, and some that no honest one would.
enum ExportSeeds {
    static func all() throws -> [Data] {
        let whole = try exported()
        let lists = (Data(try list(1).serialized), Data(try list(2).serialized))
        var seeds = [
            whole, .joined([lists.0, whole]), .joined([lists.0, lists.1, whole]), Data("!") + whole,
            .joined([lists.0, Data("!") + whole]), .joined([lists.0, lists.0, whole.prefix(2000)]), whole + whole,
        ]
        // What a region might give away and then deny: a list of the same number, one that counts more, one of a stranger.
        let changes: [(inout HeadsList) -> Void] = [
            { $0.events = 9 }, { $0.offices = [Place(id: "office-1", name: "Hall 2")] }, { $0.number = 3 },
            { $0.collector = "stranger.example" }, { $0.heads = [] }, { $0.heads[0].sequence = 40 },
            { $0.heads[0].state = .revoked }, { $0.heads[0].branches = 3 }, { $0.time = 1 << 40 },
        ]
        for change in changes {
            var other = try list(1).list
            change(&other)
            let note = Data(try SignedHeads(other, signedWith: Known.collectorKey).serialized)
            seeds.append(.joined([lists.0, note, whole]))
        }
        return seeds
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

    static func list(_ number: Int64) throws -> SignedHeads {
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

    static func exported() throws -> Data {
        let lines = try Known.lines()
        let event = EventRow(
            time: 1_763_800_000_000, kind: .enrolled, kiosk: try Known.kiosk(), epoch: 1, message: "enrolled")
        let branch = BranchRow(
            chain: 1, first: 1, last: 1, lastHash: ChainHash(of: lines[0]).base64, reason: .fork,
            received: 1_763_800_001_000, checkpoint: try Known.checkpoint(after: [lines[0]]).serialized,
            lines: lines[0] + Data("\n"))
        let collector = ExportedCollector(
            name: Known.collector, key: Known.collectorKey.publicKey, time: 1_763_800_003,
            successions: [try Decoder.keySuccession(.receipt).serialized])
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
