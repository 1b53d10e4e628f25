import Collecting
import Foundation
import GRDB
import Ledger
import Ratings

/// One connection inside a transaction or a snapshot, for the time of one closure.
struct SQLiteAccess {
    let db: Database
    /// The file's path, for errors.
    let path: String

    /// A value of a column that cannot be what this program wrote.
    func damaged(_ what: String) -> StoreError {
        StoreError(
            code: "SQLITE_CORRUPT",
            message: "the store \(path) holds \(what), which this program never wrote: somebody changed it; "
                + "run `otsenka-collector verify`, and restore a backup")
    }

    private func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> RowCursor {
        try Row.fetchCursor(try db.cachedStatement(sql: sql), arguments: arguments)
    }

    private func all<Value>(
        _ sql: String, _ arguments: StatementArguments = [], _ make: (Row) throws -> Value
    ) throws -> [Value] {
        var values: [Value] = []
        let cursor = try rows(sql, arguments)
        while let row = try cursor.next() { values.append(try make(row)) }
        return values
    }

    private func one<Value>(
        _ sql: String, _ arguments: StatementArguments, _ make: (Row) throws -> Value
    ) throws -> Value? {
        try Row.fetchOne(try db.cachedStatement(sql: sql), arguments: arguments).map(make)
    }
}

extension SQLiteAccess: StoreSnapshot {
    func kiosk(_ id: KioskID) throws -> KioskRow? {
        try one("SELECT * FROM kiosk WHERE id = ?", [id.rawValue], kiosk)
    }

    func kiosks() throws -> [KioskRow] { try all("SELECT * FROM kiosk ORDER BY id", [], kiosk) }

    private func kiosk(_ row: Row) throws -> KioskRow {
        KioskRow(
            id: try kioskID(try row.get("id")), place: try place(row), added: try row.get("added"),
            revoked: try row.optional("revoked"))
    }

    func epoch(_ kiosk: KioskID, _ epoch: Int) throws -> EpochRow? {
        try one("SELECT * FROM epoch WHERE kiosk = ? AND epoch = ?", [kiosk.rawValue, epoch], self.epoch)
    }

    func epochs(of kiosk: KioskID) throws -> [EpochRow] {
        try all("SELECT * FROM epoch WHERE kiosk = ? ORDER BY epoch", [kiosk.rawValue], epoch)
    }

    func lastEpoch() throws -> EpochRow? { try one("SELECT * FROM epoch ORDER BY chain DESC LIMIT 1", [], epoch) }
    func epochs() throws -> [EpochRow] { try all("SELECT * FROM epoch ORDER BY chain", [], epoch) }

    func line(_ chain: Int64, _ sequence: Int64) throws -> Data? {
        try one("SELECT line FROM record WHERE chain = ? AND seq = ?", [chain, sequence]) { row in try row.get("line") }
    }

    func forEachLine(of chain: Int64, _ body: (_ sequence: Int64, _ line: Data) throws -> Void) throws {
        let cursor = try rows("SELECT seq, line FROM record WHERE chain = ? ORDER BY seq", [chain])
        while let row = try cursor.next() { try body(try row.get("seq"), try row.get("line")) }
    }

    func arrivals(of chain: Int64) throws -> [ArrivalRow] {
        try all("SELECT * FROM arrival WHERE chain = ? ORDER BY first", [chain], arrival)
    }

    func forEachArrival(of chain: Int64, after sequence: Int64, _ body: (ArrivalRow) throws -> Void) throws {
        // `last` grows with `first`, so the first batch that counts is the newest one that begins no later.
        let cursor = try rows(
            """
            SELECT * FROM arrival WHERE chain = ?1 AND last > ?2 AND first >= coalesce(
                (SELECT max(first) FROM arrival WHERE chain = ?1 AND first <= ?2), 0) ORDER BY first
            """, [chain, sequence])
        while let row = try cursor.next() { try body(try arrival(row)) }
    }

    private func arrival(_ row: Row) throws -> ArrivalRow {
        guard let clocks = BootClocks(text: try row.get("clocks")) else {
            throw damaged("unreadable clocks of an arrival")
        }
        return ArrivalRow(
            chain: try row.get("chain"), first: try row.get("first"), last: try row.get("last"),
            received: try row.get("received"), clocks: clocks, checkpoint: try row.get("checkpoint"),
            seal: try row.get("seal"))
    }

    func contact(_ chain: Int64, boot: Int) throws -> BootContact? {
        try one("SELECT * FROM boot_contact WHERE chain = ? AND boot = ?", [chain, boot]) { row in
            BootContact(boot: boot, bootMilliseconds: try row.get("boot_ms"), received: try row.get("received"))
        }
    }

    func session(_ chain: Int64, _ session: SessionID) throws -> SessionRow? {
        try one(
            "SELECT * FROM session WHERE chain = ? AND session = ?", [chain, session.rawValue], self.session)
    }

    func sessions(of chain: Int64) throws -> [SessionRow] {
        try all("SELECT * FROM session WHERE chain = ? ORDER BY shown_seq, session", [chain], session)
    }

    func ratingTimes(_ chain: Int64, before sequence: Int64, skip: Int, count: Int) throws -> [Int64] {
        try all(
            """
            SELECT placed FROM answer WHERE chain = ? AND question = 'overall' AND value IS NOT NULL AND seq < ?
            ORDER BY seq DESC LIMIT ? OFFSET ?
            """, [chain, sequence, count, skip]
        ) { try $0.get("placed") }
    }

    func answers(of chain: Int64) throws -> [AnswerRow] {
        try all("SELECT * FROM answer WHERE chain = ? ORDER BY seq", [chain]) { row in
            AnswerRow(
                sequence: try row.get("seq"), session: try sessionID(try row.get("session")),
                question: try row.get("question"),
                value: try row.optional("value"), pass: try optional(try row.optional("pass"), "pass"),
                placed: try row.get("placed"))
        }
    }

    func quarantined(of chain: Int64) throws -> [QuarantinedRow] {
        try all("SELECT * FROM quarantine WHERE chain = ? ORDER BY seq", [chain]) { row in
            QuarantinedRow(sequence: try row.get("seq"), reason: try value(try row.get("reason"), "reason"))
        }
    }

    func branches(of chain: Int64) throws -> [BranchRow] {
        try all("SELECT * FROM branch WHERE chain = ? ORDER BY number, first, last_hash", [chain]) { row in
            BranchRow(
                chain: chain, first: try row.get("first"), last: try row.get("last"),
                lastHash: try row.get("last_hash"),
                reason: try value(try row.get("reason"), "reason"), received: try row.get("received"),
                checkpoint: try row.get("checkpoint"),
                lines: try row.get("lines"))
        }
    }

    func code(_ identifier: String) throws -> CodeRow? {
        try one("SELECT * FROM enrolment_code WHERE identifier = ?", [identifier]) { row in
            CodeRow(
                identifier: identifier, characters: try row.optional("characters"),
                kiosk: try kioskID(try row.get("kiosk")),
                expires: try row.get("expires"), tries: try row.get("tries"), proof: try row.optional("proof"),
                answer: try row.optional("answer"))
        }
    }

    func heartbeat(_ kiosk: KioskID) throws -> HeartbeatRow? {
        try one("SELECT * FROM heartbeat WHERE kiosk = ?", [kiosk.rawValue]) { row in
            let marks: String = try row.get("marks")
            return HeartbeatRow(
                kiosk: kiosk, epoch: try row.get("epoch"), received: try row.get("received"),
                unsent: try row.get("unsent"),
                marks: (try? JSONDecoder().decode([String].self, from: Data(marks.utf8))) ?? [],
                program: try row.get("program"), wall: try row.get("wall"),
                clock: try value(try row.get("clock"), "clock"))
        }
    }

    func maintenance(of kiosk: KioskID) throws -> MaintenanceRow? {
        try one("SELECT * FROM maintenance WHERE kiosk = ?", [kiosk.rawValue]) { row in
            MaintenanceRow(
                kiosk: kiosk, number: try row.get("number"), until: try row.get("until"), note: try row.get("note"))
        }
    }

    func events(limit: Int) throws -> [EventRow] {
        try all("SELECT * FROM event ORDER BY id DESC LIMIT ?", [limit], event)
    }

    func forEachEvent(after count: Int, _ body: (EventRow) throws -> Void) throws {
        let cursor = try rows("SELECT * FROM event ORDER BY id LIMIT -1 OFFSET ?", [count])
        while let row = try cursor.next() { try body(try event(row)) }
    }

    private func event(_ row: Row) throws -> EventRow {
        let kiosk: String = try row.get("kiosk")
        return EventRow(
            time: try row.get("time"), kind: try value(try row.get("kind"), "kind"),
            kiosk: kiosk.isEmpty ? nil : try kioskID(kiosk), epoch: try row.get("epoch"),
            message: try row.get("message"), seal: try row.get("seal"))
    }

    func lastHeads() throws -> HeadsRow? { try one("SELECT * FROM heads ORDER BY number DESC LIMIT 1", [], heads) }
    func heads(_ number: Int64) throws -> HeadsRow? { try one("SELECT * FROM heads WHERE number = ?", [number], heads) }
    func headsIndex() throws -> [HeadsRow] {
        try all("SELECT number, day, made, '' AS note FROM heads ORDER BY number", [], heads)
    }

    private func heads(_ row: Row) throws -> HeadsRow {
        HeadsRow(
            number: try row.get("number"), day: try row.get("day"), made: try row.get("made"),
            note: try row.get("note"))
    }

    func eventCounts() throws -> [EventRow.Kind: Int] {
        let counts = try all("SELECT kind, count(*) AS n FROM event GROUP BY kind") { row in
            (try value(try row.get("kind"), "kind") as EventRow.Kind, try row.get("n") as Int)
        }
        return Dictionary(counts) { $0 + $1 }
    }

    func offices() throws -> [Place] { try places("office") }
    func services() throws -> [Place] { try places("service") }

    private func places(_ table: String) throws -> [Place] {
        try all("SELECT id, name FROM \(table) ORDER BY id") { Place(id: try $0.get("id"), name: try $0.get("name")) }
    }

    func storageFaults() throws -> [String] {
        try String.fetchAll(db, sql: "PRAGMA integrity_check(20)").filter { $0 != "ok" }
    }

    func orphans() throws -> [String] {
        let tables = ["record", "arrival", "boot_contact", "branch", "session", "answer", "quarantine", "journal_key"]
        let chains = try tables.flatMap { table in
            try all("SELECT DISTINCT chain FROM \(table) WHERE chain NOT IN (SELECT chain FROM epoch)") { row in
                let chain: Int64 = try row.get("chain")
                return "table \(table) has rows of chain \(chain), which no epoch has"
            }
        }
        let kiosks = try all("SELECT kiosk, epoch FROM epoch WHERE kiosk NOT IN (SELECT id FROM kiosk)") { row in
            let (kiosk, epoch): (String, Int) = (try row.get("kiosk"), try row.get("epoch"))
            return "kiosk \(kiosk) is missing in the table of kiosks, and its epoch \(epoch) is here"
        }
        return chains + kiosks
    }
}

// MARK: - Columns

extension SQLiteAccess {
    private func place(_ row: Row) throws -> KioskPlace {
        KioskPlace(office: try row.get("office"), service: try row.get("service"), window: try row.get("window"))
    }

    private func kioskID(_ text: String) throws -> KioskID {
        guard let id = KioskID(rawValue: text) else { throw damaged("the kiosk id \"\(text)\"") }
        return id
    }

    private func sessionID(_ text: String) throws -> SessionID {
        guard let id = SessionID(rawValue: text) else { throw damaged("the session id \"\(text)\"") }
        return id
    }

    private func value<Value: RawRepresentable<String>>(_ text: String, _ column: String) throws -> Value {
        guard let value = Value(rawValue: text) else { throw damaged("\"\(text)\" as \(column)") }
        return value
    }

    private func optional<Value: RawRepresentable<String>>(_ text: String?, _ column: String) throws -> Value? {
        guard let text else { return nil }
        return try value(text, column) as Value
    }

    private func key(_ text: String) throws -> PublicKey {
        guard let key = PublicKey(base64: text) else { throw damaged("the key \"\(text)\"") }
        return key
    }

    private func epoch(_ row: Row) throws -> EpochRow {
        let kiosk = try kioskID(try row.get("kiosk"))
        guard let hash = ChainHash(base64: try row.get("head_hash")) else { throw damaged("an unreadable head hash") }
        let head = ChainHead(
            kiosk: kiosk.rawValue, epoch: try row.get("epoch"), sequence: try row.get("head_seq"), hash: hash)
        var epoch = EpochRow(
            chain: try row.get("chain"), kiosk: kiosk, epoch: try row.get("epoch"), place: try place(row),
            journalKey: try key(try row.get("journal_key")), transportKey: try key(try row.get("transport_key")),
            certificate: try row.get("certificate"), collectorNonce: try row.get("collector_nonce"),
            origin: try value(try row.get("origin"), "origin"), opened: try row.get("opened"),
            seal: try row.get("seal"),
            state: try value(try row.get("state"), "state"), head: head, claim: try claim(row),
            receipt: try row.optional("receipt"),
            floor: try row.get("floor"), received: try row.optional("received"), branches: try row.get("branches"),
            stateSeal: try row.get("state_seal"))
        try readKeys(of: &epoch)
        return epoch
    }

    /// A row that does not follow is left to `verify`, which derives them again; by it no signature counts.
    private func readKeys(of epoch: inout EpochRow) throws {
        let changes = try all("SELECT seq, note FROM journal_key WHERE chain = ? ORDER BY seq", [epoch.chain]) { row in
            (try row.get("seq") as Int64, try row.get("note") as String)
        }
        for (sequence, note) in changes {
            guard let succession = try? KeySuccession(parsing: note) else { continue }
            try? epoch.keys.take(succession, at: sequence)
        }
    }

    func transportSuccessions(of kiosk: KioskID) throws -> [TransportRow] {
        try all("SELECT * FROM transport_key WHERE kiosk = ? ORDER BY id", [kiosk.rawValue]) { row in
            let note: String = try row.get("note")
            guard let succession = try? KeySuccession(parsing: note) else {
                throw damaged("an unreadable succession of a transport key")
            }
            return TransportRow(succession: succession, received: try row.get("received"))
        }
    }

    private func claim(_ row: Row) throws -> HeadClaim? {
        guard let note: String = try row.optional("claim_note"), let sequence: Int64 = try row.optional("claim_seq"),
            let created: Int64 = try row.optional("claim_created"), let boot: Int = try row.optional("claim_boot"),
            let milliseconds: Int64 = try row.optional("claim_boot_ms")
        else { return nil }
        return HeadClaim(note: note, sequence: sequence, created: created, boot: boot, bootMilliseconds: milliseconds)
    }

    private func session(_ row: Row) throws -> SessionRow {
        let flags: String? = try row.optional("flags")
        return SessionRow(
            session: try sessionID(try row.get("session")), shownSequence: try row.get("shown_seq"),
            place: try place(row),
            questionnaire: try row.get("questionnaire"), language: try row.get("language"),
            source: try value(try row.get("source"), "source"),
            placed: try row.get("placed"), uncertainty: try row.get("uncertainty"),
            overall: try row.optional("overall"),
            outcome: try optional(try row.optional("outcome"), "outcome"),
            flags: flags?.split(separator: " ").map(String.init) ?? [])
    }
}
