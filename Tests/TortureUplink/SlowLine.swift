import Foundation
import Ledger
import RealPrograms
import SeededRandom
import Synchronization
import Torture

/// G21: on a bad line the batches get smaller, and something arrives all the time.
///
/// At the 9.6 kbit/s of the promise a whole batch of 28 KB still passes within the uplink's patience, so this line is four
/// times slower: 2.4 kbit/s, 2 s there and back, one exchange of twenty lost. Line and patience are thirty times quicker
/// than that, so that a hundred minutes take three.
enum SlowLine {
    static let promise = "G21 slow line"
    static let torture = Torture(promise, tries: 4_000) { try await run($0) }

    private static let haste = 30
    private static let bytesPerSecond = 300 * haste
    /// Five minutes.
    private static let longestSilence = Duration.seconds(300 / haste)

    /// `options` of `hasty-uplink` take the place of this line's own.
    static func run(_ trial: Trial, options: [String] = []) async throws -> Tried {
        var row = Tried(promise, seed: trial.seed)
        var random = SplitMix(trial.seed)
        let collector = try RealCollector("g21-region", at: trial.place)
        let line = try ThinLine(to: collector.port, bytesPerSecond: bytesPerSecond, seed: trial.seed)
        let kiosk = try HallKiosk("g21-1", at: trial.place, collector: line.address, code: try collector.add("g21-1"))
        let thanked = try kiosk.fill(records: trial.tries, random: &random)
        try kiosk.startRun()
        line.becomeThin()
        try kiosk.startUplink(
            [
                "--total-ms", "\(90_000 / haste)", "--stall-seconds", "1", "--backoff-base-ms", "\(5_000 / haste)",
                "--backoff-cap-ms", "\(300_000 / haste)", "--heartbeat-ms", "\(60_000 / haste)", "--flush-records",
                "20",
            ] + options)
        var receipted: Int64 = -1
        var moved = ContinuousClock.now
        var longest = Duration.zero
        while true {
            let status = try kiosk.status()
            if status.receipted > receipted {
                receipted = status.receipted
                moved = .now
            }
            longest = max(longest, moved.duration(to: .now))
            if status.unsent == 0 { break }
            if moved.duration(to: .now) > longestSilence {
                row.violate("nothing was receipted for five minutes of the line's time; \(status.unsent) wait")
                break
            }
            (row.tries, row.faults) = (Int(receipted), line.timeouts)
            trial.progress.tell(row, of: trial.tries)
            usleep(20_000)
        }
        kiosk.stop()
        trial.progress.line(
            "\(promise): \(line.timeouts) time-outs, \(line.smallest) bytes in the smallest upload, "
                + "\(longest * haste) without a receipt at most")
        row.tries = thanked.hashes.count
        row.faults = line.timeouts
        let stored = try await collector.finish()
        let written = try kiosk.journalLines().map { ChainHash(of: $0) }
        row.compare(kiosk.id, thanked: thanked, written: written, stored: stored[kiosk.id])
        return row
    }
}

/// A line of so many bytes in a second. Thread-safe.
private final class ThinLine: Sendable {
    private struct State {
        var random: SplitMix
        var isThin = false
        var timeouts = 0
        var smallest = Int.max
    }

    private let upstream: UInt16
    private let bytesPerSecond: Int
    private let state: Mutex<State>
    private let listener = Mutex<SocketListener?>(nil)

    init(to upstream: UInt16, bytesPerSecond: Int, seed: UInt64) throws {
        self.upstream = upstream
        self.bytesPerSecond = bytesPerSecond
        state = Mutex(State(random: SplitMix(seed)))
        let made = try SocketListener { [weak self] client in self?.serve(client) }
        listener.withLock { $0 = made }
    }

    var address: String { listener.withLock { $0?.address ?? "" } }
    /// Uploads that the kiosk gave up before they were through.
    var timeouts: Int { state.withLock { $0.timeouts } }
    var smallest: Int { state.withLock { $0.smallest } }
    func becomeThin() { state.withLock { $0.isThin = true } }

    private func serve(_ client: Socket) {
        while let request = client.readMessage() {
            let (isThin, isLost) = state.withLock { ($0.isThin, $0.isThin && $0.random.next() % 20 == 0) }
            guard !isLost, !isThin || creep(request.bytes.count, client, isUpload: request.range != nil) else { return }
            guard let collector = Socket.connect(upstream), collector.write(request.bytes),
                let answer = collector.readMessage()
            else { return }
            if request.range != nil { state.withLock { $0.smallest = min($0.smallest, request.bytes.count) } }
            if isThin, !creep(answer.bytes.count, client, isUpload: false) { return }
            guard client.write(answer.bytes) else { return }
        }
    }

    /// Waits until so many bytes are through; whether the kiosk did as well.
    private func creep(_ bytes: Int, _ client: Socket, isUpload: Bool) -> Bool {
        var left = bytes + bytesPerSecond / 30
        while left > 0 {
            usleep(20_000)
            left -= bytesPerSecond / 50
            if client.hasEnded {
                if isUpload { state.withLock { $0.timeouts += 1 } }
                return false
            }
        }
        return true
    }
}
