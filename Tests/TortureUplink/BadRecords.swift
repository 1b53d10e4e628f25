import Foundation
import Ledger
import Ratings
import RealPrograms
import SeededRandom
import Synchronization
import Torture

@testable import KioskJournal

/// G18: one bad record never holds up those after it.
enum BadRecords {
    static let promise = "G18 one bad record"
    static let torture = Torture(promise, tries: 1_000) { trial in
        var row = try await records(trial, collector: RealCollector("g18-region", at: trial.place))
        row.add(try boxes(trial))
        return row
    }

    /// `trial.tries` bad records among good ones through the real programs. `seconds` is how long nothing may move.
    static func records(
        _ trial: Trial, collector: some CollectorSubject, seconds: Int = 120
    ) async throws -> Tried {
        var row = Tried(promise, seed: trial.seed)
        var random = SplitMix(trial.seed)
        let kiosk = try HallKiosk(
            "g18-1", at: trial.place, collector: "http://127.0.0.1:\(collector.port)", code: try collector.add("g18-1"))
        var thanked = Thanked()
        var bad: [Int64] = []
        try kiosk.withJournal { journal in
            try journal.withoutWaitingForTheDisk()
            while bad.count < trial.tries {
                try journal.fill(records: 5, random: &random, into: &thanked)
                for _ in 0...Int(random.next() % 20) { bad.append(try journal.spoil(&random, into: &thanked)) }
            }
            // A start looks at the newest records; this is about those before.
            try journal.fill(records: 100, random: &random, into: &thanked)
        }
        try kiosk.startRun()
        try kiosk.startUplink(["--batch", "50"])
        let receipted = { Int((try? kiosk.status().receipted) ?? 0) }
        do {
            try trial.wait(for: promise, seconds: seconds, count: receipted) { try kiosk.status().unsent == 0 }
        } catch {
            row.violate("\(error)")
        }
        kiosk.stop()
        do { try (collector as? RealCollector)?.verify() } catch {
            row.violate("verify finds fault with what was taken: \(error)")
        }
        let stored = try await collector.finish()
        let written = try kiosk.journalLines().map { ChainHash(of: $0) }
        row.compare(kiosk.id, thanked: thanked, written: written, stored: stored[kiosk.id])
        let quarantined = stored[kiosk.id]?.quarantined ?? []
        if quarantined != bad { row.violate("quarantined are \(quarantined.prefix(20)), bad are \(bad.prefix(20))") }
        row.tries = bad.count
        row.faults = quarantined.count
        return row
    }

    /// Statuses that a box on the way may give to one record for ever.
    private static let statuses = [400, 404, 405, 413, 418, 422, 451, 500]

    /// Boxes on the way do not let some record pass. Meanwhile the alarm is up; when it passes everything goes on and the
    /// alarm is down. `options` are further ones of `hasty-uplink`.
    static func boxes(_ trial: Trial, options: [String] = [], seconds: Int = 120) throws -> Tried {
        var row = Tried(promise, seed: trial.seed)
        let collector = try StandIn()
        let box = Box()
        collector.intercept { request, client, _ in
            guard let range = request.message.range, let status = box.status(for: range.last) else { return nil }
            return client.write(HTTPMessage.answer(status, "no"))
        }
        let kiosk = try HallKiosk(
            "g18-2", at: trial.place, collector: collector.address, code: try collector.add("g18-2"))
        var random = SplitMix(trial.seed)
        _ = try kiosk.fill(records: 20 * statuses.count + 20, random: &random)
        box.block(after: 20, with: statuses[0])
        try kiosk.startRun()
        try kiosk.startUplink(["--batch", "8"] + options)
        defer { kiosk.stop() }
        do {
            for (index, status) in statuses.enumerated() {
                row.tries += 1
                try trial.wait(for: "the alarm after \(status)", seconds: seconds) {
                    try kiosk.status().marks.contains("refused_batch")
                }
                row.faults += box.refusals
                let next = 20 * Int64(index + 2)
                box.block(after: next, with: index + 1 < statuses.count ? statuses[index + 1] : 200)
                try trial.wait(for: "what follows after \(status)", seconds: seconds) {
                    try kiosk.status().receipted > next - 20
                }
            }
            try trial.wait(for: "the end of the alarm", seconds: seconds) {
                let status = try kiosk.status()
                return status.unsent == 0 && !status.marks.contains("refused_batch")
            }
        } catch {
            // What is stuck stays stuck: the boxes after it would tell nothing new.
            row.faults += box.refusals
            row.violate("\(error)")
        }
        return row
    }
}

/// Something between kiosk and collector that lets records pass only up to a certain one. Thread-safe.
private final class Box: Sendable {
    private let state = Mutex<(last: Int64, status: Int, refusals: Int)>((0, 200, 0))

    var refusals: Int { state.withLock { $0.refusals } }

    func block(after last: Int64, with status: Int) { state.withLock { $0 = (last, status, 0) } }

    func status(for last: Int64) -> Int? {
        state.withLock { state in
            guard last > state.last, state.status != 200 else { return nil }
            state.refusals += 1
            return state.status
        }
    }
}

extension Journal {
    /// Stores a record that no collector of today understands, as a journal of another time could hold it. Gives its
    /// number.
    fileprivate func spoil(_ random: inout SplitMix, into thanked: inout Thanked) throws -> Int64 {
        guard var head else { throw ChildError("the journal has no epoch") }
        let line = BadLine.allCases[Int(random.next() % UInt64(BadLine.allCases.count))].line(after: head)
        head.sequence += 1
        head.hash = ChainHash(of: Data(line.utf8))
        try access("store a line") { try AppendStatements($0).append(Data(line.utf8), as: head, $0) }
        epochs[epochs.count - 1].head = head
        thanked.hashes[head.sequence] = head.hash
        return head.sequence
    }
}

/// Lines that are links of the chain, and nothing that is understood.
private enum BadLine: CaseIterable {
    case unknownKind, newerVersion, noKind, noSession, badMark, unknownSession, bootInWords, unknownClock, otherKiosk
    case otherEpoch, longLine, hostileName, controlCharacters, deepNesting, hugeNumber, headerless

    func line(after head: ChainHead) -> String {
        let session = "\"session\":\"0123456789abcdef\""
        let link = "\"prev\":\"\(head.hash.base64)\",\"seq\":\(head.sequence + 1)"
        func line(_ body: String, header: String? = nil) -> String {
            let usual =
                "\"boot\":1,\"boot_ms\":5000,\"clock\":\"free\",\"epoch\":\(head.epoch),\"kiosk\":\"\(head.kiosk)\""
            let header = header ?? usual + ",\"v\":1,\"wall\":\"2026-11-22T08:00:00.000Z\""
            return "{\(header),\(body),\(link)}"
        }
        func header(_ old: String, _ new: String) -> String {
            line("\"kind\":\"config\",\"name\":\"x\",\"version\":\"1\",\"digest\":\"x\"").replacingOccurrences(
                of: old, with: new)
        }
        let answer = "\"kind\":\"answer\",\"language\":\"ru\",\"elapsed_ms\":5,\"question\":\"overall\""
        switch self {
        case .unknownKind: return line("\"kind\":\"hologram\",\"depth\":3")
        case .newerVersion: return line("\"kind\":\"answer\",\"marks\":[1,2]", header: "\"v\":2,\"at\":\"hall\"")
        case .noKind: return line("\"sort\":\"answer\"")
        case .noSession: return line(answer + ",\"value\":5")
        case .badMark: return line(answer + ",\"value\":9,\(session)")
        case .unknownSession: return line(answer + ",\"value\":5,\(session)")
        case .bootInWords: return header("\"boot\":1", "\"boot\":\"one\"")
        case .unknownClock: return header("\"free\"", "\"sundial\"")
        case .otherKiosk: return header("\"kiosk\":\"\(head.kiosk)\"", "\"kiosk\":\"hall-other\"")
        case .otherEpoch: return header("\"epoch\":\(head.epoch)", "\"epoch\":\(head.epoch + 6)")
        case .longLine: return line("\"kind\":\"config\",\"name\":\"\(String(repeating: "x", count: 6_000))\"")
        case .hostileName: return header("\"kiosk\":\"\(head.kiosk)\"", "\"kiosk\":\"../../etc\"")
        case .controlCharacters:
            return line(
                "\"kind\":\"shown\",\"language\":\"ru\",\"questionnaire\":\"a\\u0007b\",\"session\":\"00000000000000aa\","
                    + "\"visit\":{\"source\":\"unsolicited\"}")
        case .deepNesting:
            let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
            return line("\"kind\":\"maze\",\"deep\":\(deep)")
        case .hugeNumber: return header("\"boot_ms\":5000", "\"boot_ms\":99999999999999999999")
        case .headerless: return "{\(link)}"
        }
    }
}
