import Testing
import Torture

@testable import TortureJournal

@Suite struct KillTests {
    @Test func whatWasThankedSurvivesKills() throws {
        let row = try tortured(tries: 200) { try ProcessKill().run($0) }
        #expect(row.isKept, "\(row)")
    }

    @Test func whatWasReceiptedSurvivesKillsAndNothingElseIsDeleted() throws {
        let row = try tortured(tries: 100) { try ProcessKill(options: ["--receipts"]).run($0) }
        #expect(row.isKept, "\(row)")
    }

    @Test func whatAVisitorSawThankedSurvivesKills() throws {
        let row = try tortured(tries: 10) { try KioskKill().run($0) }
        #expect(row.isKept, "\(row)")
    }

    @Test func aFirstStartThatIsCutIsMadeWholeByTheNext() throws {
        let row = try tortured(tries: 25) { try CutMigration().run($0) }
        #expect(row.isKept, "\(row)")
    }

    @Test func ofSixteenThatStartAtOnceTheOthersAreRefused() throws {
        let row = try tortured(tries: 2) { try Openers().run($0) }
        #expect(row.isKept, "\(row)")
    }

    /// The harness is proven on programs that are wrong on purpose.
    @Test(arguments: [["--wrong", "thanks-before-commit"], ["--receipts", "--wrong", "receipt-in-memory"]])
    func aWrongWriterIsCaught(options: [String]) throws {
        let row = try tortured(tries: 150) { try ProcessKill(options: options).run($0) }
        #expect(row.violations > 0, "\(row)")
    }
}
