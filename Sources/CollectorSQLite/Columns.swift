import Collecting
import GRDB

extension Row {
    /// The value of a column that this program always writes. GRDB's subscript would stop the program on a value of
    /// another type, and a damaged file can hold any; this throws `StoreError`.
    func get<Value: DatabaseValueConvertible>(_ column: String) throws -> Value {
        guard let value = Value.fromDatabaseValue(try stored(column)) else { throw Self.damaged(column) }
        return value
    }

    func get<Value: DatabaseValueConvertible>(at index: Int) throws -> Value {
        let stored: DatabaseValue = self[index]
        guard let value = Value.fromDatabaseValue(stored) else { throw Self.damaged("\(index)") }
        return value
    }

    /// The value of a column that may be NULL.
    func optional<Value: DatabaseValueConvertible>(_ column: String) throws -> Value? {
        let stored = try stored(column)
        if stored.isNull { return nil }
        guard let value = Value.fromDatabaseValue(stored) else { throw Self.damaged(column) }
        return value
    }

    private func stored(_ column: String) throws -> DatabaseValue {
        guard hasColumn(column) else { throw Self.damaged(column) }
        return self[column]
    }

    private static func damaged(_ column: String) -> StoreError {
        StoreError(
            code: "SQLITE_CORRUPT",
            message:
                "the collector's store holds something in column \(column) that this program never wrote; stop the "
                + "collector, keep the file, and restore a backup")
    }
}
