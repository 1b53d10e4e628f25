import FoundationEssentials
import Ledger
import Ratings
import Testing

@testable import KioskJournal

@Suite struct AppendTests {
    @Test func recordsStayAfterTheJournalIsClosedAndOpenedAgain() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        let stored = try fixture.append(20, to: journal)
        try journal.close()
        let again = try fixture.open()
        #expect(again.boot == 2)
        #expect(again.head?.sequence == 20)
        #expect(again.head?.hash == stored.last?.hash)
        #expect(try again.verify() == .intact(records: 20, head: try #require(again.head)))
        try fixture.append(1, to: again)
        #expect(again.head?.sequence == 21)
        try fixture.deliver(again)
        #expect(again.unsent == 0)
    }
}
