import ArgumentParser
import Evdev
import Glibc

/// `otsenka-kiosk input`: what every device says, decoded, as JSON lines. For technicians and tests.
struct InputCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "input",
        abstract: "Print decoded touches and keys of every input device as JSON lines.",
        discussion: """
            One line each: {"t":seconds,"device":"name","kind":"down|move|up|key","id":n,"x":0…1,"y":0…1,"key":"KEY_1"}.
            Devices that come, go or are left alone are named on standard error.
            Ends with 69 when there is no device to read and with 77 when /dev/input may not be opened.
            """)

    @Flag(name: .customLong("no-grab"), help: "Let other programs read the devices as well.")
    var noGrab = false

    @Option(help: "End after this many seconds; without it, run until interrupted.")
    var seconds: Int?

    // Unconditional: a mirrored panel's matrix begins with "-1", which is no option.
    @Option(parsing: .unconditional, help: "Calibration \"a b c d e f\" in libinput's convention, instead of udev's.")
    var matrix: String?

    @Option(help: "How far the picture is turned clockwise: 0, 90, 180 or 270.")
    var rotation: Int = 0

    func validate() throws {
        if let seconds, !(1...86_400).contains(seconds) {
            throw ValidationError("--seconds takes 1 to 86400")
        }
        guard ScreenRotation(rawValue: rotation) != nil else {
            throw ValidationError("--rotation takes 0, 90, 180 or 270")
        }
        do {
            if let matrix { _ = try CalibrationMatrix(text: matrix) }
        } catch {
            throw ValidationError("\(error)")
        }
    }

    func run() throws {
        let settings = InputSettings(
            grab: !noGrab, matrix: try matrix.map { text throws(InputError) in try CalibrationMatrix(text: text) },
            rotation: ScreenRotation(rawValue: rotation) ?? .none)
        let manager: InputManager
        do {
            manager = try InputManager(settings: settings)
        } catch {
            throw failure(69, "\(error)")
        }
        var names: [DeviceID: String] = [:]
        try report(manager.start(now: monotonicMicroseconds()), &names)
        try requireDevices(manager)
        let end = seconds.map { monotonicMicroseconds() + Int64($0) * 1_000_000 }
        while true {
            let now = monotonicMicroseconds()
            if let end, now >= end { return }
            let deadlines = [end, manager.nextDeadline].compactMap { $0 }
            for descriptor in try readable(manager.fileDescriptors, until: deadlines.min(), now: now) {
                try report(manager.handleReadable(descriptor, now: monotonicMicroseconds()), &names)
            }
            if let deadline = manager.nextDeadline, deadline <= monotonicMicroseconds() {
                try report(manager.handleDeadline(now: monotonicMicroseconds()), &names)
            }
        }
    }

    private func requireDevices(_ manager: InputManager) throws {
        guard !manager.descriptions.contains(where: { $0.deviceClass != nil }) else { return }
        if let error = manager.permissionError { throw failure(77, "\(error)") }
        throw failure(
            69, "no input device to read in /dev/input; plug in a panel, buttons or a scanner and start again")
    }

    private func report(_ events: [InputEvent], _ names: inout [DeviceID: String]) throws {
        for event in events {
            switch event.kind {
            case .deviceAdded(let device):
                names[device.id] = device.name
                let grab = if case .failed(let code) = device.grab { ", not grabbed (\(code))" } else { "" }
                note("reading \(device.path) \"\(device.name)\" as \(device.deviceClass?.rawValue ?? "")\(grab)")
            case .deviceRemoved(let device):
                names[device.id] = nil
                note("gone: \(device.path) \"\(device.name)\"")
            case .ignored(let device):
                note("leaving \(device.path) \"\(device.name)\" alone: \(device.leftAloneBecause ?? "")")
            default:
                guard let line = InputLine(event, device: names[event.device] ?? "") else { continue }
                try write(line.json + "\n", to: STDOUT_FILENO)
            }
        }
    }

    /// The descriptors that have something to read, waiting until `deadline` (microseconds) at most.
    private func readable(_ descriptors: [Int32], until deadline: Int64?, now: Int64) throws -> [Int32] {
        var polled = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        // Rounded up: a millisecond early would spin until the deadline.
        let wait = deadline.map { Int32(clamping: max(0, $0 - now + 999) / 1000) } ?? -1
        let count = poll(&polled, nfds_t(polled.count), wait)
        if count < 0, errno != EINTR { throw failure(70, "poll(2) failed: \(String(cString: strerror(errno)))") }
        return count > 0 ? polled.filter { $0.revents != 0 }.map(\.fd) : []
    }

    /// Straight to the descriptor, so that each line is out at once.
    private func write(_ text: String, to descriptor: Int32) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw failure(74, "standard output does not take the lines: \(String(cString: strerror(errno)))")
            }
            rest = rest.dropFirst(count)
        }
    }

    /// A remark that may be lost without harm.
    private func note(_ text: String) { try? write("otsenka-kiosk input: \(text)\n", to: STDERR_FILENO) }

    private func failure(_ status: Int32, _ text: String) -> ExitCode {
        note(text)
        return ExitCode(status)
    }

    private func monotonicMicroseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}
