import Foundation
import Ledger
import RealPrograms
import SeededRandom
import Synchronization
import Torture

/// G16: libcurl sends a request again by itself when a kept connection turns out to be dead; nothing is counted twice.
enum SilentResends {
    static let promise = "G16 silent resends"
    static let torture = Torture(promise, tries: 5_000) { try await run($0, keepsConnections: true) }

    /// One record to a request, and of two requests on one connection the second loses its answer. Without
    /// `keepsConnections` no connection is used twice, so nothing is sent again: such a run proves nothing and says so.
    static func run(_ trial: Trial, keepsConnections: Bool) async throws -> Tried {
        var row = Tried(promise, seed: trial.seed)
        var random = SplitMix(trial.seed)
        let collector = try RealCollector("g16-region", at: trial.place)
        let line = try ClosingLine(to: collector.port, keepsConnections: keepsConnections)
        let kiosk = try HallKiosk("g16-1", at: trial.place, collector: line.address, code: try collector.add("g16-1"))
        let thanked = try kiosk.fill(records: trial.tries, random: &random)
        try kiosk.startRun()
        try kiosk.startUplink(["--batch", "1"])
        do {
            try trial.wait(for: promise, row: row, count: { line.doubles }) { try kiosk.status().unsent == 0 }
        } catch {
            row.violate("\(error)")
        }
        kiosk.stop()
        row.tries = thanked.hashes.count
        // Fewer than a fifth would be chance; then the harness is blind.
        row.faults = line.doubles >= trial.tries / 5 ? line.doubles : 0
        let stored = try await collector.finish()
        let written = try kiosk.journalLines().map { ChainHash(of: $0) }
        row.compare(kiosk.id, thanked: thanked, written: written, stored: stored[kiosk.id])
        return row
    }
}

/// Passes everything on, and ends a connection that is used for the second time after the collector has answered, so
/// that nothing of the answer comes back. Thread-safe.
private final class ClosingLine: Sendable {
    private let upstream: UInt16
    private let keepsConnections: Bool
    /// Requests that were taken, by their bytes; the time in their signature tells the kiosk's own repeats apart.
    private let taken = Mutex<(seen: Set<[UInt8]>, doubles: Int)>(([], 0))
    private let listener = Mutex<SocketListener?>(nil)

    init(to upstream: UInt16, keepsConnections: Bool) throws {
        self.upstream = upstream
        self.keepsConnections = keepsConnections
        let made = try SocketListener { [weak self] client in self?.serve(client) }
        listener.withLock { $0 = made }
    }

    var address: String { listener.withLock { $0?.address ?? "" } }
    /// Uploads that the collector got twice, byte for byte.
    var doubles: Int { taken.withLock { $0.doubles } }

    private func serve(_ client: Socket) {
        var served = 0
        while let request = client.readMessage(), let collector = Socket.connect(upstream) {
            guard collector.write(request.bytes), let answer = collector.readMessage() else { return }
            if request.range != nil {
                let key = Array(request.bytes.prefix(request.bodyOffset))
                taken.withLock { if !$0.seen.insert(key).inserted { $0.doubles += 1 } }
            }
            served += 1
            guard served == 1, client.write(answer.bytes), keepsConnections else { return }
        }
    }
}
