import Dialog
import DialogScreens
import Drawing
import FoundationEssentials
import Glibc
import KioskControl
import Questionnaires
import RealPrograms

/// The real kiosk on a headless display: how soon it shows something, how quickly it answers a press, what it weighs.
struct KioskBench {
    static let firstFrameGoalMilliseconds = 100.0
    static let pressGoalMilliseconds = 4.0
    static let memoryGoalMegabytes = 43.0
    private static let size = "\(EnrolledKiosk.width)×\(EnrolledKiosk.height)"

    let place: Place
    let quick: Bool

    // MARK: - First frame

    /// From just before posix_spawn(3) to the notice that the program sends after its first frame.
    func firstFrame() throws -> [Row] {
        progress("enrolling a kiosk")
        let kiosk = try EnrolledKiosk("first", at: place)
        kiosk.region.stop()
        let socket = try NotifySocket(path: kiosk.folder + "/notify")
        let starts = quick ? 5 : 21
        var milliseconds: [Double] = []
        // The first start reads the files from the disk; the figure is that of a program that the kernel has in memory.
        for start in 0...starts {
            if start % 5 == 0 { progress("starting the kiosk, \(start) of \(starts)") }
            let began = ContinuousClock.now
            let child = try kiosk.run(environment: ["NOTIFY_SOCKET": socket.path])
            try socket.hear("STATUS=first frame")
            if start > 0 { milliseconds.append((ContinuousClock.now - began).seconds * 1000) }
            try socket.hear("READY=1")
            child.end()
        }
        return [
            Row(
                name: "first frame after exec, \(Self.size) headless, enrolled, warm (median of \(starts))",
                value: median(milliseconds), unit: "ms", goal: Self.firstFrameGoalMilliseconds)
        ]
    }

    // MARK: - Presses and memory

    /// Taps of an umockdev panel through libevdev, the dialog and the journal; then the memory of both processes.
    func presses() throws -> [Row] {
        progress("enrolling a kiosk")
        let kiosk = try EnrolledKiosk("press", at: place)
        let visits = quick ? 8 : 50
        let (panel, taps, duration) = try Self.script(visits: visits)
        let pidFile = kiosk.folder + "/pid"
        // The panel's player can hang in writing to a program that has ended, so it is killed, and takes the program
        // with it.
        let wrapper =
            try ["umockdev-run"] + panel.write(into: kiosk.folder) + [
                "--", "sh", "-c", "echo $$ > \"$0\"; exec setpriv --pdeathsig KILL \"$@\"", pidFile,
            ]
        progress("\(taps) taps in \(duration / 1000) s")
        let testbed = try place.subfolder("testbed")
        let player = try kiosk.run(wrapper: wrapper, environment: Self.hurry.merging(["TMPDIR": testbed]) { $1 })
        defer { player.end(SIGKILL) }
        let uplink = try kiosk.uplink()
        usleep(UInt32(duration) * 1000)
        let told = try settled(kiosk, taps: taps)
        guard let latency = told.pressToFrameMicroseconds, latency.count * 4 >= taps * 3 else {
            throw BenchError(
                "only \(told.pressToFrameMicroseconds?.count ?? 0) of \(taps) taps changed the picture; the devices "
                    + "were \(told.devices), the log is of \(kiosk.log)")
        }
        kiosk.region.stop()
        return try latencyRows(latency) + memoryRows(runFile: pidFile, uplink: uplink.pid)
    }

    /// The thanks and the pauses of the dialog are for people.
    private static let hurry = [
        "OTSENKA_DIALOG_THANKS_MS": "0", "OTSENKA_DIALOG_ARM_MS": "0", "OTSENKA_DIALOG_HIGHLIGHT_MS": "0",
    ]

    /// One tap wakes the screen, then each question is answered; every answer has its turn.
    private static func script(visits: Int) throws -> (panel: TouchPanel, taps: Int, milliseconds: Int) {
        let (width, height) = (EnrolledKiosk.width, EnrolledKiosk.height)
        let questionnaire = Questionnaires.embedded.questionnaire
        let painter = ScreenPainter(
            geometry: ScreenGeometry.resolve(width: width, height: height), questionnaire: questionnaire,
            typesetter: try Typesetter())
        let language = questionnaire.languages.first ?? "ru"
        let scenes = questionnaire.questions.indices.compactMap {
            ScreenCatalogue.view(named: "question-\($0 + 1)", of: questionnaire, language: language)
        }.map(painter.makeScene)
        let start = 3000
        var panel = TouchPanel(width: width, height: height, start: start)
        var taps = 0
        for visit in 0..<visits {
            panel.tap(x: width / 2, y: height / 2)
            taps += 1
            for (index, scene) in scenes.enumerated() {
                let answers = scene.targets.filter { if case .answer = $0.id { true } else { false } }
                guard !answers.isEmpty else { throw BenchError("a question has no answers to press") }
                let bounds = answers[(visit + index) % answers.count].bounds
                panel.tap(x: bounds.x + bounds.width / 2, y: bounds.y + bounds.height / 2)
                taps += 1
            }
        }
        return (panel, taps, start + taps * TouchPanel.tapMilliseconds)
    }

    /// Waits until no tap comes any more and the uplink has sent what there is.
    private func settled(_ kiosk: EnrolledKiosk, taps: Int) throws -> KioskStatus {
        progress("waiting for the last receipt")
        var before = -1
        return try wait(for: "the end of the taps", log: kiosk.log) {
            usleep(1_000_000)
            let status = try kiosk.status()
            let count = status.pressToFrameMicroseconds?.count ?? 0
            defer { before = count }
            return count == before && status.unsent == 0 ? status : nil
        }
    }

    private func latencyRows(_ latency: PressToFrame) -> [Row] {
        let what = "press → frame handed over, \(Self.size) headless, umockdev panel, \(latency.count) presses"
        return [
            Row(
                name: what + ", p50", value: Double(latency.p50) / 1000, unit: "ms", goal: Self.pressGoalMilliseconds),
            Row(name: what + ", p99", value: Double(latency.p99) / 1000, unit: "ms"),
        ]
    }

    private func memoryRows(runFile: String, uplink: pid_t) throws -> [Row] {
        let text = try String(contentsOf: URL(filePath: runFile), encoding: .utf8)
        guard let run = pid_t(text.filter(\.isNumber)) else { throw BenchError("\(runFile) holds no process id") }
        let shown = Double(EnrolledKiosk.width * EnrolledKiosk.height * 4) / 1e6
        let (runs, uplinks) = (try ProcessMemory.proportional(run), try ProcessMemory.proportional(uplink))
        var rows = [
            Row(
                name: "memory (PSS) of run and uplink together, without the scan-out buffer",
                value: runs + uplinks - shown, unit: "MB", goal: Self.memoryGoalMegabytes),
            Row(name: "  of which run, without the scan-out buffer", value: runs - shown, unit: "MB"),
            Row(name: "  of which uplink", value: uplinks, unit: "MB"),
            Row(name: "scan-out buffer (the headless display's copy), beside it", value: shown, unit: "MB"),
        ]
        // PSS flatters on a machine where other programs use the same libraries, this one and compilers among them; on a
        // kiosk nobody does, so the goal is asked of both figures.
        if let distinct = ProcessMemory.distinct([run, uplink]) {
            rows.append(
                Row(
                    name: "  both, every page counted once, as if nobody else used the libraries",
                    value: distinct - shown, unit: "MB", goal: Self.memoryGoalMegabytes))
        }
        return rows
    }
}
