import FoundationEssentials
import Glibc
import KioskControl
import RealPrograms

/// A real kiosk with the web display, whose boot clock is a time namespace's and whose wall clock is the shim's.
final class ClockedKiosk {
    private static let form = """
        id: torture
        version: 1
        languages:
          - { code: en, name: English }
        questions:
          - id: overall
            may_be_skipped: false
            text: { en: How was it? }
            options:
              - { value: 1, face: -2, label: { en: One } }
              - { value: 2, face: -1, label: { en: Two } }
              - { value: 3, face: 0, label: { en: Three } }
              - { value: 4, face: 1, label: { en: Four } }
              - { value: 5, face: 2, label: { en: Five } }

        """

    let id: String
    let folder: String
    let wall: WallShim
    private let place: Place
    private(set) var run: Child?
    private(set) var uplink: Child?
    private var panel: WebPanel?
    var log: String { folder + "/kiosk.log" }
    var uplinkLog: String { folder + "/uplink.log" }
    var stateFolder: String { folder + "/uplink" }
    var dataFolder: String { folder + "/data" }
    private var runtime: String { folder + "/run" }

    init(_ id: String, at place: Place) throws {
        self.id = id
        self.place = place
        folder = try place.subfolder(id)
        wall = try WallShim(id, at: place)
        let settings = """
            data: \(folder)/data
            runtime: \(folder)/run
            questionnaire: \(folder)/form.yaml
            display: { backend: web, mode: 640x480, web-port: 0 }
            dialog: { arm-ms: 0, highlight-ms: 0, thanks-ms: 150 }

            """
        try Data(settings.utf8).write(to: URL(filePath: folder + "/kiosk.yaml"))
        try Data(Self.form.utf8).write(to: URL(filePath: folder + "/form.yaml"))
    }

    /// Enrols it; `run` is running then.
    func enrol(at collector: String, code: String, pin: String? = nil) throws {
        try Data((code + "\n").utf8).write(to: URL(filePath: folder + "/code"))
        let words = [
            place.program("otsenka-kiosk"), "enrol", "--runtime-dir", runtime, "--state-dir", stateFolder,
            "--allow-plain-loopback", "--collector", collector, "--code-file", folder + "/code",
        ]
        let log = folder + "/enrol.log"
        let status = try Child(words + (pin.map { ["--pin", $0] } ?? []), environment: wall.environment, log: log)
            .wait()
        guard status == 0 else {
            throw ChildError(
                "\(id) is not enrolled: " + ((try? String(contentsOf: URL(filePath: log), encoding: .utf8)) ?? ""))
        }
    }

    /// Starts `run`. Its boot clock shows `bootMilliseconds`, up to a second more, or goes on where the machine's stands.
    func start(
        bootMilliseconds: Int64? = nil, wrapper: [String] = [], environment: [String: String] = [:]
    ) throws {
        var words = wrapper
        if let bootMilliseconds {
            let seconds = "\((bootMilliseconds - Self.bootClock) / 1000)"
            words = ["unshare", "-T", "--boottime", seconds, "--monotonic", seconds] + words
        }
        try? FileManager.default.removeItem(atPath: log)
        let child = try Child(
            words + [place.program("otsenka-kiosk"), "run", "--settings", folder + "/kiosk.yaml"],
            environment: wall.environment.merging(environment) { $1 }, log: log)
        run = child
        panel = try WebPanel(of: child, log: log)
        guard panel != nil else { throw ChildError("\(id) ended before its display came; see \(log)") }
    }

    /// The uplink runs on the machine's boot clock: it asks `run` for every time that it tells.
    func startUplink(program: String = "otsenka-kiosk", options: [String] = []) throws {
        let command = program == "otsenka-kiosk" ? ["uplink", "--allow-plain-loopback", "--fast"] : []
        uplink = try Child(
            [place.program(program)] + command + ["--runtime-dir", runtime, "--state-dir", stateFolder] + options,
            environment: wall.environment, log: uplinkLog)
    }

    func stopUplink(_ signal: Int32 = SIGKILL) {
        uplink?.end(signal)
        uplink = nil
    }

    func stopRun(_ signal: Int32 = SIGTERM) {
        run?.end(signal)
        (run, panel) = (nil, nil)
    }

    /// Whether `run` has ended by itself.
    var hasEnded: Bool { run?.hasEnded ?? true }

    func status() throws -> KioskStatus {
        let printed = try Child.output(
            [place.program("otsenka-kiosk"), "status", "--runtime-dir", runtime, "--json"],
            log: folder + "/status.log")
        return try ControlCoding.decode(KioskStatus.self, from: printed)
    }

    /// Until everything is receipted.
    func drain() throws {
        _ = try wait(for: "the receipts of \(id)", log: uplinkLog) { try status().unsent == 0 ? true : nil }
    }

    private static var bootClock: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

// MARK: A visitor

extension ClockedKiosk {
    /// A whole visit; gives the time within which the question came up, or nothing if it was not thanked within
    /// `seconds`: then the answer may be stored or not.
    func visit(mark: Int, withinSeconds seconds: Int = 60) -> ClosedRange<Int64>? {
        let end = ContinuousClock.now + .seconds(seconds)
        var began: Int64?
        var shown: ClosedRange<Int64>?
        var isAnswered = false
        while ContinuousClock.now < end {
            guard let panel, let screen = panel.screen() else {
                if isAnswered || hasEnded { return nil }
                usleep(5_000)
                continue
            }
            if screen.screen == "thanks", isAnswered { return shown }
            if isAnswered, screen.screen == "not-recorded" || screen.screen == "closed" { return nil }
            if let target = screen.target("answer-\(mark)") {
                if let began, shown == nil { shown = began...WallShim.now }
                panel.press(target)
                isAnswered = shown != nil
            } else if let target = screen.target("start"), shown == nil {
                if began == nil { began = WallShim.now }
                panel.press(target)
            } else if isAnswered, screen.screen == "idle" {
                return shown
            }
            usleep(2_000)
        }
        return nil
    }
}
