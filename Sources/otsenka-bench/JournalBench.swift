import Dispatch
import FoundationEssentials
import GRDBSQLite
import Glibc
import KioskJournal
import Ledger
import Ratings

/// How fast the journal stores, next to the same SQLite doing nothing else.
///
/// Both store the same lines one commit at a time, in the same folder and with the same settings. The baseline is a loop of
/// prepared statements in C: BEGIN IMMEDIATE, INSERT, COMMIT. The journal also encodes the line, hashes it, keeps the head
/// and looks after the room. Short rounds of both alternate, so that a busy machine or disk slows both.
enum JournalBench {
    struct Rates {
        /// Records a second of the C loop.
        var baseline: Double
        /// Records a second of `Journal.append`.
        var journal: Double
        var ratio: Double { journal / baseline }
    }

    /// The line of the table.
    static func row(quick: Bool, under parent: String) throws -> Row {
        let rates = try measure(records: 100, rounds: quick ? 9 : 61, under: parent)
        return .rate(
            "journal append, one commit each; baseline: plain SQLite in C, same pragmas", rates.journal,
            unit: "records/s", share: 0.8, of: rates.baseline)
    }

    /// Measures `rounds` rounds of `records` each in a new folder under `parent`, which is removed; returns the medians.
    static func measure(records: Int, rounds: Int, under parent: String) throws -> Rates {
        var template = Array("\(parent)/otsenka-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw JournalError.io(path: parent, operation: "make a folder in it", code: "errno \(errno)")
        }
        let folder = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let journal = try enrolled(folder + "/journal")
        let plain = try PlainInserts(path: folder + "/plain.db")
        var baseline: [Double] = []
        var own: [Double] = []
        var next: Int64 = 0
        for _ in 0..<max(1, rounds) {
            let lines = try exampleLines(records)
            baseline.append(
                try rate(records) {
                    for line in lines {
                        next += 1
                        try plain.insert(position: 1 << 40 | next, line: line)
                    }
                })
            own.append(
                try rate(records) {
                    for index in 0..<records { _ = try journal.append(.answer(answer(index)), at: stamp(index)) }
                })
        }
        try journal.close()
        return Rates(baseline: median(baseline), journal: median(own))
    }

    private static func rate(_ count: Int, _ work: () throws -> Void) rethrows -> Double {
        let start = DispatchTime.now().uptimeNanoseconds
        try work()
        return Double(count) * 1e9 / Double(DispatchTime.now().uptimeNanoseconds - start)
    }

    private static func enrolled(_ directory: String) throws -> Journal {
        let journal = try Journal.open(directory: directory)
        guard let kiosk = KioskID(rawValue: "bench-1") else { preconditionFailure("a kiosk id") }
        try journal.enrol(
            JournalEnrolment(
                kiosk: kiosk, epoch: 1, journalKey: journal.publicKey, collector: "https://localhost:8443",
                collectorName: "localhost", receiptKey: SigningKey().publicKey, collectorNonce: "bm9uY2U"))
        return journal
    }

    private static func answer(_ index: Int) -> Answer {
        Answer(
            session: SessionID(bits: UInt64(index / 6)), question: "overall", value: index % 5 + 1, language: "ru",
            elapsedMilliseconds: 1800 + index % 977)
    }

    private static func stamp(_ index: Int) -> RecordStamp {
        RecordStamp(bootMilliseconds: Int64(60_000 + index * 1700), wall: "2026-11-22T08:27:08.123Z", clock: .synced)
    }

    /// Lines of the same length as those that the journal writes.
    private static func exampleLines(_ count: Int) throws -> [Data] {
        guard let kiosk = KioskID(rawValue: "bench-1") else { preconditionFailure("a kiosk id") }
        let previous = ChainHash(of: Data("bench".utf8)).base64
        return try (0..<count).map { index in
            let header = RecordHeader(
                kiosk: kiosk, epoch: 1, sequence: Int64(index + 1), boot: 1,
                bootMilliseconds: stamp(index).bootMilliseconds, wall: stamp(index).wall, clock: .synced,
                previous: previous)
            return try Record(header: header, body: .answer(answer(index))).line()
        }
    }
}

/// The baseline: SQLite's C interface with the journal's settings, and nothing around it.
private final class PlainInserts {
    private var database: OpaquePointer?
    private var begin: OpaquePointer?
    private var insert: OpaquePointer?
    private var commit: OpaquePointer?

    init(path: String) throws {
        try check(
            sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nil))
        let settings = [
            "page_size = 4096", "locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL",
            "wal_autocheckpoint = 256", "journal_size_limit = 4194304", "mmap_size = 0", "cell_size_check = ON",
            "trusted_schema = OFF",
        ]
        for setting in settings { try check(sqlite3_exec(database, "PRAGMA \(setting)", nil, nil, nil)) }
        try check(
            sqlite3_exec(
                database, "CREATE TABLE record (position INTEGER PRIMARY KEY, line BLOB NOT NULL) STRICT", nil, nil, nil
            ))
        begin = try prepare("BEGIN IMMEDIATE")
        insert = try prepare("INSERT INTO record (position, line) VALUES (?, ?)")
        commit = try prepare("COMMIT")
    }

    deinit {
        for statement in [begin, insert, commit] { sqlite3_finalize(statement) }
        sqlite3_close(database)
    }

    func insert(position: Int64, line: Data) throws {
        try step(begin)
        try check(sqlite3_bind_int64(insert, 1, position))
        let bound = line.withUnsafeBytes { bytes in
            // A null destructor says that the bytes stay where they are until the statement has run.
            let code = sqlite3_bind_blob(insert, 2, bytes.baseAddress, Int32(bytes.count), nil)
            return code == SQLITE_OK ? sqlite3_step(insert) : code
        }
        guard bound == SQLITE_DONE else { try check(bound == SQLITE_OK ? SQLITE_ERROR : bound); return }
        try check(sqlite3_reset(insert))
        try step(commit)
    }

    private func prepare(_ sql: String) throws -> OpaquePointer? {
        var statement: OpaquePointer?
        try check(sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil))
        return statement
    }

    private func step(_ statement: OpaquePointer?) throws {
        let code = sqlite3_step(statement)
        guard code == SQLITE_DONE else { return try check(code) }
        try check(sqlite3_reset(statement))
    }

    private func check(_ code: Int32) throws {
        guard code == SQLITE_OK else {
            throw JournalError.io(path: "plain.db", operation: "store a line", code: "SQLite \(code)")
        }
    }
}
