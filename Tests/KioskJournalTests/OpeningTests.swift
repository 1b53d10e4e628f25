import Dispatch
import FoundationEssentials
import GRDB
import Glibc
import Ledger
import Ratings
import Synchronization
import Testing

@testable import KioskJournal

@Suite struct OpeningTests {
    @Test func everySettingIsReadBackAsItMustBe() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        let expected = [
            "journal_mode": "wal", "synchronous": "2", "locking_mode": "exclusive", "page_size": "4096",
            "wal_autocheckpoint": "256", "journal_size_limit": "4194304", "mmap_size": "0", "cell_size_check": "1",
            "trusted_schema": "0", "cache_size": "-512",
        ]
        try journal.store.queue.writeWithoutTransaction { db in
            for (name, value) in expected {
                let found = try DatabaseValue.fetchOne(db, sql: "PRAGMA \(name)")
                #expect(found.map { "\($0)".filter { $0 != "\"" } } == value, "\(name)")
            }
        }
        #expect(JournalStore.pragmas.count == expected.count)
    }

    @Test(arguments: [
        ("synchronous", "NORMAL", "1"), ("synchronous", "OFF", "0"), ("synchronous", "EXTRA", "3"),
        ("journal_mode", "DELETE", "delete"), ("wal_autocheckpoint", "1000", "1000"),
        ("journal_size_limit", "-1", "-1"), ("mmap_size", "1048576", "1048576"), ("cell_size_check", "OFF", "0"),
        ("trusted_schema", "ON", "1"), ("locking_mode", "NORMAL", "normal"),
    ])
    func aWrongSettingIsRefused(name: String, value: String, found: String) throws {
        let fixture = try Fixture()
        try fixture.enrolled().close()
        var entrance = try Entrance(directory: fixture.directory, limits: fixture.limits)
        entrance.sabotage = { db in try db.execute(sql: "PRAGMA \(name) = \(value)") }
        var refusal: JournalError?
        do throws(OpeningFailure) { _ = try entrance.open() } catch {
            if case .refused(let error) = error { refusal = error }
        }
        let readBack = JournalStore.pragmas.first { $0.name == name }?.readBack
        #expect(
            refusal
                == .wrongPragma(
                    path: fixture.files.store, name: name, expected: try #require(readBack), found: found))
        #expect(refusal?.exitStatus == 78)
    }

    @Test func aFileWithAnotherPageSizeIsRefused() throws {
        let fixture = try Fixture()
        let other = try DatabaseQueue(path: fixture.files.store)
        try other.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA page_size = 1024; CREATE TABLE stranger (a)")
        }
        try other.close()
        _ = try JournalKeyFile.load(fixture.files, mayCreate: true)
        #expect(
            throws: JournalError.wrongPragma(
                path: fixture.files.store, name: "page_size", expected: "4096", found: "1024")
        ) { try fixture.openOrQuarantine() }
        #expect(try !directory(fixture).contains { $0.contains("damaged") })
    }

    @Test func aFileOfANewerReleaseIsRefusedAndKept() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try journal.store.queue.write { db in
            try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('2 something later')")
        }
        try journal.close()
        #expect(throws: JournalError.newerFormat(path: fixture.files.store)) { try fixture.openOrQuarantine() }
    }

    /// A newer release has done this one's migrations too; a name that stands in the place of one of them is damage.
    @Test func aMigrationThatNoReleaseHasIsDamage() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try journal.store.queue.write { db in
            try db.execute(sql: "UPDATE grdb_migrations SET identifier = '3' || substr(identifier, 2)")
        }
        try journal.close()
        let again = try fixture.openOrQuarantine()
        #expect(again.setAside?.reason.contains("migration") == true)
        #expect(again.enrolment?.epoch == 2)
    }

    @Test func aSecondOpenerIsRefusedAndTheStoreStaysAsItIs() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try fixture.append(3, to: journal)
        let before = try Data(contentsOfFile: fixture.files.store) + Data(contentsOfFile: fixture.files.writeAheadLog)
        let refusal = JournalError.alreadyOpen(path: fixture.files.store, holder: getpid())
        #expect(throws: refusal) { try fixture.open() }
        #expect(throws: refusal) { try fixture.openOrQuarantine() }
        #expect(refusal.description.contains("SQLITE_BUSY") && refusal.description.contains("process \(getpid())"))
        // A program that knows nothing of our lock meets SQLite's own.
        #expect {
            try DatabaseQueue(path: fixture.files.store).read {
                try Int.fetchOne($0, sql: "SELECT count(*) FROM record")
            }
        } throws: {
            ($0 as? DatabaseError)?.resultCode == .SQLITE_BUSY
        }
        let after = try Data(contentsOfFile: fixture.files.store) + Data(contentsOfFile: fixture.files.writeAheadLog)
        #expect(before == after)
        try fixture.append(1, to: journal)
        #expect(try !directory(fixture).contains { $0.hasSuffix("-shm") })
    }

    @Test func aForeignReaderHoldsTheOpeningUp() throws {
        let fixture = try Fixture()
        try fixture.enrolled().close()
        // Exclusive locking, as another tool of ours could use it; a plain reader would need -shm, which WAL makes for it.
        var configuration = Configuration()
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
        let other = try DatabaseQueue(path: fixture.files.store, configuration: configuration)
        _ = try other.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM record") }
        #expect(throws: JournalError.alreadyOpen(path: fixture.files.store, holder: nil)) {
            try fixture.openOrQuarantine()
        }
        try other.close()
        _ = try fixture.open()
    }

    @Test func ofSixteenThatStartAtOnceExactlyOneWins() throws {
        let fixture = try Fixture()
        try fixture.enrolled().close()
        let directory = fixture.directory
        let outcomes = Mutex<[String]>([])
        // The winner keeps the journal until all have tried.
        let kept = Mutex<[JournalWorker]>([])
        DispatchQueue.concurrentPerform(iterations: 16) { _ in
            do throws(JournalError) {
                let worker = try JournalWorker { () throws(JournalError) in
                    try Journal.open(directory: directory, limits: Fixture.smallLimits)
                }
                kept.withLock { $0.append(worker) }
                outcomes.withLock { $0.append("open") }
            } catch {
                if case .alreadyOpen = error { outcomes.withLock { $0.append("refused") } }
            }
        }
        #expect(outcomes.withLock { $0.sorted() } == ["open"] + Array(repeating: "refused", count: 15))
    }

    @Test func everyFileIsForTheKioskAlone() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try fixture.append(1, to: journal)
        for name in try directory(fixture) {
            var facts = stat()
            #expect(stat("\(fixture.directory)/\(name)", &facts) == 0)
            #expect(facts.st_mode & 0o077 == 0, "\(name)")
        }
        #expect(
            try Set(directory(fixture)) == [
                "enrolment.note", "journal.ballast", "journal.db", "journal.db-wal", "journal.key", "journal.lock",
                "journal.newest",
            ])
    }

    @Test func theWriteAheadLogStaysWhenTheJournalIsClosed() throws {
        let fixture = try Fixture()
        try fixture.enrolled().close()
        #expect(fixture.files.size(of: fixture.files.writeAheadLog) == 0)
        _ = try fixture.open()
    }

    @Test func startsAreCountedAlsoWithoutAnEnrolment() throws {
        let fixture = try Fixture()
        for start in 1...3 {
            let journal = try fixture.open()
            #expect(journal.boot == start)
            #expect(journal.enrolment == nil)
            #expect(throws: JournalError.notEnrolled) { try fixture.append(1, to: journal) }
            #expect(try journal.batch() == nil)
            #expect(try journal.verify() == nil)
            try journal.close()
        }
    }

    private func directory(_ fixture: Fixture) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: fixture.directory)
    }
}

extension Data {
    init(contentsOfFile path: String) throws { try self.init(contentsOf: URL(filePath: path)) }
}
