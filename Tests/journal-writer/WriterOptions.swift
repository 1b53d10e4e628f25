/// The command line of journal-writer.
struct WriterOptions {
    var directory = ""
    var count = Int.max
    var first: UInt64 = 0
    var receipts = false
    var rounds = 1
    var enrol = false
    var wrong: Wrong?

    init?(_ words: ArraySlice<String>) {
        var words = words
        guard let directory = words.popFirst() else { return nil }
        self.directory = directory
        while let word = words.popFirst() {
            switch word {
            case "--receipts": receipts = true
            case "--enrol": enrol = true
            case "--first":
                guard let value = words.popFirst().flatMap({ UInt64($0) }) else { return nil }
                first = value
            case "--rounds":
                guard let value = words.popFirst().flatMap({ Int($0) }) else { return nil }
                rounds = value
            case "--wrong":
                guard let value = words.popFirst().flatMap({ Wrong(rawValue: $0) }) else { return nil }
                wrong = value
            default:
                guard let value = Int(word) else { return nil }
                count = value
            }
        }
    }
}

/// What a torture must catch: the real journal, used wrongly.
enum Wrong: String {
    /// Says thanks while the record is still on its way.
    case thanksBeforeCommit = "thanks-before-commit"
    /// SQLite's setting under which a commit in the write-ahead log is not synchronised.
    case synchronousNormal = "synchronous=NORMAL"
    /// Compacts what no receipt is for: the receipt is only said.
    case receiptInMemory = "receipt-in-memory"
    /// Says thanks although the store failed, opens the journal again and goes on.
    case failureThanked = "failure-thanked"
    /// Takes no lock, neither the directory's nor SQLite's.
    case noLocks = "no-locks"
    /// Lays a new store out without a transaction, and says that it is done before it is.
    case piecemealMigration = "piecemeal-migration"
}
