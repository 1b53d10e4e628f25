import FoundationEssentials
import GRDBSQLite

/// What failed in SQLite, for a bench: it stops.
struct SQLiteFailure: Error, CustomStringConvertible {
    var description: String
}

/// The rows of a collector's store, held in memory and written again by prepared inserts.
final class RowCopy {
    /// One value, or the place of its bytes in the arena.
    private enum Cell {
        case null
        case integer(Int64)
        case text(Int, Int)
        case blob(Int, Int)
    }

    private struct Insert {
        var table: Int
        var cells: [Cell]
    }

    private let database: OpaquePointer
    private var statements: [OpaquePointer] = []
    private var arena: [UInt8] = []
    /// One element for each batch.
    private var batches: [[Insert]] = []
    private(set) var records = 0

    /// Which rows one arrival brought, in the order in which the store writes them.
    private static let tables: [(name: String, rows: String)] = [
        ("record", "SELECT * FROM record WHERE chain = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq"),
        ("arrival", "SELECT * FROM arrival WHERE chain = ?1 AND first = ?2 AND ?3 > 0"),
        ("session", "SELECT * FROM session WHERE chain = ?1 AND shown_seq BETWEEN ?2 AND ?3 ORDER BY shown_seq"),
        ("answer", "SELECT * FROM answer WHERE chain = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq"),
        ("quarantine", "SELECT * FROM quarantine WHERE chain = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq"),
    ]

    init(from source: String, to target: String) throws {
        let store = try Self.open(source)
        defer { sqlite3_close(store) }
        for name in [target, target + "-wal", target + "-shm"] { try? FileManager.default.removeItem(atPath: name) }
        database = try Self.open(target)
        try Self.run(
            database,
            """
            PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 2000;
            PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -2048; PRAGMA mmap_size = 0;
            PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF
            """)
        try load(store)
    }

    deinit {
        for statement in statements { sqlite3_finalize(statement) }
        sqlite3_close(database)
    }

    /// Inserts everything, one commit for each batch.
    func write() throws {
        try arena.withUnsafeBytes { arena in
            for batch in batches {
                try Self.run(database, "BEGIN IMMEDIATE")
                for row in batch { try insert(row, arena) }
                try Self.run(database, "COMMIT")
            }
        }
    }

    private func insert(_ row: Insert, _ arena: UnsafeRawBufferPointer) throws {
        let statement = statements[row.table]
        for (index, cell) in row.cells.enumerated() {
            let column = Int32(index + 1)
            switch cell {
            case .null: sqlite3_bind_null(statement, column)
            case .integer(let value): sqlite3_bind_int64(statement, column, value)
            case .text(let start, let count):
                let text = arena.baseAddress?.advanced(by: start).assumingMemoryBound(to: CChar.self)
                sqlite3_bind_text(statement, column, text, Int32(count), nil)
            case .blob(let start, let count):
                sqlite3_bind_blob(statement, column, arena.baseAddress?.advanced(by: start), Int32(count), nil)
            }
        }
        guard sqlite3_step(statement) == SQLITE_DONE else { throw Self.failure(database) }
        sqlite3_reset(statement)
    }

    // MARK: - Reading the store

    private func load(_ store: OpaquePointer) throws {
        var arrivals: [(Int64, Int64, Int64)] = []
        try Self.each(store, "SELECT chain, first, last FROM arrival ORDER BY received, first, chain", []) { row in
            arrivals.append((sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1), sqlite3_column_int64(row, 2)))
        }
        for table in Self.tables {
            try Self.each(
                store, "SELECT sql FROM sqlite_master WHERE tbl_name = '\(table.name)' AND sql IS NOT NULL", []
            ) {
                try Self.run(database, String(cString: sqlite3_column_text($0, 0)))
            }
        }
        var columns = Array(repeating: 0, count: Self.tables.count)
        for arrival in arrivals {
            var batch: [Insert] = []
            for (index, table) in Self.tables.enumerated() {
                try Self.each(store, table.rows, [arrival.0, arrival.1, arrival.2]) { row in
                    columns[index] = Int(sqlite3_column_count(row))
                    batch.append(Insert(table: index, cells: (0..<columns[index]).map { cell(row, Int32($0)) }))
                }
            }
            records += Int(arrival.2 - arrival.1 + 1)
            batches.append(batch)
        }
        for (index, table) in Self.tables.enumerated() {
            let marks = Array(repeating: "?", count: max(columns[index], 1)).joined(separator: ", ")
            let sql =
                columns[index] == 0 ? "SELECT 1" : "INSERT INTO \(table.name) VALUES (\(marks))"
            statements.append(try Self.prepare(database, sql))
        }
    }

    private func cell(_ row: OpaquePointer, _ column: Int32) -> Cell {
        switch sqlite3_column_type(row, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(row, column))
        case SQLITE_TEXT: return .text(arena.count, append(row, column))
        case SQLITE_BLOB: return .blob(arena.count, append(row, column))
        default: return .null
        }
    }

    private func append(_ row: OpaquePointer, _ column: Int32) -> Int {
        let count = Int(sqlite3_column_bytes(row, column))
        arena.append(contentsOf: UnsafeRawBufferPointer(start: sqlite3_column_blob(row, column), count: count))
        return count
    }

    // MARK: - SQLite

    private static func open(_ path: String) throws -> OpaquePointer {
        var database: OpaquePointer?
        guard sqlite3_open(path, &database) == SQLITE_OK, let database else {
            throw SQLiteFailure(description: "\(path) cannot be opened")
        }
        return database
    }

    private static func prepare(_ database: OpaquePointer, _ sql: String) throws -> OpaquePointer {
        var statement: OpaquePointer?
        guard sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK, let statement else {
            throw failure(database)
        }
        return statement
    }

    private static func run(_ database: OpaquePointer, _ sql: String) throws {
        guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else { throw failure(database) }
    }

    private static func each(
        _ database: OpaquePointer, _ sql: String, _ values: [Int64], _ body: (OpaquePointer) throws -> Void
    ) throws {
        let statement = try prepare(database, sql)
        defer { sqlite3_finalize(statement) }
        for (index, value) in values.enumerated() { sqlite3_bind_int64(statement, Int32(index + 1), value) }
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: try body(statement)
            case SQLITE_DONE: return
            default: throw failure(database)
            }
        }
    }

    private static func failure(_ database: OpaquePointer) -> SQLiteFailure {
        SQLiteFailure(description: "SQLite: \(String(cString: sqlite3_errmsg(database)))")
    }
}
