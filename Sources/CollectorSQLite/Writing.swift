import Collecting
import Foundation
import GRDB
import GRDBSQLite
import Ledger
import Ratings

/// A prepared statement that is bound from left to right and run once. GRDB keeps it; binding goes through the C API,
/// which halves the cost of a record.
struct RowStatement {
    private let handle: OpaquePointer
    private let access: SQLiteAccess
    private var index: Int32 = 0
    private var failure = SQLITE_OK

    init(_ access: SQLiteAccess, _ sql: String) throws {
        handle = try access.db.cachedStatement(sql: sql).sqliteStatement
        self.access = access
    }

    mutating func bind(_ value: Int64?) {
        index += 1
        note(value.map { sqlite3_bind_int64(handle, index, $0) } ?? sqlite3_bind_null(handle, index))
    }

    mutating func bind(_ value: Int) { bind(Int64(value)) }

    mutating func bind(_ value: String?) {
        index += 1
        guard var value else { return note(sqlite3_bind_null(handle, index)) }
        let code = value.withUTF8 { text in
            text.withMemoryRebound(to: CChar.self) { text in
                sqlite3_bind_text(handle, index, text.baseAddress, Int32(text.count), Self.copied)
            }
        }
        note(code)
    }

    mutating func bind(_ value: Data) {
        index += 1
        let code = value.withUnsafeBytes { bytes in
            sqlite3_bind_blob64(handle, index, bytes.baseAddress, UInt64(bytes.count), Self.copied)
        }
        note(code)
    }

    /// Runs the statement and makes it ready for the next row. Throws `StoreError`.
    mutating func run() throws {
        let code = failure == SQLITE_OK ? sqlite3_step(handle) : failure
        let message = code == SQLITE_DONE ? "" : String(cString: sqlite3_errmsg(access.db.sqliteConnection))
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
        index = 0
        failure = SQLITE_OK
        guard code == SQLITE_DONE else { throw StoreError(sqlite: code, message, store: access.path) }
    }

    private mutating func note(_ code: Int32) {
        if failure == SQLITE_OK { failure = code }
    }

    /// SQLITE_TRANSIENT is a cast that Swift does not import: SQLite makes its own copy.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}

extension SQLiteAccess: StoreTransaction {
    func add(office: Place) throws { try add(office, to: "office") }
    func add(service: Place) throws { try add(service, to: "service") }

    private func add(_ place: Place, to table: String) throws {
        try db.execute(
            sql: "INSERT INTO \(table) (id, name) VALUES (?, ?) ON CONFLICT DO NOTHING",
            arguments: [place.id, place.name])
    }

    func put(_ kiosk: KioskRow) throws {
        try db.execute(
            sql: """
                INSERT INTO kiosk (id, office, service, window, added, revoked) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET office = excluded.office, service = excluded.service,
                    window = excluded.window, revoked = excluded.revoked
                """,
            arguments: [
                kiosk.id.rawValue, kiosk.place.office, kiosk.place.service, kiosk.place.window, kiosk.added,
                kiosk.revoked,
            ])
    }

    func put(_ code: CodeRow) throws {
        try db.execute(
            sql: """
                INSERT INTO enrolment_code (identifier, characters, kiosk, expires, tries, proof, answer)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET characters = excluded.characters, tries = excluded.tries,
                    proof = excluded.proof, answer = excluded.answer
                """,
            arguments: [
                code.identifier, code.characters, code.kiosk.rawValue, code.expires, code.tries, code.proof,
                code.answer,
            ])
    }

    func eraseCodes(expiredAt now: Int64, of kiosk: KioskID?) throws {
        try db.execute(
            sql:
                """
                UPDATE enrolment_code SET characters = NULL
                WHERE characters IS NOT NULL AND (expires <= ? OR kiosk IS ?)
                """,
            arguments: [now, kiosk?.rawValue])
    }

    func insert(_ epoch: EpochRow) throws {
        var row = try RowStatement(
            self,
            """
            INSERT INTO epoch (chain, kiosk, epoch, office, service, window, journal_key, transport_key, certificate,
                collector_nonce, origin, opened, seal, state, head_seq, head_hash, claim_note, claim_seq, claim_created,
                claim_boot, claim_boot_ms, receipt, floor, received, branches, state_seal)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        row.bind(epoch.chain)
        row.bind(epoch.kiosk.rawValue)
        row.bind(epoch.epoch)
        row.bind(epoch.place)
        row.bind(epoch.journalKey.base64)
        row.bind(epoch.transportKey.base64)
        row.bind(epoch.certificate)
        row.bind(epoch.collectorNonce)
        row.bind(epoch.origin.rawValue)
        row.bind(epoch.opened)
        row.bind(epoch.seal)
        row.bindState(of: epoch)
        try row.run()
    }

    func update(_ epoch: EpochRow) throws {
        var row = try RowStatement(
            self,
            """
            UPDATE epoch SET state = ?, head_seq = ?, head_hash = ?, claim_note = ?, claim_seq = ?, claim_created = ?,
                claim_boot = ?, claim_boot_ms = ?, receipt = ?, floor = ?, received = ?, branches = ?, state_seal = ?
            WHERE chain = ?
            """)
        row.bindState(of: epoch)
        row.bind(epoch.chain)
        try row.run()
    }

    func insert(_ arrival: ArrivalRow, lines: ArraySlice<Data>, derived: Derived) throws {
        var record = try RowStatement(self, "INSERT INTO record (chain, seq, line) VALUES (?, ?, ?)")
        for (index, line) in lines.enumerated() {
            record.bind(arrival.chain)
            record.bind(arrival.first + Int64(index))
            record.bind(line)
            try record.run()
        }
        var row = try RowStatement(
            self,
            """
            INSERT INTO arrival (chain, first, last, received, clocks, checkpoint, seal) VALUES (?, ?, ?, ?, ?, ?, ?)
            """)
        row.bind(arrival.chain)
        row.bind(arrival.first)
        row.bind(arrival.last)
        row.bind(arrival.received)
        row.bind(arrival.clocks.text)
        row.bind(arrival.checkpoint)
        row.bind(arrival.seal)
        try row.run()
        try insert(derived, chain: arrival.chain)
    }

    private func insert(_ derived: Derived, chain: Int64) throws {
        try insert(derived.newSessions, chain: chain)
        var change = try RowStatement(
            self, "UPDATE session SET overall = ?, outcome = ?, flags = ? WHERE chain = ? AND session = ?")
        for session in derived.changedSessions {
            change.bindProgress(of: session)
            change.bind(chain)
            change.bind(session.session.rawValue)
            try change.run()
        }
        var row = try RowStatement(
            self, "INSERT INTO answer (chain, seq, session, question, value, pass, placed) VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        for answer in derived.answers {
            row.bind(chain)
            row.bind(answer.sequence)
            row.bind(answer.session.rawValue)
            row.bind(answer.question)
            row.bind(answer.value.map(Int64.init))
            row.bind(answer.pass?.rawValue)
            row.bind(answer.placed)
            try row.run()
        }
        for key in derived.keys {
            try db.execute(
                sql: "INSERT INTO journal_key (chain, seq, note) VALUES (?, ?, ?)",
                arguments: [chain, key.sequence, key.note])
        }
        var quarantine = try RowStatement(self, "INSERT INTO quarantine (chain, seq, reason) VALUES (?, ?, ?)")
        for record in derived.quarantined {
            quarantine.bind(chain)
            quarantine.bind(record.sequence)
            quarantine.bind(record.reason.rawValue)
            try quarantine.run()
        }
    }

    private func insert(_ sessions: [SessionRow], chain: Int64) throws {
        var row = try RowStatement(
            self,
            """
            INSERT INTO session (chain, session, shown_seq, office, service, window, questionnaire, language, source,
                placed, uncertainty, overall, outcome, flags)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        for session in sessions {
            row.bind(chain)
            row.bind(session.session.rawValue)
            row.bind(session.shownSequence)
            row.bind(session.place)
            row.bind(session.questionnaire)
            row.bind(session.language)
            row.bind(session.source.rawValue)
            row.bind(session.placed)
            row.bind(session.uncertainty)
            row.bindProgress(of: session)
            try row.run()
        }
    }

    func put(_ contact: BootContact, chain: Int64) throws {
        var row = try RowStatement(
            self, "INSERT OR REPLACE INTO boot_contact (chain, boot, boot_ms, received) VALUES (?, ?, ?, ?)")
        row.bind(chain)
        row.bind(contact.boot)
        row.bind(contact.bootMilliseconds)
        row.bind(contact.received)
        try row.run()
    }

    func insert(_ branch: BranchRow) throws -> Bool {
        var row = try RowStatement(
            self,
            """
            INSERT INTO branch (chain, first, last, last_hash, reason, received, checkpoint, lines, number)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
                (SELECT coalesce(max(number), 0) + 1 FROM branch WHERE chain = ?1))
            ON CONFLICT DO NOTHING
            """)
        row.bind(branch.chain)
        row.bind(branch.first)
        row.bind(branch.last)
        row.bind(branch.lastHash)
        row.bind(branch.reason.rawValue)
        row.bind(branch.received)
        row.bind(branch.checkpoint)
        row.bind(branch.lines)
        try row.run()
        return sqlite3_changes(db.sqliteConnection) == 1
    }

    func put(_ heartbeat: HeartbeatRow) throws {
        var row = try RowStatement(
            self,
            """
            INSERT OR REPLACE INTO heartbeat (kiosk, epoch, received, unsent, marks, program, wall, clock)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """)
        row.bind(heartbeat.kiosk.rawValue)
        row.bind(heartbeat.epoch)
        row.bind(heartbeat.received)
        row.bind(heartbeat.unsent)
        row.bind(String(decoding: try JSONEncoder().encode(heartbeat.marks), as: UTF8.self))
        row.bind(heartbeat.program)
        row.bind(heartbeat.wall)
        row.bind(heartbeat.clock.rawValue)
        try row.run()
    }

    func put(_ maintenance: MaintenanceRow) throws {
        try db.execute(
            sql: "INSERT OR REPLACE INTO maintenance (kiosk, number, until, note) VALUES (?, ?, ?, ?)",
            arguments: [maintenance.kiosk.rawValue, maintenance.number, maintenance.until, maintenance.note])
    }

    func insert(_ succession: KeySuccession, of kiosk: KioskID, received: Int64) throws {
        try db.execute(
            sql: """
                INSERT INTO transport_key (kiosk, note, received) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
                """,
            arguments: [kiosk.rawValue, succession.serialized, received])
    }

    func insert(_ event: EventRow) throws {
        try db.execute(
            sql: "INSERT INTO event (time, kind, kiosk, epoch, message, seal) VALUES (?, ?, ?, ?, ?, ?)",
            arguments: [
                // The column is NOT NULL since the first version; no kiosk has an empty id.
                event.time, event.kind.rawValue, event.kiosk?.rawValue ?? "", event.epoch, event.message, event.seal,
            ])
    }

    func put(_ heads: HeadsRow) throws {
        try db.execute(
            sql: """
                INSERT INTO heads (number, day, made, note) VALUES (?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET note = excluded.note
                """,
            arguments: [heads.number, heads.day, heads.made, heads.note])
    }
}

extension RowStatement {
    fileprivate mutating func bind(_ place: KioskPlace) {
        bind(place.office)
        bind(place.service)
        bind(place.window)
    }

    fileprivate mutating func bindState(of epoch: EpochRow) {
        bind(epoch.state.rawValue)
        bind(epoch.head.sequence)
        bind(epoch.head.hash.base64)
        bind(epoch.claim?.note)
        bind(epoch.claim?.sequence)
        bind(epoch.claim?.created)
        bind((epoch.claim?.boot).map(Int64.init))
        bind(epoch.claim?.bootMilliseconds)
        bind(epoch.receipt)
        bind(epoch.floor)
        bind(epoch.received)
        bind(epoch.branches)
        bind(epoch.stateSeal)
    }

    fileprivate mutating func bindProgress(of session: SessionRow) {
        bind(session.overall.map(Int64.init))
        bind(session.outcome?.rawValue)
        bind(session.flags.isEmpty ? nil : session.flags.joined(separator: " "))
    }
}
