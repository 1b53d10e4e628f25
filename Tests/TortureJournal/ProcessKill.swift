import FoundationEssentials
import Glibc
import RealPrograms
import SeededRandom
import Torture

/// G1: a thanked rating survives any crash of the process. Also G19: so does everything between receipt and compaction.
///
/// A journal-writer is killed 0–20 ms after its first thanks, or while it opens the journal, or at one of its system calls
/// on files (`strace -e inject=…:signal=KILL:when=N`); the next one starts on what is left, and every few rounds the whole
/// store is compared with the oracle. One try is one kill.
struct ProcessKill {
    /// Calls at which the writer is killed, in turn, the first time, the second …
    static let calls = [
        "pwrite64", "fdatasync", "write", "openat", "rename", "unlink", "fsync", "ftruncate", "fallocate",
    ]
    /// So many kills meet one journal, then a new one begins; a journal of this age has some thousand records.
    static let killsPerJournal = 60

    var promise = "G1 process kill"
    var options: [String] = []
    /// One kill in so many is at a system call; 0 for none.
    var oneAtACall = 10

    func run(_ trial: Trial) throws -> Tried {
        var row = Tried(promise, seed: trial.seed)
        var random = SplitMix(trial.seed)
        var step = Step()
        var journal = 0
        while row.tries < trial.tries {
            journal += 1
            let directory = try trial.place.subfolder("kill-\(journal)")
            defer { try? FileManager.default.removeItem(atPath: directory) }
            var oracle = WriterOracle()
            var pressed: UInt64 = 0
            for _ in 0..<min(Self.killsPerJournal, trial.tries - row.tries) {
                let arguments = [directory] + options + ["--first", "\(pressed)"]
                pressed += 10_000
                let isAtACall = oneAtACall > 0 && random.next() % UInt64(oneAtACall) == 0
                let killed =
                    isAtACall
                    ? try killAtACall(&step, arguments, trial, &oracle)
                    : try killAtAMoment(&random, arguments, trial, &oracle)
                row.tries += 1
                row.faults += killed ? 1 : 0
                if random.next() % 2 == 0 { try oracle.compare(StoredJournal.read(directory)) }
                for complaint in oracle.takeComplaints() { row.violate("journal \(journal): \(complaint)") }
                trial.progress.tell(row, of: trial.tries)
            }
            try oracle.compare(StoredJournal.read(directory))
            for complaint in oracle.takeComplaints() { row.violate("journal \(journal): \(complaint)") }
        }
        return row
    }

    /// True when the signal met a running writer.
    private func killAtAMoment(
        _ random: inout SplitMix, _ arguments: [String], _ trial: Trial, _ oracle: inout WriterOracle
    ) throws -> Bool {
        let writer = try Writer(arguments, at: trial.place)
        let opens = random.next() % 10 == 0
        // On a busy machine no receipt would come within the time from a thanks to the kill.
        let awaited = options.contains("--receipts") && random.next() % 2 == 0 ? "receipt " : "thanks "
        var said = opens ? [] : try writer.read(until: 1, awaited)
        usleep(UInt32(random.next() % 20_000))
        said += try writer.kill()
        for line in said { oracle.hear(line) }
        if let failure = oracle.failure { throw ChildError("the writer failed by itself: \(failure)") }
        return true
    }

    private func killAtACall(
        _ step: inout Step, _ arguments: [String], _ trial: Trial, _ oracle: inout WriterOracle
    ) throws -> Bool {
        let call = Self.calls[step.call]
        let writer = try Writer(
            arguments + ["12"], at: trial.place,
            wrapper: [
                "strace", "-f", "-o", "/dev/null", "-e", "trace=\(call)", "-e",
                "inject=\(call):signal=KILL:when=\(step.number)",
            ])
        for line in try writer.readToEnd() { oracle.hear(line) }
        let status = writer.end()
        step.advance(wasClean: status == 0, of: Self.calls.count)
        if let failure = oracle.failure { throw ChildError("the writer failed at \(call): \(failure)") }
        return status == nil
    }

    /// The next call and its number; after a run that no kill met, the next call.
    private struct Step {
        var call = 0
        var number = 1

        mutating func advance(wasClean: Bool, of calls: Int) {
            number += 1
            guard wasClean else { return }
            number = 1
            call = (call + 1) % calls
        }
    }
}
