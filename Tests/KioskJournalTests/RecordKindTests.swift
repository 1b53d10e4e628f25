import Crypto
import FoundationEssentials
import GRDBSQLite
import Ledger
import Ratings
import Testing

@testable import KioskJournal

/// One record of each kind of `reliability.md` §6.1.
let everyKind: [RecordBody] = {
    let session = SessionID(bits: 0xFEED)
    return [
        .boot(Boot(hardware: "aGFyZHdhcmU", program: "0.1.0")),
        .config(Applied(name: "questionnaire", version: "default@1", digest: "ZGlnZXN0")),
        .shown(
            Shown(
                session: session, questionnaire: "default@1", language: "ru",
                visit: Visit(source: .ticket, ticket: "Б\"012\"", window: "5", service: "Выдача паспорта\n"))),
        .answer(
            Answer(session: session, question: "overall", value: 5, language: "ru", elapsedMilliseconds: 1800)),
        .answer(
            Answer(
                session: session, question: "waiting", value: nil, reasons: ["a/b", "\\"], pass: .skip, language: "ru",
                elapsedMilliseconds: 900)),
        .session(
            SessionEnd(
                session: session, outcome: .answered, durationMilliseconds: 9000, flags: ["burst"], rules: 1)),
        .comment(TextDigest(session: session, digest: "c2FsdGVk")),
        .gratitude(Gratitude(session: session, unit: "окно 5")),
        .clock(ClockChange(old: "1970-01-01T00:00:10.000Z", new: "2026-11-22T08:27:08.123Z")),
        .update(Applied(name: "release", version: "0.2.0", digest: "ZGlnZXN0")),
        .maintenance(Maintenance(moment: .opened, technician: "t-17")),
        .maintenance(Maintenance(moment: .closed, technician: "t-17", done: ["restart"])),
        .loss(Loss(reason: "test", receiptedEpoch: 1, receiptedSequence: 2, receiptedHash: "aGFzaA==")),
        .key(KeyChange(purpose: .transport, old: "b2xk", new: "bmV3", signatureByOld: "c28=", signatureByNew: "c24=")),
        .export(Export(first: 1, last: 4, medium: "stick")),
        .decommission(Decommission(reason: "🙂 replaced")),
    ]
}()

@Suite struct RecordKindTests {
    @Test func everyKindIsStoredAndReadBackByteForByte() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        var hashes: [String] = []
        for body in everyKind { hashes.append(try journal.append(body, at: fixture.stamp()).hash.base64) }
        let lines = try #require(try journal.batch()).lines
        #expect(try lines.map { try Record(line: Data($0.utf8)).body } == everyKind)
        #expect(try journal.newest(1000) == lines)
        #expect(try journal.newest(2) == lines.suffix(2))
        #expect(lines.map { Data(SHA256.hash(data: Data($0.utf8))).base64EncodedString() } == hashes)
        let genesis = try #require(journal.enrolment).genesis.hash.base64
        try journal.close()
        #expect(try auditedLines(fixture, genesis: genesis) == lines)
    }

    @Test func aHeaderSaysWhoWhichAndWhen() throws {
        let fixture = try Fixture()
        try fixture.enrolled().close()
        let journal = try fixture.open()
        let stamp = RecordStamp(bootMilliseconds: 123, wall: "2026-01-02T03:04:05.678Z", clock: .synced)
        _ = try journal.append(everyKind[0], at: stamp)
        let header = try RecordHeader(line: Data(try #require(try journal.newest(1).first).utf8))
        #expect(
            header
                == RecordHeader(
                    kiosk: try #require(KioskID(rawValue: "hall-7.kiosk-2")), epoch: 1, sequence: 1, boot: 2,
                    bootMilliseconds: 123, wall: "2026-01-02T03:04:05.678Z", clock: .synced,
                    previous: try #require(journal.enrolment).genesis.hash.base64))
    }

    @Test func aRecordThatIsTooLongIsRefusedAndChangesNothing() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        let long = RecordBody.decommission(Decommission(reason: String(repeating: "ы", count: 2500)))
        let error = try #require(throws: JournalError.self) { try journal.append(long, at: fixture.stamp()) }
        guard case .lineTooLong(let bytes) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(bytes > 5000)
        #expect(journal.head?.sequence == 0)
        try fixture.append(1, to: journal)
        #expect(try journal.verify() == .intact(records: 1, head: try #require(journal.head)))
    }

    /// The lines of the closed file, read with SQLite's C interface and checked with nothing of ours: each carries the
    /// SHA-256 of the one before, the first the genesis.
    private func auditedLines(_ fixture: Fixture, genesis: String) throws -> [String] {
        var database: OpaquePointer?
        var statement: OpaquePointer?
        defer {
            sqlite3_finalize(statement)
            sqlite3_close(database)
        }
        #expect(sqlite3_open_v2(fixture.files.store, &database, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK)
        #expect(sqlite3_prepare_v2(database, "SELECT epoch, seq, line FROM line", -1, &statement, nil) == SQLITE_OK)
        var lines: [String] = []
        var previous = genesis
        while sqlite3_step(statement) == SQLITE_ROW {
            #expect(sqlite3_column_int64(statement, 0) == 1)
            #expect(sqlite3_column_int64(statement, 1) == Int64(lines.count + 1))
            let line = String(cString: sqlite3_column_text(statement, 2))
            #expect(line.contains("\"prev\":\"\(previous)\""))
            #expect(line.contains("\"seq\":\(lines.count + 1),"))
            previous = Data(SHA256.hash(data: Data(line.utf8))).base64EncodedString()
            lines.append(line)
        }
        return lines
    }
}
