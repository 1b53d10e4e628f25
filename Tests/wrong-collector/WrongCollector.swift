import Collecting
import CollectorSQLite
import CollectorWeb
import FoundationEssentials
import GRDB
import Glibc
import Logging

// A collector that is wrong on purpose, made of the real one's parts: what a torture has to catch, or it proves nothing.
//
//   wrong-collector MISTAKE serve --dir FOLDER … --port PORT …
//
// The options are those with which `CollectorProcess` starts the real program; only the folder and the port are read.

@main
enum WrongCollector {
    static func main() async throws {
        umask(0o077)
        let arguments = CommandLine.arguments
        guard arguments.count > 1, let mistake = Mistake(rawValue: arguments[1]), let folder = value(of: "--dir"),
            let port = value(of: "--port").flatMap({ Int($0) })
        else { exit(64) }
        let data = try DataFolder(folder)
        if mistake == .doubles { try takeKeysOff(folder + "/" + SQLiteCollectorStore.fileName) }
        let store = try SQLiteCollectorStore(folder: folder, create: false)
        let identity = CollectorIdentity(name: data.settings.name, key: data.receiptKey, authority: nil)
        let wrong: any CollectorStore =
            switch mistake {
            case .earlyReceipt: HastyStore(store: store)
            case .brittle: BrittleStore(store: store)
            case .looksTooEarly: StaleStore(store: store)
            case .scansConnections: CrowdedStore(store: store)
            case .doubles, .admitsAll: store
            }
        let collector = Collector(identity: identity, store: wrong) { count in
            (0..<count).map { _ in UInt8.random(in: .min ... .max) }
        }
        var limits = WebLimits()
        limits.kioskRequestsPerSecond = 1_000_000
        limits.enrolmentsPerSecond = 1_000_000
        limits.connectionsPerKiosk = mistake == .admitsAll ? 1_000_000 : 16
        var logger = Logger(label: "wrong-collector")
        logger.logLevel = .error
        let server = try CollectorServer(collector: collector, limits: limits, logger: logger) {
            Int64(time(nil)) * 1000
        }
        try await server.serve(try Listener(plainLoopback: "127.0.0.1", port: port), folder: data) { _ in }
    }

    /// Every ninth record is stored twice from now on: without its key the table takes doubles.
    private static func takeKeysOff(_ file: String) throws {
        try DatabaseQueue(path: file).write { db in
            try db.execute(
                sql: """
                    CREATE TABLE keyless (chain INTEGER NOT NULL, seq INTEGER NOT NULL, line BLOB NOT NULL);
                    INSERT INTO keyless SELECT * FROM record;
                    DROP TABLE record;
                    ALTER TABLE keyless RENAME TO record;
                    CREATE TRIGGER twice AFTER INSERT ON record WHEN new.seq % 9 = 0
                    BEGIN INSERT INTO record VALUES (new.chain, new.seq, new.line); END;
                    """)
        }
    }

    private enum Mistake: String {
        case earlyReceipt = "early-receipt"
        case doubles
        case brittle
        case looksTooEarly = "looks-too-early"
        /// Nobody asks too often.
        case admitsAll = "admits-all"
        case scansConnections = "scans-connections"
    }

    private static func value(of option: String) -> String? {
        let arguments = CommandLine.arguments
        return arguments.firstIndex(of: option).flatMap { arguments.dropFirst($0 + 1).first }
    }
}
