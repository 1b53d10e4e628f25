import FoundationEssentials
import Ledger
import Ratings
import Testing

@testable import KioskJournal

/// A store that is right in itself, but whose newest records are gone.
@Suite struct LostEndTests {
    /// A copy of a journal as a killed program leaves it: its records are in the write-ahead log.
    private func killed(records: Int) throws -> (fixture: Fixture, hashes: [String]) {
        let live = try Fixture()
        let journal = try live.enrolled()
        let hashes = try live.append(records, to: journal).map(\.hash.base64)
        let fixture = try Fixture(limits: live.limits)
        for name in try FileManager.default.contentsOfDirectory(atPath: live.directory) {
            try FileManager.default.copyItem(
                atPath: "\(live.directory)/\(name)", toPath: "\(fixture.directory)/\(name)")
        }
        return (fixture, hashes)
    }

    private func cutLog(_ fixture: Fixture, toShare share: Double) throws {
        let log = try Data(contentsOfFile: fixture.files.writeAheadLog)
        try log.prefix(Int(Double(log.count) * share)).write(to: URL(filePath: fixture.files.writeAheadLog))
    }

    @Test func theNextEpochNamesWhatIsGoneAndTheRestIsStillSent() throws {
        let (fixture, hashes) = try killed(records: 40)
        try cutLog(fixture, toShare: 0.6)
        #expect(throws: JournalError.self) { try fixture.open().close() }

        let journal = try fixture.openOrQuarantine()
        let setAside = try #require(journal.setAside)
        #expect(setAside.file == nil)
        let kept = try #require(journal.epochs.first?.head.sequence)
        #expect((1..<40).contains(kept))
        #expect(setAside.reason == "records \(kept + 1) to 40 of epoch 1 are gone from its end")
        #expect(journal.enrolment?.epoch == 2)
        guard case .loss(let loss) = try Record(line: Data(try #require(try journal.newest(1).first).utf8)).body else {
            Issue.record("record 1 is no loss")
            return
        }
        #expect(loss.reason == setAside.reason)
        let old = try #require(try journal.batch(epoch: 1, first: 1))
        #expect(old.lines.map { ChainHash(of: Data($0.utf8)).base64 } == Array(hashes.prefix(Int(kept))))
        #expect(journal.unsent == kept + 1)
        try journal.close()
        let again = try fixture.openOrQuarantine()
        #expect(again.setAside == nil)
        #expect(again.enrolment?.epoch == 2)
    }

    @Test(arguments: [Data(), Data("1 99 x y\n".utf8), Data(repeating: 0x20, count: 128), Data(count: 200)])
    func aWitnessThatIsNotWholeProvesNothing(contents: Data) throws {
        let (fixture, _) = try killed(records: 5)
        try contents.write(to: URL(filePath: fixture.files.newest))
        let journal = try fixture.openOrQuarantine()
        #expect(journal.setAside == nil)
        #expect(journal.head?.sequence == 5)
    }

    @Test func aWitnessThatIsBehindProvesNothing() throws {
        let (fixture, _) = try killed(records: 5)
        let early = try Data(contentsOfFile: fixture.files.newest)
        let journal = try fixture.openOrQuarantine()
        try fixture.append(3, to: journal)
        try journal.close()
        try early.write(to: URL(filePath: fixture.files.newest))
        let again = try fixture.openOrQuarantine()
        #expect(again.setAside == nil)
        #expect(again.head?.sequence == 8)
    }
}

/// After a failure of a large store the dialog does not wait for every record to be read.
@Suite struct CheckTests {
    private func failed(_ fixture: Fixture, sql: String?) throws {
        let journal = try fixture.enrolled()
        try fixture.append(100, to: journal)
        if let sql { try journal.access("vandalise") { try $0.execute(sql: sql) } }
        journal.poisonAfter(.io(path: "/j", operation: "store a record", code: "SQLITE_IOERR_FSYNC"))
    }

    private func check(_ fixture: Fixture) async throws -> Result<Void, JournalError> {
        let (directory, limits, stamp) = (fixture.directory, fixture.limits, fixture.stamp())
        let worker = try JournalWorker { () throws(JournalError) in
            try Journal.openOrQuarantine(directory: directory, at: stamp, limits: limits)
        }
        let result = await withCheckedContinuation { continuation in
            worker.checkRest { continuation.resume(returning: $0) }
        }
        // A journal in which damage was found is poisoned and cannot be closed in order.
        try? worker.close()
        return result
    }

    @Test func aLargeStoreIsInUseBeforeItsOldRecordsAreRead() async throws {
        let fixture = try Fixture()
        fixture.limits.checkedAtOpening = 99
        try failed(fixture, sql: nil)
        let journal = try fixture.openOrQuarantine()
        #expect(journal.isUnderCheck && journal.facts.isUnderCheck)
        try fixture.append(1, to: journal)
        try journal.close()
        #expect(fixture.files.size(of: fixture.files.suspect) != nil, "the check is not over")
        try await check(fixture).get()
        #expect(fixture.files.size(of: fixture.files.suspect) == nil)
        #expect(try !fixture.openOrQuarantine().isUnderCheck)
    }

    @Test func damageThatIsFoundLaterIsSetAsideByTheNextStart() async throws {
        let fixture = try Fixture()
        fixture.limits.checkedAtOpening = 99
        try failed(fixture, sql: "UPDATE record SET line = x'7B7D' WHERE position = (1 << 40) | 3")
        guard case .failure(.damaged) = try await check(fixture) else {
            Issue.record("not found")
            return
        }
        let again = try fixture.openOrQuarantine()
        #expect(again.setAside?.file != nil)
        #expect(again.enrolment?.epoch == 2)
    }

    @Test func aSmallStoreIsReadWholeBeforeItIsUsed() throws {
        let fixture = try Fixture()
        fixture.limits.checkedAtOpening = 100
        try failed(fixture, sql: "UPDATE record SET line = x'7B7D' WHERE position = (1 << 40) | 3")
        #expect(try fixture.openOrQuarantine().enrolment?.epoch == 2)
    }
}
