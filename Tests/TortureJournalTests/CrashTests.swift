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
        let row = try tortured(tries: 150, under: "/dev/shm") {
            try CrashPoints(options: ["--wrong", wrong], workload: ["30", "--receipts"]).run($0)
        }
        #expect(row.violations > 0, "\(row)")
    }

    @Test(arguments: [CrashPoints.LeftOut.directory, .store])
    func aMissingFsyncIsCaught(leftOut: CrashPoints.LeftOut) throws {
        let row = try tortured(tries: 400, under: "/dev/shm") {
            try CrashPoints(workload: ["20", "--rounds", "2"], leftOut: leftOut).run($0)
        }
        #expect(row.violations > 0, "\(row)")
    }
}
