import FoundationEssentials
import Ratings
import RealPrograms
import SeededRandom
import Torture

/// G25: a collector is restored from a backup that is older than what it has receipted since, and its kiosks bring it all
/// back.
///
/// A try is one backup and one restore. A fault took effect when a kiosk was asked for records that it held a receipt for.
public enum RestoreDrill {
    static let kiosks = 6

    /// `forgetful`: kiosks that delete what was receipted, which must be found out.
    public static func run(_ trial: Trial, forgetful: Bool = false) throws -> Tried {
        var row = Tried("G25 restore of an old backup", seed: trial.seed)
        var random = SplitMix(trial.seed)
        var region = try Region("g25-0", at: trial.place)
        var halls = try (1...kiosks).map { number in
            let id = "hall-\(number)"
            var hall = try HallKiosk(id, code: region.add(id), at: region.address, seed: random.next())
            hall.forgets = forgetful
            return hall
        }
        for round in 1...max(1, trial.tries) {
            row.tries += 1
            region = try once(round, region, &halls, &row, &random, trial.place)
            trial.progress.tell(row, of: trial.tries)
            if row.violations > 0 { break }
        }
        region.stop()
        return row
    }

    private static func once(
        _ round: Int, _ region: Region, _ halls: inout [HallKiosk], _ row: inout Tried, _ random: inout SplitMix,
        _ place: Place
    ) throws -> Region {
        try talk(&halls, region, &random)
        let backup = "\(place.folder)/g25-\(round).backup"
        _ = try region.command(["backup"], ["--to", backup])
        // What is accepted after the backup, receipted, and lost with the machine.
        for _ in 0...random.next() % 3 { try talk(&halls, region, &random) }
        if random.next().isMultiple(of: 2) { region.kill() } else { region.stop() }
        let next = "g25-\(round)"
        _ = try Child.output(
            [
                place.program("otsenka-collector"), "restore", "--dir", "\(place.folder)/\(next)", "--from", backup,
            ], log: "\(place.folder)/\(next).restore.log")
        try? FileManager.default.removeItem(atPath: region.folder)
        try? FileManager.default.removeItem(atPath: backup)
        let restored = try Region(serving: next, at: place)
        let rewinds = halls.map(\.rewinds)
        for index in halls.indices {
            // Half of them have something new to say, the others only show that they live.
            if random.next().isMultiple(of: 2) { try halls[index].kiosk.visit(mark: 4) }
            do { try halls[index].drain(restored.address) } catch { row.violate("round \(round): \(error)") }
        }
        row.faults += zip(halls, rewinds).reduce(0) { $0 + ($1.0.rewinds > $1.1 ? 1 : 0) }
        try check(round, restored, halls, &row)
        return restored
    }

    private static func talk(_ halls: inout [HallKiosk], _ region: Region, _ random: inout SplitMix) throws {
        for index in halls.indices {
            if random.next().isMultiple(of: 8) { try halls[index].kiosk.reboot() }
            for _ in 0..<1 + random.next() % 4 { try halls[index].kiosk.visit(mark: Int(1 + random.next() % 5)) }
            try halls[index].drain(region.address)
        }
    }

    private struct Stored: Decodable {
        var kiosk: String
        var stored: Int64
    }

    private struct ReportRow: Decodable {
        var n, satisfied: Int?
    }

    private struct Event: Decodable { var kind: String }

    /// Everything receipted is stored again, the chain is whole, the report says what the kiosks know, and the restoration
    /// is on record.
    private static func check(_ round: Int, _ region: Region, _ halls: [HallKiosk], _ row: inout Tried) throws {
        let stored = try JSONDecoder().decode([Stored].self, from: region.command(["kiosk", "list"], ["--json"]))
        for hall in halls {
            let there = stored.first { $0.kiosk == hall.kiosk.id.rawValue }?.stored ?? 0
            if there < hall.receipted {
                row.violate("round \(round): \(hall.kiosk.id) was receipted \(hall.receipted), \(there) are stored")
            }
        }
        do { _ = try region.command(["verify"]) } catch { row.violate("round \(round): verify: \(error)") }
        let marks = try halls.flatMap { try $0.kiosk.lines.compactMap(mark) }
        let report = try JSONDecoder().decode(
            [ReportRow].self,
            from: region.command(["report", "ratings"], ["--by", "service", "--minimum", "1", "--json"]))
        let (n, satisfied) = (report.reduce(0) { $0 + ($1.n ?? 0) }, report.reduce(0) { $0 + ($1.satisfied ?? 0) })
        if n != marks.count || satisfied != marks.count(where: { $0 >= 4 }) {
            row.violate(
                "round \(round): the report has \(n) ratings, \(satisfied) of them 4 or 5; \(marks.count) were made")
        }
        let events = try JSONDecoder().decode(
            [Event].self, from: region.command(["events"], ["--limit", "1000000", "--json"]))
        if events.count(where: { $0.kind == "restored" }) != round {
            row.violate("round \(round): the restoration is not on record")
        }
    }

    private static func mark(_ line: Data) throws -> Int? {
        guard case .answer(let answer) = try Record(line: line).body else { return nil }
        return answer.question == "overall" ? answer.value : nil
    }
}
