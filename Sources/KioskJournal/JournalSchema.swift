// The store of a kiosk: one SQLite file, one connection (`reliability.md` §4).
//
// Constraints: a record that was acknowledged survives any crash and any power cut; a changed byte is found; nothing is
// deleted that the collector has not receipted; an auditor needs `sqlite3` and `sha256sum`. Format:
//   record   position → line. The position is epoch × 2^40 + sequence, so that new lines go to the end of one B-tree and
//            a commit changes two pages. The line is the record's JSON without its newline (RecordLine.swift).
//            The view `line` shows the two numbers apart.
//   epoch    one row for each chain: the enrolment that opened it, and the anchor, the record before the first one kept.
//   head     one row for each chain: its newest record. Changed in the transaction that stores the record.
//   receipt  the newest receipt of each epoch, and older ones about an hour apart, from which compaction takes the age.
//   journal_key, trusted_key   successions (Ledger.KeySuccession): of the journal key, with the `key` record that carries
//            each, and of the keys of others that this kiosk believes.
//   boot     one row: how often the program has started.
//   exported the highest record of an epoch that left as a file: its receipt may come back after any number of starts.
// Operations: `Journal.append`, `.batch`, `.accept`, `.enrol`, `.compact`, `.verify`.
// Migrations are never edited; a change is a new one.

import GRDB

enum JournalSchema {
    /// How many records an epoch can hold.
    static let maximumSequence: Int64 = 1 << 40 - 1
    /// The largest epoch whose positions fit 63 bits.
    static let maximumEpoch = 1 << 22

    static func position(epoch: Int, sequence: Int64) -> Int64 { Int64(epoch) << 40 | sequence }

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 records, epochs, heads, receipts, boots") { db in
            try db.execute(
                sql: """
                    CREATE TABLE record (position INTEGER PRIMARY KEY, line BLOB NOT NULL) STRICT;
                    CREATE VIEW line AS
                        SELECT position >> 40 AS epoch, position & 1099511627775 AS seq, CAST(line AS TEXT) AS line
                        FROM record;
                    CREATE TABLE epoch (
                        epoch INTEGER PRIMARY KEY,
                        kiosk TEXT NOT NULL,
                        journal_key TEXT NOT NULL,
                        collector TEXT NOT NULL,
                        collector_name TEXT NOT NULL,
                        receipt_key TEXT NOT NULL,
                        collector_nonce TEXT NOT NULL,
                        anchor_seq INTEGER NOT NULL,
                        anchor_hash BLOB NOT NULL,
                        uploads INTEGER NOT NULL
                    ) STRICT;
                    CREATE TABLE head (epoch INTEGER PRIMARY KEY, seq INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
                    CREATE TABLE receipt (
                        epoch INTEGER NOT NULL,
                        seq INTEGER NOT NULL,
                        time INTEGER NOT NULL,
                        note TEXT NOT NULL,
                        PRIMARY KEY (epoch, seq)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE boot (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT;
                    """)
        }
        migrator.registerMigration("what left as files") { db in
            try db.execute(
                sql: "CREATE TABLE exported (epoch INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT")
        }
        migrator.registerMigration("successions of keys") { db in
            try db.execute(
                sql: """
                    CREATE TABLE journal_key (
                        epoch INTEGER NOT NULL,
                        seq INTEGER NOT NULL,
                        note TEXT NOT NULL,
                        PRIMARY KEY (epoch, seq)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE trusted_key (id INTEGER PRIMARY KEY, note TEXT NOT NULL) STRICT;
                    """)
        }
        return migrator
    }
}
