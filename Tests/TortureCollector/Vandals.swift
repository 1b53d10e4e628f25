import FakeKiosk
import Foundation
import GRDB
import Ledger
import SeededRandom

/// One way to change a store behind the collector's back.
public struct Vandal: Sendable, CustomStringConvertible {
    /// Which record is the first bad one, where the change has one.
    public struct Mark: Equatable, Sendable {
        public var chain: Int64
        public var sequence: Int64
    }

    public var name: String
    public var strike: @Sendable (Database, inout SplitMix) throws -> Mark?
    /// Whether an export shows it; what does not stand there (derived rows, a kiosk's own row) only the store's own
    /// verify finds.
    public var isExported = true

    public var description: String { name }

    /// Runs `sql` over one random row of a table; the row's chain and the column `sequence` mark it.
    static func row(
        _ table: String, _ change: String, sequence: String? = nil, where condition: String = "TRUE"
    ) -> Vandal {
        Vandal(name: "\(table): \(change)\(condition == "TRUE" ? "" : " where \(condition)")") { db, random in
            let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table) WHERE \(condition)") ?? 0
            guard count > 0 else { throw DatabaseError(message: "nothing to change in \(table) where \(condition)") }
            let offset = Int(random.next() % UInt64(count))
            let keys = try String.fetchAll(
                db, sql: "SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", arguments: [table])
            let columns = keys + ["chain", sequence ?? "0"]
            let row = try Row.fetchOne(
                db,
                sql: "SELECT \(columns.joined(separator: ", ")) FROM \(table) WHERE \(condition) "
                    + "ORDER BY \(keys.joined(separator: ", ")) LIMIT 1 OFFSET \(offset)")
            guard let row else { return nil }
            let matching = keys.map { "\($0) = ?" }.joined(separator: " AND ")
            let arguments = StatementArguments((0..<keys.count).map { row[$0] as DatabaseValue })
            let verb = change == "DELETE" ? "DELETE FROM \(table)" : "UPDATE \(table) SET \(change)"
            try db.execute(sql: "\(verb) WHERE \(matching)", arguments: arguments)
            guard db.changesCount == 1 else { throw DatabaseError(message: "nothing was changed") }
            return sequence == nil ? nil : Mark(chain: row[keys.count], sequence: row[keys.count + 1])
        }
    }
}

extension Vandal {
    public static let all: [Vandal] =
        records + batches + epochs + evidence + (kiosks + derived + [extra]).map { $0.inStoreOnly }

    private var inStoreOnly: Vandal {
        var vandal = self
        vandal.isExported = false
        return vandal
    }

    private static let records: [Vandal] = [
        .row("record", "DELETE", sequence: "seq"),
        .row("record", "line = CAST(replace(line, '\"v\":1', '\"v\":2') AS BLOB)", sequence: "seq"),
        .row("record", "line = CAST(line || ' ' AS BLOB)", sequence: "seq"),
        .row("record", "line = x''", sequence: "seq"),
        .row("record", "line = zeroblob(300)", sequence: "seq"),
        .row(
            "record", "line = CAST(replace(line, 'answered', 'timeout') AS BLOB)", sequence: "seq",
            where: "instr(line, CAST('answered' AS BLOB)) > 0"),
        .row("record", "seq = seq + 1000", sequence: "seq"),
        .row("record", "chain = chain + 1000", sequence: "seq"),
        Vandal(name: "record: one bit of a line") { db, random in
            let (mark, line) = try pick(db, &random)
            var bytes = line
            bytes[Int(random.next() % UInt64(line.count))] ^= UInt8(1 << (random.next() % 7))
            try store(bytes, mark, db)
            return mark
        },
        Vandal(name: "record: another prev") { db, random in
            let (mark, line) = try pick(db, &random)
            var text = String(decoding: line, as: UTF8.self)
            guard let range = text.range(of: "\"prev\":\"") else { return nil }
            let next = text[range.upperBound] == "A" ? "B" : "A"
            text.replaceSubrange(range.upperBound...range.upperBound, with: next)
            try store(Data(text.utf8), mark, db)
            return mark
        },
        Vandal(name: "record: two exchanged") { db, random in
            let (mark, line) = try pick(db, &random)
            let other = Mark(chain: mark.chain, sequence: mark.sequence == 1 ? 2 : mark.sequence - 1)
            let second = try Data.fetchOne(
                db, sql: "SELECT line FROM record WHERE chain = ? AND seq = ?",
                arguments: [other.chain, other.sequence])
            try store(second ?? Data(), mark, db)
            try store(line, other, db)
            return Mark(chain: mark.chain, sequence: min(mark.sequence, other.sequence))
        },
        Vandal(name: "record: the tail cut") { db, random in
            let (mark, _) = try pick(db, &random)
            try db.execute(
                sql: "DELETE FROM record WHERE chain = ? AND seq >= ?", arguments: [mark.chain, mark.sequence])
            return mark
        },
        Vandal(name: "record: a mark changed and the whole chain after it forged", strike: forge),
        Vandal(name: "the newest batch taken out everywhere") { db, random in
            let chain = try Int64.fetchAll(db, sql: "SELECT chain FROM arrival GROUP BY chain HAVING count(*) > 1")
            let chosen = chain[Int(random.next() % UInt64(chain.count))]
            let first =
                try Int64.fetchOne(db, sql: "SELECT max(first) FROM arrival WHERE chain = ?", arguments: [chosen]) ?? 0
            for (table, column) in [
                ("record", "seq"), ("arrival", "first"), ("answer", "seq"), ("quarantine", "seq"),
                ("session", "shown_seq"),
            ] {
                try db.execute(
                    sql: "DELETE FROM \(table) WHERE chain = ? AND \(column) >= ?", arguments: [chosen, first])
            }
            let line =
                try Data.fetchOne(
                    db, sql: "SELECT line FROM record WHERE chain = ? AND seq = ?", arguments: [chosen, first - 1])
                ?? Data()
            try db.execute(
                sql: "UPDATE epoch SET head_seq = ?, head_hash = ?, claim_note = NULL, receipt = NULL WHERE chain = ?",
                arguments: [first - 1, ChainHash(of: line).base64, chosen])
            return nil
        },
    ]

    /// An export ends at the head: nothing after it counts.
    private static let extra = Vandal(name: "record: one more after the head") { db, random in
        let (mark, line) = try pick(db, &random)
        let last =
            try Int64.fetchOne(db, sql: "SELECT max(seq) FROM record WHERE chain = ?", arguments: [mark.chain]) ?? 0
        try db.execute(
            sql: "INSERT INTO record (chain, seq, line) VALUES (?, ?, ?)", arguments: [mark.chain, last + 1, line])
        return Mark(chain: mark.chain, sequence: last + 1)
    }

    private static let batches: [Vandal] = [
        .row("arrival", "DELETE", sequence: "first"),
        .row("arrival", "received = received + 3600000", sequence: "first"),
        .row("arrival", "clocks = replace(clocks, '=1', '=2')", sequence: "first"),
        .row("arrival", "clocks = 'x'"),
        .row("arrival", "last = last - 1", sequence: "first", where: "last > first"),
        .row("arrival", "first = first + 1", sequence: "first", where: "last > first"),
        .row("arrival", "checkpoint = replace(checkpoint, 'otsenka/kiosk', 'otsenka/kioks')", sequence: "first"),
        .row(
            "arrival",
            "checkpoint = (SELECT o.checkpoint FROM arrival AS o WHERE o.checkpoint <> arrival.checkpoint LIMIT 1)",
            sequence: "first"),
        .row(
            "arrival", "seal = (SELECT o.seal FROM arrival AS o WHERE o.seal <> arrival.seal LIMIT 1)",
            sequence: "first"),
    ]

    private static let epochs: [Vandal] =
        [
            "office = office || 'x'", "service = service || 'x'", "window = window || 'x'",
            "journal_key = (SELECT o.journal_key FROM epoch AS o WHERE o.journal_key <> epoch.journal_key LIMIT 1)",
            "transport_key = (SELECT o.journal_key FROM epoch AS o LIMIT 1)",
            "journal_key = 'x'", "certificate = certificate || 'x'", "collector_nonce = collector_nonce || 'x'",
            "origin = CASE origin WHEN 'loss' THEN 'enrolment' ELSE 'loss' END", "opened = opened + 1",
            "epoch = epoch + 7",
            "seal = state_seal", "state = CASE state WHEN 'open' THEN 'closed' ELSE 'open' END", "state = 'nonsense'",
            "head_seq = head_seq - 1", "head_seq = head_seq + 1",
            "head_hash = (SELECT o.head_hash FROM epoch AS o WHERE o.head_hash <> epoch.head_hash LIMIT 1)",
            "floor = floor + 1", "received = received + 1", "branches = branches + 1", "state_seal = seal",
            "chain = chain + 50", "head_hash = 'x'",
        ].map { .row("epoch", $0) } + [
            .row("epoch", "claim_note = NULL", where: "claim_note IS NOT NULL"),
            .row("epoch", "claim_seq = claim_seq + 1", where: "claim_note IS NOT NULL"),
            .row("epoch", "claim_created = claim_created + 1", where: "claim_note IS NOT NULL"),
            .row("epoch", "receipt = NULL", where: "receipt IS NOT NULL"),
            .row("epoch", "receipt = claim_note", where: "receipt IS NOT NULL"),
            .row("epoch", "DELETE"),
            Vandal(name: "kiosk: dropped with all its rows but the epochs") { db, random in
                try drop(db, &random, alsoEpochs: false)
                return nil
            },
            Vandal(name: "kiosk: dropped with its epochs too") { db, random in
                try drop(db, &random, alsoEpochs: true)
                return nil
            },
            kiosk("row", "DELETE FROM kiosk WHERE id = ?"),
        ]

    private static let kiosks: [Vandal] = [
        kiosk("place", "UPDATE kiosk SET office = 'office-9' WHERE id = ?"),
        kiosk("revocation", "UPDATE kiosk SET revoked = CASE WHEN revoked IS NULL THEN 1 END WHERE id = ?"),
    ]

    private static let derived: [Vandal] =
        [
            "overall = CASE overall WHEN 5 THEN 1 ELSE 5 END",
            "outcome = CASE outcome WHEN 'timeout' THEN 'answered' ELSE 'timeout' END",
            "outcome = NULL", "placed = placed + 1", "placed = placed - 86400000", "uncertainty = uncertainty + 1",
            "office = office || 'x'", "service = 'x'", "window = 'x'", "questionnaire = 'x@1'", "language = 'en'",
            "source = CASE source WHEN 'queue' THEN 'ticket' ELSE 'queue' END", "flags = coalesce(flags, '') || 'x'",
            "outcome = 'nonsense'", "chain = chain + 1000", "DELETE",
        ].map { .row("session", $0, sequence: $0.contains("nonsense") ? nil : "shown_seq") } + [
            .row("session", "shown_seq = shown_seq + 1"), .row("session", "session = '0123456789abcdef'"),
            .row("session", "session = 'x'"),
        ]
        + [
            "value = CASE value WHEN 5 THEN 1 ELSE 5 END", "value = NULL", "placed = placed + 1",
            "question = 'waiting'",
            "session = '0123456789abcdef'", "pass = 'skip'", "DELETE", "chain = chain + 1000",
        ].map { .row("answer", $0, sequence: "seq") } + [
            .row("answer", "seq = seq + 500", sequence: "seq"),
            .row("quarantine", "DELETE", sequence: "seq"), .row("quarantine", "reason = 'bad_body'", sequence: "seq"),
            .row("quarantine", "seq = seq + 500"),
        ]

    private static let evidence: [Vandal] = [
        .row("branch", "DELETE"), .row("branch", "lines = CAST(replace(lines, '\"value\":1', '\"value\":5') AS BLOB)"),
        .row("branch", "last_hash = 'x'"), .row("branch", "first = first + 1"),
        .row("branch", "checkpoint = replace(checkpoint, 'hall', 'hell')"),
    ]
}

extension Vandal {
    private static func pick(_ db: Database, _ random: inout SplitMix) throws -> (Mark, Data) {
        let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM record") ?? 1
        let row = try Row.fetchOne(
            db, sql: "SELECT chain, seq, line FROM record ORDER BY chain, seq LIMIT 1 OFFSET ?",
            arguments: [Int(random.next() % UInt64(count))])
        guard let row else { throw DatabaseError(message: "no record") }
        return (Mark(chain: row["chain"], sequence: row["seq"]), row["line"])
    }

    private static func store(_ line: Data, _ mark: Mark, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE record SET line = ? WHERE chain = ? AND seq = ?", arguments: [line, mark.chain, mark.sequence])
    }

    /// Everything that can be forged without a kiosk's key: the lines after the changed one, and the head.
    @Sendable private static func forge(_ db: Database, _ random: inout SplitMix) throws -> Mark? {
        let answers = try Row.fetchAll(
            db, sql: "SELECT chain, seq FROM answer WHERE value IS NOT NULL ORDER BY chain, seq")
        let row = answers[Int(random.next() % UInt64(answers.count))]
        let mark = Mark(chain: row["chain"], sequence: row["seq"])
        let lines = try Row.fetchAll(
            db, sql: "SELECT seq, line FROM record WHERE chain = ? AND seq >= ? ORDER BY seq",
            arguments: [mark.chain, mark.sequence])
        var hashes: (old: String, new: String)?
        for row in lines {
            let sequence: Int64 = row["seq"]
            let old: Data = row["line"]
            var text = String(decoding: old, as: UTF8.self)
            if let hashes {
                text = text.replacingOccurrences(of: hashes.old, with: hashes.new)
            } else {
                text = text.replacingOccurrences(of: "\"value\":", with: "\"value\":1")
            }
            let new = Data(text.utf8)
            hashes = (Self.escaped(old), Self.escaped(new))
            try store(new, Mark(chain: mark.chain, sequence: sequence), db)
            try db.execute(
                sql: "UPDATE epoch SET head_hash = ? WHERE chain = ? AND head_seq = ?",
                arguments: [ChainHash(of: new).base64, mark.chain, sequence])
        }
        return nil
    }

    private static func escaped(_ line: Data) -> String { ChainHash(of: line).base64 }

    private static func kiosk(_ name: String, _ sql: String) -> Vandal {
        Vandal(name: "kiosk: \(name)") { db, random in
            let ids = try String.fetchAll(db, sql: "SELECT id FROM kiosk ORDER BY id")
            try db.execute(sql: sql, arguments: [ids[Int(random.next() % UInt64(ids.count))]])
            return nil
        }
    }

    private static func drop(_ db: Database, _ random: inout SplitMix, alsoEpochs: Bool) throws {
        // Without a list of heads nobody would miss the kiosk that was enrolled last.
        let kiosk = "hall-\(1 + random.next() % 4)"
        for table in ["record", "arrival", "boot_contact", "branch", "session", "answer", "quarantine"] {
            try db.execute(
                sql: "DELETE FROM \(table) WHERE chain IN (SELECT chain FROM epoch WHERE kiosk = ?)", arguments: [kiosk]
            )
        }
        if alsoEpochs { try db.execute(sql: "DELETE FROM epoch WHERE kiosk = ?", arguments: [kiosk]) }
        for table in ["heartbeat", "enrolment_code", "event"] {
            try db.execute(sql: "DELETE FROM \(table) WHERE kiosk = ?", arguments: [kiosk])
        }
        try db.execute(sql: "DELETE FROM kiosk WHERE id = ?", arguments: [kiosk])
    }
}
