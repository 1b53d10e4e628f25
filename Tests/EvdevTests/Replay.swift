import Foundation
import Testing

/// A line of `otsenka-kiosk input`, read as anybody else's script would read it.
struct Line: Decodable, Equatable, Sendable {
    var t: Double
    var device: String
    var kind: String
    var id: Int?
    var x: Double?
    var y: Double?
    var key: String?
    var synthesised: Bool?
    var cancelled: Bool?

    /// A place in the device's own units, for comparing with a recording.
    func place(_ xRange: FakeDevice.Axis, _ yRange: FakeDevice.Axis) -> [Int] {
        func raw(_ share: Double?, _ range: FakeDevice.Axis) -> Int {
            Int(((share ?? -1) * Double(range.maximum - range.minimum)).rounded()) + range.minimum
        }
        return [raw(x, xRange), raw(y, yRange)]
    }
}

/// The real `otsenka-kiosk input` under umockdev, with devices made of files.
struct Replay: Sendable {
    var lines: [Line]
    var standardError: String
    /// Nil when the run was ended because the sentinel had been seen.
    var status: Int32?

    var downs: [Line] { lines.filter { $0.kind == "down" } }
    var ups: [Line] { lines.filter { $0.kind == "up" } }
    var moves: [Line] { lines.filter { $0.kind == "move" } }

    /// How the end of a recording is told from a pause: after it the device does something that the recording does not.
    /// It is repeated, as a synchronisation throws away whatever has arrived by then.
    enum Sentinel: Sendable {
        /// A tap in the far corner: slots, packets or a button; seen at `x`, `y`.
        case slotTap(x: Double = 1, y: Double = 1)
        case packetTap
        case buttonTap(Int, x: Double = 1, y: Double = 1)
        case key(Int, name: String)
        /// Nothing is added: a line of this kind comes by itself, and is kept.
        case own(kind: String)
        /// Nothing is added: the run ends with this many lines, for what several devices say in any order.
        case lines(Int)
        /// None: the program is expected to end by itself.
        case none

        func isSeen(in line: Line) -> Bool {
            switch self {
            case .slotTap(let x, let y), .buttonTap(_, let x, let y): line.kind == "down" && line.x == x && line.y == y
            case .packetTap: line.kind == "down" && line.x == 1 && line.y == 1
            case .key(_, let name): line.key == name
            case .own(let kind): line.kind == kind
            case .lines, .none: false
            }
        }

        var isKept: Bool { if case .own = self { true } else { false } }

        func append(to device: inout FakeDevice) {
            func corner(_ x: Int, _ y: Int) -> [(type: Int, code: Int, value: Int)] {
                [
                    (Linux.absolute, x, device.range(of: x)?.maximum ?? 0),
                    (Linux.absolute, y, device.range(of: y)?.maximum ?? 0),
                ]
            }
            for round in 0..<50 {
                let gap = round == 0 ? 0.01 : 0.2
                switch self {
                case .none, .own, .lines: return
                case .slotTap:
                    device.frame(
                        after: gap,
                        [(Linux.absolute, Linux.slot, 0), (Linux.absolute, Linux.trackingID, 60_000 + round)]
                            + corner(Linux.multitouchX, Linux.multitouchY))
                    device.frame([(Linux.absolute, Linux.trackingID, -1)])
                case .packetTap:
                    device.frame(after: gap, corner(Linux.multitouchX, Linux.multitouchY) + [(0, 2, 0)])
                    device.frame([(0, 2, 0)])
                case .buttonTap(let button, _, _):
                    device.frame(after: gap, corner(Linux.x, Linux.y) + [(Linux.key, button, 1)])
                    device.frame([(Linux.key, button, 0)])
                case .key(let code, _):
                    device.frame(after: gap, [(Linux.key, code, 1)])
                    device.frame([(Linux.key, code, 0)])
                }
            }
        }
    }

    /// Plays the devices' events, then the sentinel on the first device, and reads until the sentinel is seen.
    static func run(_ devices: [FakeDevice], until sentinel: Sentinel, options: [String] = []) async throws -> Replay {
        var devices = devices
        if !devices.isEmpty { sentinel.append(to: &devices[0]) }
        let folder = FileManager.default.temporaryDirectory.appending(path: "otsenka-evdev-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let arguments =
            try ["umockdev-run"] + devices.flatMap { try $0.write(into: folder) }
            + ["--", "setpriv", "--pdeathsig", "KILL", program, "input", "--seconds", "60"] + options
        var replay = try await play(inThread: arguments, until: sentinel, folder: folder)
        // On a busy machine the program can fall so far behind that it reads a part of an event (see FakeDevice.headStart),
        // takes the device for gone, and the player waits for ever: nothing more comes, the sentinel neither, which is
        // played fifty times. Such a run is played again. A decoder that loses or invents contacts is not helped by that,
        // since it sees the sentinel.
        for _ in 0..<2 where replay.hasStalled {
            replay = try await play(inThread: arguments, until: sentinel, folder: folder)
        }
        if replay.status != nil, case .none = sentinel {
        } else {
            #expect(replay.status == nil, "the replay ended before its sentinel: \(replay.standardError)")
        }
        return replay
    }

    /// Ended by our own limit, without its sentinel.
    private var hasStalled: Bool { status == SIGKILL }

    /// In a thread of its own, because it blocks while the replay lasts.
    private static func play(
        inThread arguments: [String], until sentinel: Sentinel, folder: URL
    ) async throws -> Replay {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(with: Result { try play(arguments, until: sentinel, folder: folder) })
            }
        }
    }

    /// umockdev-run is killed and takes the program with it (pdeathsig). Asked to end, it waits for its player, which can
    /// hang for ever in writing to the terminal that the program has just closed (umockdev 0.17.16).
    private static func play(_ arguments: [String], until sentinel: Sentinel, folder: URL) throws -> Replay {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        // Its testbed goes with our folder.
        process.environment = ProcessInfo.processInfo.environment.merging(["TMPDIR": folder.path]) { $1 }
        let output = Pipe()
        let errors = folder.appending(path: "stderr")
        try Data().write(to: errors)
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        // Far beyond any replay; it only keeps a failing test from hanging.
        let ended = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            if ended.wait(timeout: .now() + 40) == .timedOut { kill(process.processIdentifier, SIGKILL) }
        }
        defer { ended.signal() }
        let (lines, wasSeen) = try read(output.fileHandleForReading, until: sentinel)
        if wasSeen { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        return Replay(
            lines: lines, standardError: try String(contentsOf: errors, encoding: .utf8),
            status: wasSeen ? nil : process.terminationStatus)
    }

    private static func read(_ handle: FileHandle, until sentinel: Sentinel) throws -> ([Line], Bool) {
        var buffer = Data()
        var lines: [Line] = []
        while true {
            let chunk = handle.availableData
            if chunk.isEmpty { return (lines, false) }
            buffer += chunk
            while let end = buffer.firstIndex(of: 10) {
                let line = try JSONDecoder().decode(Line.self, from: buffer[buffer.startIndex..<end])
                buffer = Data(buffer[(end + 1)...])
                if sentinel.isSeen(in: line) { return (sentinel.isKept ? lines + [line] : lines, true) }
                lines.append(line)
                if case .lines(lines.count) = sentinel { return (lines, true) }
            }
        }
    }

    /// Beside the test bundle, wherever it was built.
    private static var program: String {
        get throws {
            let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return URL(filePath: bundle).deletingLastPathComponent().appending(path: "otsenka-kiosk").path
        }
    }
}
