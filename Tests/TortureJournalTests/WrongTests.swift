import Glibc
import Testing
import Torture

@testable import TortureJournal

/// The harnesses are proven on subjects that are wrong on purpose: what is not caught here would not be caught anywhere.
@Suite struct WrongTests {
    @Test("G5: a writer that thanks although the store failed", arguments: ["pwrite64", "fdatasync"])
    func failureThanked(call: String) throws {
        let row = try tortured(tries: 6) {
            try FailingCalls(
                subject: .writer, names: [call], options: ["--wrong", "failure-thanked"], each: 3
            ).run($0)
        }
        #expect(row.faults > 0 && row.violations > 0, "\(row)")
    }

    @Test("G5: a kiosk that does not hear that its writes failed")
    func failureUnheard() throws {
        let row = try tortured(tries: 2, seed: 6) { trial in
            let library = try HidingLibrary.make(at: trial.place)
            return try FailingCalls(subject: .kiosk, names: ["pwrite64"], library: library, each: 40).run(trial)
        }
        #expect(row.faults > 0 && row.violations > 0, "\(row)")
    }

    @Test(
        "G6: a journal that does the wrong thing on a full disk", .enabled(if: geteuid() == 0, "a tmpfs needs root"),
        arguments: FullDisk.Wrong.allCases)
    func fullDisk(wrong: FullDisk.Wrong) throws {
        let row = try tortured(tries: 2) { try FullDisk(wrong: wrong).run($0) }
        #expect(row.faults > 0 && row.violations > 0, "\(row)")
    }

    @Test("G8: a kiosk that does the wrong thing with a damaged store", arguments: Damage.Start.wrong.keys.sorted())
    func damage(name: String) throws {
        var damage = Damage()
        damage.start = try #require(Damage.Start.wrong[name])
        let row = try tortured(tries: 40, under: "/dev/shm") { try damage.run($0) }
        #expect(row.violations > 0, "\(row)")
    }

    @Test("G9: programs that take no lock")
    func noLocks() throws {
        let row = try tortured(tries: 2) { try Openers(options: ["--wrong", "no-locks"]).run($0) }
        #expect(row.violations > 0, "\(row)")
    }

    @Test("G9: a program that lays its store out in pieces")
    func piecemealMigration() throws {
        let row = try tortured(tries: 60) { try CutMigration(options: ["--wrong", "piecemeal-migration"]).run($0) }
        #expect(row.faults > 0 && row.violations > 0, "\(row)")
    }

    @Test("G10: a kiosk that is slow to open its store")
    func slowStart() throws {
        let row = try tortured(tries: 1) { trial in
            let file = trial.place.folder + "/backlog/data/journal.db"
            return try QuickStart(records: 1000, wrapper: late("openat", file, "when=1", milliseconds: 4000)).run(trial)
        }
        #expect(row.violations > 0, "\(row)")
    }

    @Test("G13: a kiosk that takes long to store")
    func slowThanks() throws {
        let row = try tortured(tries: 4) { trial in
            let file = trial.place.folder + "/hung/data/journal.db-wal"
            return try QuickThanks(records: 1000, wrapper: late("fdatasync", file, "when=1+", milliseconds: 300))
                .run(trial)
        }
        #expect(row.faults > 0 && row.violations > 0, "\(row)")
    }
}

/// Words before a program that make its calls on a file come late.
private func late(_ call: String, _ file: String, _ which: String, milliseconds: Int) -> [String] {
    [
        "strace", "-D", "-f", "-q", "-o", "/dev/null", "-P", file, "-e",
        "inject=\(call):delay_enter=\(milliseconds)000:\(which)",
    ]
}
