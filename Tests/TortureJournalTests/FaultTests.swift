import Glibc
import Testing
import Torture

@testable import TortureJournal

@Suite struct FaultTests {
    @Test func aFailedCallIsNeitherThankedNorForgotten() throws {
        let row = try tortured(tries: 1000) { try FailingCalls(subject: .writer, each: 9).run($0) }
        #expect(row.isKept, "\(row)")
    }

    @Test func aVisitorIsToldOfAFailedCallAndTheNextStartTakesPresses() throws {
        let row = try tortured(tries: 6) { try FailingCalls(subject: .kiosk, each: 7).run($0) }
        #expect(row.isKept, "\(row)")
    }

    @Test func damageIsFoundAndTheKioskCollects() throws {
        let row = try tortured(tries: 150, under: "/dev/shm") { try Damage().run($0) }
        #expect(row.isKept, "\(row)")
    }

    @Test(.enabled(if: geteuid() == 0, "mounting a tmpfs needs root"))
    func aFullDiskRefusesOpenlyAndRecovers() throws {
        let row = try tortured(tries: 6) { try FullDisk().run($0) }
        #expect(row.isKept, "\(row)")
    }
}
