import FoundationEssentials
import GRDB
import Ledger
import Ratings
import Testing

@testable import KioskJournal

private let day: UInt64 = 86_400

@Suite struct CompactionTests {
    @Test func onlyRecordsReceiptedNinetyDaysAgoAreDeleted() throws {
        let fixture = try Fixture()
        fixture.limits.recordsPerStep = 7
        let journal = try fixture.enrolled()
        let start: UInt64 = 1_800_000_000
        try fixture.append(20, to: journal)
        try fixture.deliver(journal, time: start)
        try fixture.append(20, to: journal)
        try fixture.deliver(journal, time: start + 40 * day)
        try fixture.append(20, to: journal)
        #expect(try journal.compact() == 0)
        try fixture.deliver(journal, time: start + 90 * day - 1)
        try fixture.append(5, to: journal)
        #expect(try journal.compact() == 0)
        try fixture.deliver(journal, time: start + 90 * day)
        try fixture.append(5, to: journal)
        #expect(try [journal.compact(), journal.compact(), journal.compact(), journal.compact()] == [7, 7, 6, 0])
        #expect(try kept(journal) == Array(21...70))
        #expect(try journal.verify() == .intact(records: 50, head: try #require(journal.head)))
        #expect(throws: JournalError.noSuchRecord(epoch: 1, sequence: 20)) { try journal.batch(first: 20) }
        #expect(try journal.batch(first: 21)?.last == 70)
        try journal.close()
        let again = try fixture.open()
        #expect(try again.verify() == .intact(records: 50, head: try #require(again.head)))
        #expect(again.unsent == 5)
        try again.access("vandalise") { db in
            try db.execute(sql: "UPDATE record SET line = x'7B7D' WHERE position = (1 << 40) | 21")
        }
        guard case .broken(1, 21, _)? = try again.verify() else {
            Issue.record("the first kept record is not checked")
            return
        }
    }

    @Test func unreceiptedRecordsAreKeptHoweverOldTheyAre() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try fixture.append(10, to: journal)
        fixture.bootMilliseconds += Int64(400 * day) * 1000
        try fixture.append(10, to: journal)
        #expect(try journal.compact() == 0)
        let batch = try #require(try journal.batch(maximumRecords: 5))
        _ = try journal.accept(receipt: try fixture.receipt(for: batch.checkpoint, journal: journal, time: 1_000_000))
        #expect(try journal.compact() == 0)
        #expect(try kept(journal) == Array(1...20))
    }

    @Test(arguments: [UInt64(0), 1, 1 << 62, UInt64(Int64.max)])
    func anAbsurdReceiptTimeDeletesNothingUnreceipted(time: UInt64) throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try fixture.append(10, to: journal)
        for step in [time, 1_800_000_000] {
            let batch = try #require(try journal.batch(maximumRecords: 3))
            _ = try journal.accept(receipt: try fixture.receipt(for: batch.checkpoint, journal: journal, time: step))
        }
        while try journal.compact() > 0 {}
        #expect(try kept(journal).suffix(4) == [7, 8, 9, 10])
        #expect(
            try journal.verify() == .intact(records: Int64(try kept(journal).count), head: try #require(journal.head)))
    }

    @Test func anOldEpochIsEmptiedAndStillVerified() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try fixture.append(6, to: journal)
        try fixture.deliver(journal, time: 1_000_000)
        try journal.enrol(try fixture.enrolment(journal, epoch: 2))
        try fixture.append(3, to: journal)
        try fixture.deliver(journal, time: 1_000_000 + 91 * day)
        while try journal.compact() > 0 {}
        #expect(try kept(journal) == [1, 2, 3])
        try journal.close()
        let again = try fixture.open()
        #expect(try again.verify() == .intact(records: 3, head: try #require(again.head)))
    }

    @Test func receiptsAreKeptAboutAnHourApart() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        for minute in 0..<200 as Range<UInt64> {
            try fixture.append(1, to: journal)
            try fixture.deliver(journal, time: 1_800_000_000 + minute * 60)
        }
        let times = try journal.access("read") { db in
            try Int64.fetchAll(db, sql: "SELECT time FROM receipt ORDER BY seq")
        }
        #expect((4...6).contains(times.count))
        #expect(times.first == 1_800_000_000 && times.last == 1_800_000_000 + 199 * 60)
        #expect(journal.receipted == 200)
    }

    private func kept(_ journal: Journal) throws -> [Int64] {
        try journal.access("read") { db in
            try Int64.fetchAll(db, sql: "SELECT seq FROM line ORDER BY epoch, seq")
        }
    }
}
