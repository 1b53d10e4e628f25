// The tables of a collector's store.
//
// Constraints: a migration that has been shipped is never edited; retired names are not used again. Times are
// milliseconds since 1970, hashes, keys and seals base64, notes their whole text. `record.line` is the line as the
// kiosk wrote it, without its newline: the evidence from which `session`, `answer` and `quarantine` follow.
//
// The tables that grow with the records are WITHOUT ROWID and begin with (chain, sequence): a kiosk's rows lie
// together, inserts go to the end of its range, and no second index is needed. They have no foreign key, which would
// cost a lookup for each record; `verify` finds rows without an epoch.

import GRDB

enum Schema {
    static func migrator() -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 first version") { db in
            try db.execute(sql: places)
            try db.execute(sql: chains)
            try db.execute(sql: projections)
        }
        migrator.registerMigration("2 seals of events") { db in
            try db.execute(sql: "ALTER TABLE event ADD COLUMN seal TEXT NOT NULL DEFAULT ''")
        }
        migrator.registerMigration("3 changed keys of kiosks") { db in
            try db.execute(
                sql: """
                    CREATE TABLE journal_key (
                        chain INTEGER NOT NULL,
                        seq INTEGER NOT NULL,
                        note TEXT NOT NULL,
                        PRIMARY KEY (chain, seq)
                    ) STRICT, WITHOUT ROWID;
                    CREATE TABLE transport_key (
                        id INTEGER PRIMARY KEY,
                        kiosk TEXT NOT NULL REFERENCES kiosk (id),
                        note TEXT NOT NULL,
                        received INTEGER NOT NULL,
                        UNIQUE (kiosk, note)
                    ) STRICT;
                    """)
        }
        migrator.registerMigration("4 lists of heads") { db in try db.execute(sql: heads) }
        migrator.registerMigration("5 ratings in order") { db in try db.execute(sql: ratings) }
        migrator.registerMigration("6 technicians' visits") { db in
            try db.execute(
                sql: """
                    CREATE TABLE maintenance (
                        kiosk TEXT PRIMARY KEY REFERENCES kiosk (id),
                        number INTEGER NOT NULL,
                        until INTEGER NOT NULL,
                        note TEXT NOT NULL
                    ) STRICT, WITHOUT ROWID;
                    """)
        }
        return migrator
    }

    private static let places = """
        CREATE TABLE office (id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE service (id TEXT PRIMARY KEY, name TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE kiosk (
            id TEXT PRIMARY KEY,
            office TEXT NOT NULL REFERENCES office (id),
            service TEXT NOT NULL REFERENCES service (id),
            window TEXT NOT NULL,
            added INTEGER NOT NULL,
            revoked INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE enrolment_code (
            identifier TEXT PRIMARY KEY,
            characters TEXT,
            kiosk TEXT NOT NULL REFERENCES kiosk (id),
            expires INTEGER NOT NULL,
            tries INTEGER NOT NULL,
            proof TEXT,
            answer BLOB
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE heartbeat (
            kiosk TEXT PRIMARY KEY REFERENCES kiosk (id),
            epoch INTEGER NOT NULL,
            received INTEGER NOT NULL,
            unsent INTEGER NOT NULL,
            marks TEXT NOT NULL, -- a JSON array of strings
            program TEXT NOT NULL,
            wall TEXT NOT NULL,
            clock TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE event (
            id INTEGER PRIMARY KEY,
            time INTEGER NOT NULL,
            kind TEXT NOT NULL,
            kiosk TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            message TEXT NOT NULL
        ) STRICT;
        """

    /// Finds the rating some thousands back without reading what lies between (`ratingTimes`).
    private static let ratings = """
        CREATE INDEX rating ON answer (chain, seq) WHERE question = 'overall' AND value IS NOT NULL;
        """

    private static let chains = """
        CREATE TABLE epoch (
            chain INTEGER PRIMARY KEY,
            kiosk TEXT NOT NULL REFERENCES kiosk (id),
            epoch INTEGER NOT NULL,
            office TEXT NOT NULL,
            service TEXT NOT NULL,
            window TEXT NOT NULL,
            journal_key TEXT NOT NULL,
            transport_key TEXT NOT NULL,
            certificate TEXT NOT NULL,
            collector_nonce TEXT NOT NULL,
            origin TEXT NOT NULL,
            opened INTEGER NOT NULL,
            seal TEXT NOT NULL,
            state TEXT NOT NULL,
            head_seq INTEGER NOT NULL,
            head_hash TEXT NOT NULL,
            claim_note TEXT,
            claim_seq INTEGER,
            claim_created INTEGER,
            claim_boot INTEGER,
            claim_boot_ms INTEGER,
            receipt TEXT,
            floor INTEGER NOT NULL,
            received INTEGER,
            branches INTEGER NOT NULL,
            state_seal TEXT NOT NULL,
            UNIQUE (kiosk, epoch)
        ) STRICT;
        CREATE TABLE record (
            chain INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            line BLOB NOT NULL,
            PRIMARY KEY (chain, seq)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE arrival (
            chain INTEGER NOT NULL,
            first INTEGER NOT NULL,
            last INTEGER NOT NULL,
            received INTEGER NOT NULL,
            clocks TEXT NOT NULL,
            checkpoint TEXT NOT NULL,
            seal TEXT NOT NULL,
            PRIMARY KEY (chain, first)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE boot_contact (
            chain INTEGER NOT NULL,
            boot INTEGER NOT NULL,
            boot_ms INTEGER NOT NULL,
            received INTEGER NOT NULL,
            PRIMARY KEY (chain, boot)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE branch (
            chain INTEGER NOT NULL,
            first INTEGER NOT NULL,
            last INTEGER NOT NULL,
            last_hash TEXT NOT NULL,
            reason TEXT NOT NULL,
            received INTEGER NOT NULL,
            checkpoint TEXT NOT NULL,
            lines BLOB NOT NULL,
            PRIMARY KEY (chain, first, last_hash)
        ) STRICT, WITHOUT ROWID;
        """

    /// A list pins branches in the order in which they were kept, which the first version did not write down.
    private static let heads = """
        CREATE TABLE heads (
            number INTEGER PRIMARY KEY,
            day TEXT NOT NULL,
            made INTEGER NOT NULL,
            note TEXT NOT NULL
        ) STRICT;
        ALTER TABLE branch ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
        UPDATE branch SET number = (
            SELECT count(*) FROM branch AS b WHERE b.chain = branch.chain
                AND (b.received, b.first, b.last_hash) <= (branch.received, branch.first, branch.last_hash));
        """

    private static let projections = """
        CREATE TABLE session (
            chain INTEGER NOT NULL,
            session TEXT NOT NULL,
            shown_seq INTEGER NOT NULL,
            office TEXT NOT NULL,
            service TEXT NOT NULL,
            window TEXT NOT NULL,
            questionnaire TEXT NOT NULL,
            language TEXT NOT NULL,
            source TEXT NOT NULL,
            placed INTEGER NOT NULL,
            uncertainty INTEGER NOT NULL,
            overall INTEGER,
            outcome TEXT,
            flags TEXT, -- joined with spaces; nothing where there are none
            PRIMARY KEY (chain, session)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE answer (
            chain INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            session TEXT NOT NULL,
            question TEXT NOT NULL,
            value INTEGER,
            pass TEXT,
            placed INTEGER NOT NULL,
            PRIMARY KEY (chain, seq)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE quarantine (
            chain INTEGER NOT NULL,
            seq INTEGER NOT NULL,
            reason TEXT NOT NULL,
            PRIMARY KEY (chain, seq)
        ) STRICT, WITHOUT ROWID;
        """
}
