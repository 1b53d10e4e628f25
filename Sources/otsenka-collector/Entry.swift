import ArgumentParser
import Collecting
import CollectorWeb
import Glibc
import Logging

/// Parses, runs, and turns every error into one line and an exit status of the Contract.
@main
enum Entry {
    static func main() async {
        // Whatever this program makes is for its own user: keys, the store, the admin socket.
        umask(0o077)
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        do {
            var command = try OtsenkaCollector.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as CollectorFailure {
            end(failure)
        } catch let error as StoreError {
            end(CollectorFailure(error))
        } catch {
            // Help ends with 0, a wrong command line with 64 (EX_USAGE), as ArgumentParser decides.
            OtsenkaCollector.exit(withError: error)
        }
    }

    private static func end(_ failure: CollectorFailure) -> Never {
        complain(failure.message)
        // Without exit(3)'s handlers: threads of the server may still run, and must not fall over in place of the status.
        _exit(failure.kind.rawValue)
    }
}

/// One line to standard error, after whatever was printed before it.
func complain(_ message: String) {
    fflush(nil)
    let line = Array("otsenka-collector: \(message)\n".utf8)
    _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

struct OtsenkaCollector: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "otsenka-collector",
        abstract: "Gathers, proves and publishes what a region's rating kiosks record.",
        discussion: """
            A collector lives in one folder: `init` makes it, `serve` runs it. The other commands ask the running \
            program over its admin socket, or work on the folder themselves when nothing runs.

            Exit status: 0 done, 64 bad usage, 65 bad data, 69 a server is absent, 70 our own fault, 73 cannot create, \
            74 input or output failed, 75 try again, 77 not permitted, 78 bad configuration.
            """,
        subcommands: [
            Init.self, Serve.self, Kiosk.self, Report.self, Heads.self, Export.self, Verify.self, Witness.self,
            Import.self, Events.self, Backup.self, Restore.self, Key.self,
        ])
}

extension CollectorFailure {
    /// The exit status of an error of the store.
    init(_ error: StoreError) {
        let kind: Kind =
            switch error.code {
            case "EACCES", "SQLITE_PERM", "SQLITE_READONLY", "SQLITE_AUTH": .notPermitted
            case "SQLITE_BUSY", "SQLITE_LOCKED": .tryAgain
            case "SQLITE_CANTOPEN", "SQLITE_SCHEMA", "SQLITE_MISUSE": .configuration
            case "SQLITE_CORRUPT", "SQLITE_NOTADB": .data
            case let code where code.hasPrefix("SQLITE_IOERR") || code == "SQLITE_FULL": .inputOutput
            default: .fault
            }
        self.init(kind, error.message)
    }
}
