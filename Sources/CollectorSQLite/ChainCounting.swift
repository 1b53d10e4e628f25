import Collecting
import GRDB

extension SQLiteAccess {
    func chainCounts() throws -> [Int64: ChainCounts] {
        var counts: [Int64: ChainCounts] = [:]
        // The batch of a session is the newest one that begins no later than the record that shows it.
        try each(
            """
            SELECT chain, count(*) AS n, sum(uncertainty > 0) AS uncertain, sum((
                SELECT received FROM arrival WHERE arrival.chain = session.chain AND first <= shown_seq
                ORDER BY first DESC LIMIT 1) - placed > ?) AS late
            FROM session GROUP BY chain
            """, [ChainCounts.lateMilliseconds]
        ) { row, chain in
            counts[chain, default: ChainCounts()].sessions = try row.get("n")
            counts[chain, default: ChainCounts()].uncertain = try row.get("uncertain")
            counts[chain, default: ChainCounts()].late = try row.optional("late") ?? 0
        }
        try each("SELECT chain, count(*) AS n FROM branch WHERE reason = 'fork' GROUP BY chain") { row, chain in
            counts[chain, default: ChainCounts()].forks = try row.get("n")
        }
        try each("SELECT chain, count(*) AS n FROM branch WHERE reason = 'revoked' GROUP BY chain") { row, chain in
            counts[chain, default: ChainCounts()].afterRevocation = try row.get("n")
        }
        try each(
            """
            SELECT chain, event.kind AS kind, count(*) AS n FROM event
            JOIN epoch ON epoch.kiosk = event.kiosk AND epoch.epoch = event.epoch GROUP BY chain, event.kind
            """
        ) { row, chain in
            let kind: String = try row.get("kind")
            guard let kind = EventRow.Kind(rawValue: kind) else { return }
            counts[chain, default: ChainCounts()].events[kind] = try row.get("n")
        }
        return counts
    }

    private func each(
        _ sql: String, _ arguments: StatementArguments = [], _ take: (Row, Int64) throws -> Void
    ) throws {
        let cursor = try Row.fetchCursor(db, sql: sql, arguments: arguments)
        while let row = try cursor.next() { try take(row, try row.get("chain")) }
    }
}
