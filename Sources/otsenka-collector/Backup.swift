import ArgumentParser
import Collecting
import CollectorWeb
import FoundationEssentials
import Glibc

struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a verified copy of the store and of the keys to one new file.",
        discussion: """
            Made beside the running collector, or on the folder when nothing runs. The file holds the receipt key and \
            the TLS authority: it is private (0600) and belongs where keys belong. A kiosk that is enrolled, revoked or \
            replaced later is not in it, so make one after each. Ends with 65 when the copy is not what was signed; it \
            is then kept with .unverified after its name.
            """)

    @OptionGroup var folder: FolderOption

    @Option(name: .customLong("to"), help: "The new file.")
    var path: String

    @Flag(help: "Print the facts as JSON.")
    var json = false

    func run() async throws {
        let data = try folder.open()
        let target = FolderOption.absolute(path)
        let client = StaffClient(data)
        let order = try JSONEncoder().encode(BackupOrder(to: target))
        var state: BackupState = try await client.ask("POST", "/admin/backup", body: order) { staff in
            let line = ProgressLine()
            _ = try staff.beginBackup(to: target)
            return try await Self.wait(line) { try staff.backupState() }
        }
        if !state.isOver {
            state = try await Self.wait(ProgressLine()) {
                try await client.ask("GET", "/admin/backup") { _ in
                    throw CollectorFailure(.tryAgain, "the collector ended during the backup; start the command again")
                }
            }
        }
        try tell(state)
    }

    private static func wait(
        _ line: ProgressLine, _ ask: () async throws -> BackupState
    ) async throws -> BackupState {
        while true {
            let state = try await ask()
            line.tell(state.progress)
            if state.isOver {
                line.end()
                return state
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    private func tell(_ state: BackupState) throws {
        if let message = state.message {
            throw CollectorFailure(CollectorFailure.Kind(rawValue: state.exit ?? 70) ?? .fault, message)
        }
        guard let verdict = state.verdict else { return }
        if json { try printJSON(verdict) }
        guard let fault = verdict.faults.first else {
            if json { return }
            return print(
                "\(state.path): \(verdict.records) records of \(verdict.kiosks) kiosks and the keys, verified. Keep it "
                    + "where keys are kept.")
        }
        throw CollectorFailure(
            .data,
            "the copy is not what was signed (\(fault.what)); it is kept as \(state.path).unverified, older backups may be "
                + "right; run `otsenka-collector verify`")
    }
}

/// How far a long command is, on one line of standard error, where that is a terminal.
private final class ProgressLine {
    private var said = ""

    func tell(_ progress: BackupProgress) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        let text =
            switch progress.phase {
            case .copying: "copying \(progress.of == 0 ? 0 : progress.done * 100 / progress.of) %"
            case .checking: "verifying the copy"
            }
        guard text != said else { return }
        said = text
        FileHandle.standardError("\r\(text)   ")
    }

    func end() { if !said.isEmpty { FileHandle.standardError("\n") } }
}

private enum FileHandle {
    static func standardError(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
