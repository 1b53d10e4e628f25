import Foundation
import Glibc
import RealPrograms
import SeededRandom
import Synchronization
import Torture

/// What a soak has done to its programs, and how it ends. Thread-safe.
final class SoakBoard: Sendable {
    private let state = Mutex<State>(State())

    private struct State {
        var isOver = false
        var counts: [String: Int] = [:]
        var processes: [String: pid_t] = [:]
        var failure: String?
    }

    var isOver: Bool { state.withLock { $0.isOver } }
    func end() { state.withLock { $0.isOver = true } }
    func count(_ fault: String) { state.withLock { $0.counts[fault, default: 0] += 1 } }
    var counts: [String: Int] { state.withLock { $0.counts } }
    func put(_ name: String, _ process: pid_t?) { state.withLock { $0.processes[name] = process } }
    var processes: [String: pid_t] { state.withLock { $0.processes } }
    func fail(_ why: String) { state.withLock { $0.failure = $0.failure ?? why } }
    var failure: String? { state.withLock { $0.failure } }
}

/// Visitors at one real kiosk, and what befalls it, on a thread of its own.
final class SoakVisitors: @unchecked Sendable {
    private let kiosk: ClockedKiosk
    private let board: SoakBoard
    /// Whether its programs are killed and its disk fills up; the others' are measured over the whole time.
    private let isSacrificed: Bool
    private var random: SplitMix
    private let finished = DispatchSemaphore(value: 0)
    private(set) var said: [Said] = []

    init(_ kiosk: ClockedKiosk, board: SoakBoard, isSacrificed: Bool, seed: UInt64) {
        self.kiosk = kiosk
        self.board = board
        self.isSacrificed = isSacrificed
        random = SplitMix(seed)
    }

    func begin() {
        Thread.detachNewThread { [self] in
            do {
                try startPrograms()
                while !board.isOver { try step() }
                try keepRunning()
            } catch {
                board.fail("\(kiosk.id): \(error)")
            }
            finished.signal()
        }
    }

    /// Waits for the thread's end; the programs go on.
    func join() { finished.wait() }

    private func startPrograms() throws {
        try kiosk.start()
        try kiosk.startUplink()
        tell()
    }

    private func tell() {
        board.put(kiosk.id + " run", isSacrificed ? nil : kiosk.run?.pid)
        board.put(kiosk.id + " uplink", isSacrificed ? nil : kiosk.uplink?.pid)
    }

    private func step() throws {
        try keepRunning()
        visit()
        switch random.next() % 40 {
        case 0: stepClock()
        case 1, 2: if isSacrificed { try killUplink() }
        case 3: if isSacrificed { try killRun() }
        case 4, 5: if isSacrificed { try fillDisk() }
        default: break
        }
        usleep(UInt32(200_000 + random.next() % 1_300_000))
    }

    /// As systemd does.
    private func keepRunning() throws {
        guard kiosk.hasEnded else { return }
        board.count("kiosk ended by itself")
        if !isSacrificed { board.fail("\(kiosk.id) ended by itself") }
        kiosk.stopRun()
        try kiosk.start()
        tell()
    }

    /// Neighbours differ, so that a missing one cannot hide behind the next.
    private func visit(withinSeconds seconds: Int = 15) {
        let mark = said.count % 5 + 1
        let isThanked = kiosk.visit(mark: mark, withinSeconds: seconds) != nil
        said.append(Said(mark: mark, isThanked: isThanked))
        if !isThanked { board.count("visit without thanks") }
    }

    private func stepClock() {
        kiosk.wall.ahead = WrongTime.any(&random).ahead(at: WallShim.now, random: &random)
        board.count("clock set")
    }

    private func killUplink() throws {
        kiosk.stopUplink()
        board.count("uplink killed")
        try kiosk.startUplink()
        tell()
    }

    private func killRun() throws {
        kiosk.stopRun(SIGKILL)
        board.count("run killed")
        try kiosk.start()
        tell()
    }

    /// Another file takes all that is left of the disk, and goes after some visits.
    private func fillDisk() throws {
        let path = kiosk.dataFolder + "/filler"
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let chunk = [UInt8](repeating: 1, count: 65_536)
        var size = chunk.count
        while size > 0 { if write(file, chunk, size) <= 0 { size /= 2 } }
        close(file)
        board.count("disk full")
        // It may end over it, and does not start before there is room again.
        for _ in 0..<3 where !kiosk.hasEnded { visit(withinSeconds: 3) }
        unlink(path)
        try keepRunning()
    }
}
