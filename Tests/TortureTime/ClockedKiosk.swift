import Curl
import FoundationEssentials
import Glibc
import KioskControl
import RealPrograms

/// A real kiosk with the web display, whose boot clock is a time namespace's and whose wall clock is the shim's.
final class ClockedKiosk {
    /// What `GET /screen.json` says.
    private struct Screen: Decodable {
        struct Target: Decodable {
            var id: String
            var x: Int
            var y: Int
            var width: Int
            var height: Int
        }

        var screen: String
        var targets: [Target]
    }

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
    private var session: CurlSession?
    private var address = ""
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
        address = try wait(for: "the web display of \(id)", log: log) { [log] () -> String? in
            let said = (try? String(contentsOf: URL(filePath: log), encoding: .utf8)) ?? ""
            let opened = said.split(separator: "\n").first { $0.contains("the web display is open") }
            let words = opened?.split(separator: " ").first { $0.hasPrefix("address=") }
            return words.map { String($0.dropFirst("address=".count)) }
        }
        session = try CurlSession(channel: .plainLoopback)
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
        (run, session) = (nil, nil)
    }

    /// Whether `run` has ended by itself.
    var hasEnded: Bool {
        guard let run else { return true }
        let stat = (try? String(contentsOf: URL(filePath: "/proc/\(run.pid)/stat"), encoding: .utf8)) ?? ""
        return stat.isEmpty || stat.contains(") Z ")
    }

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
    private func screen() -> Screen? {
        let answer = try? session?.perform(CurlRequest(method: "GET", url: address + "/screen.json"))
        return answer.flatMap { try? JSONDecoder().decode(Screen.self, from: Data($0.body)) }
    }

    private func press(_ target: Screen.Target) {
        let place = "\"x\":\(target.x + target.width / 2),\"y\":\(target.y + target.height / 2)"
        for kind in ["down", "up"] {
            _ = try? session?.perform(
                CurlRequest(
                    method: "POST", url: address + "/pointer", fields: [("Content-Type", "application/json")],
                    body: Array("{\"kind\":\"\(kind)\",\(place)}".utf8)))
        }
    }

    /// A whole visit; gives the time within which the question came up, or nothing if it was not thanked within
    /// `seconds`: then the answer may be stored or not.
    func visit(mark: Int, withinSeconds seconds: Int = 60) -> ClosedRange<Int64>? {
        let end = ContinuousClock.now + .seconds(seconds)
        var began: Int64?
        var shown: ClosedRange<Int64>?
        var isAnswered = false
        while ContinuousClock.now < end {
            guard let screen = screen() else {
                if isAnswered || hasEnded { return nil }
                usleep(5_000)
                continue
            }
            if screen.screen == "thanks", isAnswered { return shown }
            if isAnswered, screen.screen == "not-recorded" || screen.screen == "closed" { return nil }
            if let target = screen.targets.first(where: { $0.id == "answer-\(mark)" }) {
                if let began, shown == nil { shown = began...WallShim.now }
                press(target)
                isAnswered = shown != nil
            } else if let target = screen.targets.first(where: { $0.id == "start" }), shown == nil {
                if began == nil { began = WallShim.now }
                press(target)
            } else if isAnswered, screen.screen == "idle" {
                return shown
            }
            usleep(2_000)
        }
        return nil
    }
}
