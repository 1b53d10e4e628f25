import FoundationEssentials
import Ledger
import RealPrograms
import SeededRandom
import Torture

/// G14 as kiosks live it: TLS with a pinned authority, and a line that can only see bytes.
enum SecureFaults {
    static let promise = "G14 faults under TLS"
    static let torture = Torture(promise, tries: 5_000) { try await run($0) }

    static func run(_ trial: Trial) async throws -> Tried {
        var row = Tried(promise, seed: trial.seed)
        var random = SplitMix(trial.seed)
        let collector = try SecureCollector("g14-tls", at: trial.place)
        let line = try FaultyPipe(to: collector.port, seed: trial.seed)
        let ticket = try collector.ticket("g14-tls-1")
        let kiosk = try HallKiosk(
            "g14-tls-1", at: trial.place, collector: "https://127.0.0.1:\(line.port)", code: ticket.code,
            pin: ticket.pin)
        let thanked = try kiosk.fill(records: trial.tries, random: &random)
        line.becomeFaulty()
        try kiosk.startRun()
        try kiosk.startUplink(["--batch", "8", "--total-ms", "1500"])
        do {
            try trial.wait(for: promise, row: row, count: { line.faults }) { try kiosk.status().unsent == 0 }
        } catch {
            row.violate("\(error)")
        }
        kiosk.stop()
        (row.tries, row.faults) = (thanked.hashes.count, line.faults)
        let kinds = line.counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
        trial.progress.line("\(promise): \(kinds.joined(separator: ", "))")
        let stored = try await collector.finish()
        let written = try kiosk.journalLines().map { ChainHash(of: $0) }
        row.compare(kiosk.id, thanked: thanked, written: written, stored: stored[kiosk.id])
        return row
    }
}

/// `otsenka-collector serve` with its own TLS.
final class SecureCollector {
    struct Ticket: Decodable {
        var code: String
        var pin: String
    }

    let port: UInt16
    private let folder: String
    private let program: String
    private let server: Child

    init(_ name: String, at place: Place) throws {
        folder = "\(place.folder)/\(name)"
        program = place.program("otsenka-collector")
        let log = folder + ".log"
        _ = try Child.output([program, "init", "--dir", folder, "--name", "otsenka-torture"], log: log)
        server = try Child(
            [
                program, "serve", "--dir", folder, "--host", "127.0.0.1", "--port", "0", "--requests-per-second",
                "1000000",
            ], log: log)
        port = try wait(for: "the collector", log: log) {
            let said = (try? String(contentsOf: URL(filePath: log), encoding: .utf8)) ?? ""
            let line = said.split(separator: "\n").first { $0.contains(" serves https://") }
            return line?.split(separator: ":").last.flatMap { UInt16($0.filter(\.isNumber)) }
        }
    }

    func ticket(_ kiosk: String) throws -> Ticket {
        let printed = try Child.output(
            [
                program, "kiosk", "add", "--dir", folder, "--id", kiosk, "--office", "Hall", "--service", "Desk",
                "--window", "1", "--json",
            ], log: folder + ".add")
        return try JSONDecoder().decode(Ticket.self, from: printed)
    }

    func finish() async throws -> [String: StoredChain] {
        server.end()
        return try await StoredChain.all(in: folder)
    }
}
