import Testing
import Torture

@testable import TortureJournal

@Suite struct CrashTests {
    @Test func noCrashPointLosesWhatWasThanked() throws {
        let row = try tortured(tries: 600, under: "/dev/shm") { try CrashPoints().run($0) }
        #expect(row.isKept, "\(row)")
    }

    /// The harness is proven on programs that are wrong on purpose.
    @Test(arguments: ["synchronous=NORMAL", "thanks-before-commit"])
    func aWrongWriterIsCaught(wrong: String) throws {
        let row = try tortured(tries: 300, under: "/dev/shm") {
            try CrashPoints(options: ["--wrong", wrong], workload: ["40", "--receipts"]).run($0)
        }
        #expect(row.violations > 0, "\(row)")
    }
}
