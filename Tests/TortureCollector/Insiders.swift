import FakeKiosk
import Foundation
import GRDB
import Ledger
import Ratings
import SeededRandom

@testable import Collecting
@testable import CollectorSQLite

/// Somebody who owns the database and the collector's own key: after the change everything that needs no kiosk's key is
/// made anew (hashes, heads, seals, the lists of heads in the store), so that the store is whole in itself.
struct Insider: Sendable {
    var name: String
    /// Changes the rows; gives the range of records in which the first bad one lies, if there is one.
    var strike: @Sendable (inout Insiders, inout SplitMix) throws -> (chain: Int64, range: ClosedRange<Int64>)?

    static let all: [Insider] = [
        Insider(name: "a mark changed, the chain after it computed anew") { rows, random in
            let (chain, sequence) = try rows.answer(&random)
            try rows.rewrite(chain, from: sequence) { line, at in
                at == sequence ? line.replacingOccurrences(of: "\"value\":", with: "\"value\":1") : line
            }
            return (chain, sequence...sequence)
        },
        Insider(name: "the tail cut at a batch") { rows, random in
            let (chain, arrival) = try rows.arrival(&random, "first > 1")
            let first = arrival.first
            try rows.cut(chain, from: first)
            return (chain, first...first)
        },
        Insider(name: "a batch with another time") { rows, random in
            let (chain, arrival) = try rows.arrival(&random)
            try rows.sql(
                "UPDATE arrival SET received = received - 90000000 WHERE chain = ? AND first = ?",
                [chain, arrival.first])
            return (chain, arrival.first...arrival.first)
        },
        Insider(name: "a batch with other clocks") { rows, random in
            let (chain, arrival) = try rows.arrival(&random)
            try rows.sql(
                "UPDATE arrival SET clocks = replace(clocks, '=17', '=16') WHERE chain = ? AND first = ?",
                [chain, arrival.first])
            return (chain, arrival.first...arrival.first)
        },
        Insider(name: "two batches made one") { rows, random in
            let (chain, arrival) = try rows.arrival(&random, "first > 1")
            let before = try rows.number(
                "SELECT max(first) FROM arrival WHERE chain = ? AND first < ?", [chain, arrival.first])
            try rows.sql("DELETE FROM arrival WHERE chain = ? AND first = ?", [chain, before])
            try rows.sql("UPDATE arrival SET first = ? WHERE chain = ? AND first = ?", [before, chain, arrival.first])
            return (chain, before...before)
        },
        Insider(name: "a kiosk dropped, the others numbered anew") { rows, random in
            let chain = try rows.chain(&random)
            let kiosk = try rows.text("SELECT kiosk FROM epoch WHERE chain = ?", chain)
            for gone in try rows.numbers("SELECT chain FROM epoch WHERE kiosk = ?", kiosk) { try rows.drop(gone) }
            try rows.sql("DELETE FROM kiosk WHERE id = ?", [kiosk])
            rows.isRemoved = ChainName(kiosk: try rows.kiosk(kiosk), epoch: 1)
            return nil
        },
        Insider(name: "an epoch dropped") { rows, random in
            let chain = try rows.chain(&random)
            let kiosk = try rows.text("SELECT kiosk FROM epoch WHERE chain = ?", chain)
            let epoch = try rows.number("SELECT epoch FROM epoch WHERE chain = ?", [chain])
            try rows.drop(chain)
            rows.isRemoved = ChainName(kiosk: try rows.kiosk(kiosk), epoch: Int(epoch))
            return nil
        },
        Insider(name: "another office") { rows, random in
            let chain = try rows.chain(&random)
            let kiosk = try rows.text("SELECT kiosk FROM epoch WHERE chain = ?", chain)
            try rows.sql("UPDATE epoch SET office = office || 'x' WHERE kiosk = ?", [kiosk])
            try rows.sql("UPDATE kiosk SET office = office || 'x' WHERE id = ?", [kiosk])
            return nil
        },
        Insider(name: "offices called otherwise") { rows, _ in
            try rows.sql("UPDATE office SET name = name || '!'", [])
            return nil
        },
        Insider(name: "trusted again after it was revoked, closed or superseded") { rows, random in
            let closed = try rows.numbers("SELECT chain FROM epoch WHERE state <> 'open' ORDER BY chain", nil)
            let chain = closed[Int(random.next() % UInt64(closed.count))]
            try rows.sql("UPDATE epoch SET state = 'open' WHERE chain = ?", [chain])
            return nil
        },
        Insider(name: "evidence of a fork taken out") { rows, _ in
            try rows.sql("DELETE FROM branch", [])
            try rows.sql("UPDATE epoch SET branches = 0", [])
            return nil
        },
        Insider(name: "an alarm taken out") { rows, random in
            let count = try rows.number("SELECT count(*) FROM event", [])
            let offset = Int64(random.next() % UInt64(count))
            try rows.sql("DELETE FROM event WHERE id = (SELECT id FROM event ORDER BY id LIMIT 1 OFFSET ?)", [offset])
            return nil
        },
        Insider(name: "a whole epoch written anew under a key of one's own") { rows, random in
            let chain = try rows.chain(&random)
            try rows.forge(chain)
            return (chain, 1...1)
        },
        Insider(name: "a list of heads in the store left out") { rows, random in
            rows.listsKept = Int(random.next() % 3)
            return nil
        },
    ]
}

/// The rows of a store in the hands of an insider.
struct Insiders {
    let db: Database
    let identity: CollectorIdentity
    /// The epoch that is no more.
    var isRemoved: ChainName?
    /// How many of the lists in the store are left and signed anew; nothing leaves as many as there were.
    var listsKept: Int?
    private var forged: [Int64: SigningKey] = [:]

    init(db: Database, identity: CollectorIdentity) {
        self.db = db
        self.identity = identity
    }

    private var access: SQLiteAccess { SQLiteAccess(db: db, path: "store") }

    func sql(_ sql: String, _ arguments: [any DatabaseValueConvertible]) throws {
        try db.execute(sql: sql, arguments: StatementArguments(arguments))
    }
    func number(_ sql: String, _ arguments: [any DatabaseValueConvertible]) throws -> Int64 {
        try Int64.fetchOne(db, sql: sql, arguments: StatementArguments(arguments)) ?? 0
    }
    func numbers(_ sql: String, _ argument: String?) throws -> [Int64] {
        try Int64.fetchAll(db, sql: sql, arguments: StatementArguments(argument.map { [$0] } ?? []))
    }
    func text(_ sql: String, _ argument: Int64) throws -> String {
        try String.fetchOne(db, sql: sql, arguments: [argument]) ?? ""
    }
    func kiosk(_ text: String) throws -> KioskID {
        guard let id = KioskID(rawValue: text) else { throw DatabaseError(message: "no kiosk \(text)") }
        return id
    }

    func chain(_ random: inout SplitMix) throws -> Int64 {
        let chains = try numbers("SELECT chain FROM epoch WHERE head_seq > 0 ORDER BY chain", nil)
        return chains[Int(random.next() % UInt64(chains.count))]
    }

    func answer(_ random: inout SplitMix) throws -> (Int64, Int64) {
        let rows = try Row.fetchAll(
            db, sql: "SELECT chain, seq FROM answer WHERE value IS NOT NULL ORDER BY chain, seq")
        let row = rows[Int(random.next() % UInt64(rows.count))]
        return (row["chain"], row["seq"])
    }

    func arrival(_ random: inout SplitMix, _ condition: String = "TRUE") throws -> (Int64, ArrivalRow) {
        let rows = try Row.fetchAll(
            db, sql: "SELECT chain, first FROM arrival WHERE \(condition) ORDER BY chain, first")
        let row = rows[Int(random.next() % UInt64(rows.count))]
        let (chain, first): (Int64, Int64) = (row["chain"], row["first"])
        guard let arrival = try access.arrivals(of: chain).first(where: { $0.first == first }) else {
            throw DatabaseError(message: "no arrival")
        }
        return (chain, arrival)
    }

    /// Changes lines and computes every `prev` after them anew.
    func rewrite(_ chain: Int64, from sequence: Int64, _ change: (String, Int64) -> String) throws {
        guard let epoch = try access.epochs().first(where: { $0.chain == chain }) else { return }
        var previous = epoch.genesis.hash
        var lines: [(Int64, Data)] = []
        try access.forEachLine(of: chain) { lines.append(($0, $1)) }
        for (at, line) in lines {
            var new = line
            if at >= sequence {
                var text = change(String(decoding: line, as: UTF8.self), at)
                if let header = try? RecordHeader(line: line) {
                    text = text.replacingOccurrences(of: header.previous, with: previous.base64)
                }
                new = Data(text.utf8)
                try db.execute(
                    sql: "UPDATE record SET line = ? WHERE chain = ? AND seq = ?", arguments: [new, chain, at])
            }
            previous = ChainHash(of: new)
        }
        try sql("UPDATE epoch SET head_hash = ? WHERE chain = ?", [previous.base64, chain])
    }

    func cut(_ chain: Int64, from first: Int64) throws {
        for (table, column) in [
            ("record", "seq"), ("arrival", "first"), ("answer", "seq"), ("quarantine", "seq"), ("session", "shown_seq"),
        ] {
            try sql("DELETE FROM \(table) WHERE chain = ? AND \(column) >= ?", [chain, first])
        }
        let line = try access.line(chain, first - 1) ?? Data()
        try sql(
            "UPDATE epoch SET head_seq = ?, head_hash = ?, claim_note = NULL, claim_seq = NULL, receipt = NULL "
                + "WHERE chain = ?", [first - 1, ChainHash(of: line).base64, chain])
    }

    func drop(_ chain: Int64) throws {
        for table in ["record", "arrival", "boot_contact", "branch", "session", "answer", "quarantine", "epoch"] {
            try sql("DELETE FROM \(table) WHERE chain = ?", [chain])
        }
    }

    /// Another journal key, and every line and checkpoint made with it.
    mutating func forge(_ chain: Int64) throws {
        let key = SigningKey()
        forged[chain] = key
        try sql(
            "UPDATE epoch SET journal_key = ?, claim_note = NULL, claim_seq = NULL, receipt = NULL, branches = 0 WHERE chain = ?",
            [key.publicKey.base64, chain])
        try sql("DELETE FROM branch WHERE chain = ?", [chain])
        try rewrite(chain, from: 1) { line, _ in line.replacingOccurrences(of: "\"value\":1", with: "\"value\":5") }
        for arrival in try access.arrivals(of: chain) {
            guard let epoch = try access.epochs().first(where: { $0.chain == chain }),
                let line = try access.line(chain, arrival.last)
            else { continue }
            let head = ChainHead(
                kiosk: epoch.kiosk.rawValue, epoch: epoch.epoch, sequence: arrival.last, hash: ChainHash(of: line))
            let note = try Checkpoint(head: head, signedWith: key).serialized
            try sql("UPDATE arrival SET checkpoint = ? WHERE chain = ? AND first = ?", [note, chain, arrival.first])
        }
    }

    /// Numbers the chains without a gap and makes every seal anew.
    func reseal() throws {
        for (index, old) in try numbers("SELECT chain FROM epoch ORDER BY chain", nil).enumerated() {
            let new = Int64(index) + 1
            if old == new { continue }
            for table in ["record", "arrival", "boot_contact", "branch", "session", "answer", "quarantine", "epoch"] {
                try sql("UPDATE \(table) SET chain = ? WHERE chain = ?", [new, old])
            }
        }
        var previous = ""
        for var epoch in try access.epochs() {
            epoch.seal = try Seal.sign(Seal.text(of: epoch, after: previous), with: identity.key)
            previous = epoch.seal
            epoch.stateSeal = try Seal.sign(Seal.text(ofStateOf: epoch), with: identity.key)
            try access.update(epoch)
            try sql("UPDATE epoch SET seal = ? WHERE chain = ?", [epoch.seal, epoch.chain])
            for arrival in try access.arrivals(of: epoch.chain) {
                let seal = try Seal.sign(Seal.text(of: arrival), with: identity.key)
                try sql(
                    "UPDATE arrival SET seal = ? WHERE chain = ? AND first = ?", [seal, epoch.chain, arrival.first])
            }
        }
    }
}
