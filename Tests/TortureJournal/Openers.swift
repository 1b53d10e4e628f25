import FoundationEssentials
import GRDB
import Glibc
import RealPrograms
import SeededRandom
import Torture

@testable import KioskJournal

/// G9: two programs cannot write the store. Sixteen start at once; one wins, the others end with 75 and say who has it.
/// One try is one such start; a fault is a program that was refused.
struct Openers {
    static let programs = 16

    /// Of each program.
    var options: [String] = []

    func run(_ trial: Trial) throws -> Tried {
        var row = Tried("G9 sixteen openers", seed: trial.seed)
        let directory = try trial.place.subfolder("openers") + "/journal"
        var oracle = WriterOracle()
        var pressed = 0
        while row.tries < trial.tries {
            row.tries += 1
            let writers = try (0..<Self.programs).map { index in
                pressed += 1000
                return try Writer([directory, "3", "--first", "\(pressed)"] + options, at: trial.place)
            }
            var winners = 0
            // One may open after another has closed; each that opened must have stored all of its own.
            for said in inOrder(try writers.map { ($0, try $0.readToEnd()) }) {
                if said.lines.contains(where: { $0.hasPrefix("thanks") }) {
                    winners += 1
                    for line in said.lines { oracle.hear(line) }
                    if said.status != 0 { row.violate("a winner ended with \(said.status ?? -1)") }
                } else {
                    row.faults += 1
                    let told = said.lines.last ?? ""
                    if said.status != 75 || !told.contains("is open in another program") {
                        row.violate("refused with \(said.status ?? -1): \(told)")
                    }
                }
            }
            if winners == 0 { row.violate("nobody won") }
            do { try oracle.compare(StoredJournal.read(directory)) } catch {
                row.violate("what they left cannot be read: \(error)")
                return row
            }
            for complaint in oracle.takeComplaints() { row.violate(complaint) }
            trial.progress.tell(row, of: trial.tries)
        }
        return row
    }

    /// What they said, the winners in the order of their records.
    private func inOrder(_ writers: [(Writer, [String])]) -> [(lines: [String], status: Int32?)] {
        func first(_ lines: [String]) -> Int {
            let words = lines.first { $0.hasPrefix("open ") }?.split(separator: " ")
            return words.flatMap { Int($0[2]) } ?? 0
        }
        return writers.map { ($0.1, $0.0.end()) }.sorted { first($0.0) < first($1.0) }
    }
}

/// G9: the first start, with its migration, is killed at each call on a file; the next one makes the store whole. One try
/// is one kill.
struct CutMigration {
    /// Of the program that is cut.
    var options: [String] = []

    func run(_ trial: Trial) throws -> Tried {
        var row = Tried("G9 migration cut at each call", seed: trial.seed)
        let directory = try trial.place.subfolder("migration") + "/journal"
        for call in ProcessKill.calls {
            var number = 1
            while row.tries < trial.tries {
                defer { try? FileManager.default.removeItem(atPath: directory) }
                var oracle = WriterOracle()
                let cut = try Writer(
                    [directory, "1"] + options, at: trial.place,
                    wrapper: [
                        "strace", "-f", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
                        "inject=\(call):signal=KILL:when=\(number)",
                    ])
                for line in try cut.readToEnd() { oracle.hear(line) }
                guard cut.end() == nil else { break }
                row.tries += 1
                row.faults += 1
                number += 1
                let next = try Writer([directory, "3", "--first", "100"], at: trial.place)
                for line in try next.readToEnd() { oracle.hear(line) }
                if next.end() != 0 { row.violate("\(call) \(number): the next start failed: \(oracle.failure ?? "")") }
                do { try oracle.compare(StoredJournal.read(directory)) } catch {
                    row.violate("\(call) \(number): what they left cannot be read: \(error)")
                }
                for complaint in oracle.takeComplaints() { row.violate("\(call) \(number): \(complaint)") }
                trial.progress.tell(row, of: trial.tries)
            }
        }
        return row
    }
}
