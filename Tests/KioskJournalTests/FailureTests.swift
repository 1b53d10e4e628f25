import FoundationEssentials
import GRDB
import Ledger
import Ratings
import Testing

@testable import KioskJournal

@Suite struct FailureTests {
    @Test func afterAFailureEveryCallIsRefusedUntilTheJournalIsOpenedAgain() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try fixture.append(3, to: journal)
        try journal.access("break") { db in
            try db.execute(
                sql: "CREATE TRIGGER broken BEFORE INSERT ON record BEGIN SELECT RAISE(ABORT, 'test'); END")
        }
        let error = try #require(throws: JournalError.self) { try fixture.append(1, to: journal) }
        let poisoned = JournalError.poisoned(cause: error.description)
        #expect(throws: poisoned) { try fixture.append(1, to: journal) }
        #expect(throws: poisoned) { try journal.batch() }
        #expect(throws: poisoned) { try journal.verify() }
        #expect(throws: poisoned) { try journal.newest(1) }
        #expect(throws: poisoned) { try journal.compact() }
        #expect(throws: poisoned) { try journal.capacity() }
        #expect(poisoned.exitStatus == 75)
        #expect(journal.head?.sequence == 3)
        try journal.close()
        let again = try fixture.openOrQuarantine()
        #expect(again.setAside == nil)
        #expect(again.head?.sequence == 3)
        #expect(fixture.files.size(of: fixture.files.suspect) == nil)
        try again.access("mend") { try $0.execute(sql: "DROP TRIGGER broken") }
        #expect(try fixture.append(1, to: again).first?.sequence == 4)
    }

    @Test func aHeadThatIsNotWhereItWasLeftStopsEverything() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try fixture.append(3, to: journal)
        try journal.access("vandalise") { try $0.execute(sql: "UPDATE head SET seq = 2") }
        let error = try #require(throws: JournalError.self) { try fixture.append(1, to: journal) }
        guard case .damaged = error else {
            Issue.record("\(error)")
            return
        }
        #expect(throws: JournalError.poisoned(cause: error.description)) { try fixture.append(1, to: journal) }
        try journal.close()
        #expect(try fixture.openOrQuarantine().enrolment?.epoch == 2)
    }

    @Test func everyErrorSaysWhatAndWhyInOneLine() {
        let errors: [JournalError] = [
            .alreadyOpen(path: "/j", holder: 7), .alreadyOpen(path: "/j", holder: nil),
            .wrongPragma(path: "/j", name: "synchronous", expected: "2", found: "1"),
            .damaged(path: "/j", reason: "r"), .newerFormat(path: "/j"), .full(path: "/j"),
            .io(path: "/j", operation: "store a record", code: "SQLITE_IOERR_FSYNC"),
            .key(path: "/k", reason: "missing; put it back"),
            .notEnrolled, .staleEpoch(asked: 1, newest: 2), .lineTooLong(bytes: 5000), .unencodable(reason: "r"),
            .noSuchRecord(epoch: 1, sequence: 2), .receipt(.note(.malformed)), .receipt(.unknownEpoch(2)),
            .receipt(.neverSent(sequence: 2)), .receipt(.notNewer(held: 2)), .receipt(.otherHash(sequence: 2)),
            .poisoned(cause: "c"), .overloaded(limit: 64),
        ]
        for error in errors {
            #expect(!error.description.contains("\n") && error.description.count > 20)
            #expect([65, 69, 75, 78].contains(error.exitStatus))
        }
    }
}
