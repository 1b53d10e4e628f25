import FoundationEssentials
import Glibc
import Ledger
import RealPrograms
import SeededRandom
import Torture

@testable import KioskJournal

/// G8: a damaged file never stops the kiosk, and what was changed in it is never believed.
///
/// A store with thanked records, some still in the write-ahead log, is damaged while nothing runs: one bit, two pages
/// exchanged, a file cut off, or the log gone. Then the journal is opened as `run` opens it, every record is read as a batch
/// reads it, and where that finds damage it is opened again. One try is one damage.
struct Damage {
    enum Kind { case bit, pages, cut, noLog }

    /// A start that finds damage only when it reads on needs a second one; a third is allowed for.
    static let mostStarts = 3

    var start = Start.right

    func run(_ trial: Trial) throws -> Tried {
        var row = Tried("G8 damage", seed: trial.seed)
        var random = SplitMix(trial.seed)
        let templates = try (0..<4).map { try Template($0, trial) }
        let directory = try trial.place.subfolder("damage") + "/journal"
        let store = JournalFiles(directory: directory).store
        while row.tries < trial.tries {
            let template = templates[Int(random.next() % UInt64(templates.count))]
            defer { try? FileManager.default.removeItem(atPath: directory) }
            try FileManager.default.copyItem(atPath: template.directory, toPath: directory)
            let what = try damage(directory, Self.kind(random.next() % 31), &random)
            row.tries += 1
            // Held open, so that its links tell whether it is still there under any name.
            let evidence = open(store, O_RDONLY)
            defer { close(evidence) }
            do {
                let found = try survive(directory, template, what, &row)
                row.faults += found ? 1 : 0
                var facts = stat()
                if fstat(evidence, &facts) != 0 || facts.st_nlink == 0 {
                    row.violate("\(what): the damaged file was not kept")
                }
            } catch {
                let place = "try \(row.tries), \(what)"
                row.violate("\(place): \(error)")
            }
            trial.progress.tell(row, of: trial.tries)
        }
        return row
    }

    /// 2,000 bits, 500 pages, 500 cuts and 100 logs of 3,100.
    private static func kind(_ dice: UInt64) -> Kind {
        switch dice {
        case 0..<20: .bit
        case 20..<25: .pages
        case 25..<30: .cut
        default: .noLog
        }
    }

    /// A closed or killed store and what was thanked in it.
    struct Template {
        let directory: String
        let records: [WriterOracle.Place: String]

        init(_ number: Int, _ trial: Trial) throws {
            directory = try trial.place.subfolder("template-\(number)") + "/journal"
            var oracle = WriterOracle()
            let receipts = number % 2 == 0 ? [] : ["--receipts"]
            let closed = try Writer([directory, "150"] + receipts, at: trial.place)
            for line in try closed.readToEnd() { oracle.hear(line) }
            if number > 1 {
                let killed = try Writer([directory, "--first", "1000"] + receipts, at: trial.place)
                for line in try killed.read(until: 90, "thanks") + killed.kill() { oracle.hear(line) }
            }
            // Read in a copy, because a start changes the store.
            let copy = directory + ".copy"
            try FileManager.default.copyItem(atPath: directory, toPath: copy)
            defer { try? FileManager.default.removeItem(atPath: copy) }
            let stored = try StoredJournal.read(copy)
            oracle.compare(stored)
            let complaints = oracle.takeComplaints()
            guard complaints.isEmpty else { throw ChildError("the template is wrong: \(complaints)") }
            // A record that was durable when its writer was killed, but not yet thanked, may go.
            records = oracle.records.compactMapValues { if case .thanked(let hash) = $0 { hash } else { nil } }
                .filter { place, _ in stored.records.contains { $0.place == place } }
        }
    }

    private func damage(_ directory: String, _ kind: Kind, _ random: inout SplitMix) throws -> String {
        let files = JournalFiles(directory: directory)
        let log = files.size(of: files.writeAheadLog) ?? 0
        if kind == .noLog {
            unlink(files.writeAheadLog)
            return "the log is gone"
        }
        let path = log > 0 && random.next() % 2 == 0 ? files.writeAheadLog : files.store
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        // One in eight in the header, where a bit means most.
        let isHeader = random.next() % 8 == 0
        let place = Int(random.next() % UInt64(isHeader ? min(100, bytes.count) : bytes.count))
        let what: String
        switch kind {
        case .bit, .noLog:
            bytes[place] ^= 1 << UInt8(random.next() % 8)
            what = "a bit of byte \(place)"
        case .pages:
            let count = bytes.count / 4096
            let first = Int(random.next() % UInt64(count)) * 4096
            let second = Int(random.next() % UInt64(count)) * 4096
            for offset in 0..<4096 { bytes.swapAt(first + offset, second + offset) }
            what = "pages at \(first) and \(second)"
        case .cut:
            bytes.removeLast(bytes.count - place)
            what = "cut at \(place)"
        }
        try Data(bytes).write(to: URL(filePath: path))
        return "\(what) of \(path.split(separator: "/").last ?? "")"
    }

    /// Starts until the kiosk collects and every record reads right; true when the damage was found.
    private func survive(
        _ directory: String, _ template: Template, _ what: String, _ row: inout Tried
    ) throws -> Bool {
        var reason: String?
        for _ in 0..<Self.mostStarts {
            let begun = ContinuousClock.now
            let journal = try start.open(directory)
            if let setAside = journal.setAside { reason = setAside.reason }
            if journal.enrolment != nil {
                _ = try journal.append(.export(.init(first: 1, last: 1, medium: "test")), at: StoredJournal.stamp)
            }
            if begun.duration(to: .now) > .seconds(10) { row.violate("\(what): collecting again took too long") }
            guard start.readsRight(journal) else { continue }
            try judge(journal, template, what, reason, &row)
            try journal.close()
            return reason != nil
        }
        row.violate("\(what): after \(Self.mostStarts) starts it is still not read whole")
        return true
    }

    /// What is read as right must be what was thanked; what is missing must be named.
    private func judge(
        _ journal: Journal, _ template: Template, _ what: String, _ reason: String?, _ row: inout Tried
    ) throws {
        let stored = try StoredJournal(of: journal, thorough: false)
        let kept = Dictionary(stored.records.map { ($0.place, $0.hash) }, uniquingKeysWith: { $1 })
        let first = template.records.keys.map(\.epoch).min() ?? 1
        for (place, hash) in template.records where kept[place] != nil && kept[place] != hash {
            row.violate("\(what): record \(place) was changed and not found")
        }
        let isGone = template.records.keys.contains { kept[$0] == nil }
        let names = try journal.newest(Int(journal.head?.sequence ?? 0)).contains { $0.contains("\"kind\":\"loss\"") }
        if isGone, !names || reason == nil || journal.enrolment?.epoch == first {
            row.violate(
                "\(what): \(template.records.count { kept[$0.key] == nil }) records are gone and no `loss` says so "
                    + "(\(reason ?? "not found"), epoch \(journal.enrolment?.epoch ?? 0))")
        }
    }
}
