import DialogScreens
import Foundation
import KioskControl
import Questionnaires
import Testing

/// The real program against bad input: one line that names the thing, the cause and the next step, and a status.
@Suite struct ProgramTests {
    private let folder: URL

    init() throws {
        // Short, for the sockets in it: a Unix socket's path may have 107 bytes.
        folder = URL(filePath: "/tmp/otsenka-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func settings(_ more: String = "", display: String = "backend: headless, mode: 800x480") throws -> String {
        let file = folder.appending(path: "kiosk.yaml")
        let text = "data: \(folder.path)/data\nruntime: \(folder.path)/run\ndisplay: {\(display)}\n\(more)\n"
        try Data(text.utf8).write(to: file)
        return file.path
    }

    private func expectRefusal(
        _ run: Program.Run, status: Int32, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(run.status == status, "\(run.errors)", sourceLocation: sourceLocation)
        for part in parts { #expect(run.errors.contains(part), "\(run.errors)", sourceLocation: sourceLocation) }
        let lines = run.errors.split(separator: "\n").filter { $0.hasPrefix("otsenka-kiosk: ") }
        #expect(lines.count <= 1, "\(run.errors)", sourceLocation: sourceLocation)
    }

    @Test func aBrokenSettingsFileIsRefused() throws {
        let run = try Program.run("run", "--settings", try settings("input: ["))
        expectRefusal(run, status: 78, "kiosk.yaml", "this is not YAML", "correct the line")
    }

    @Test func anUnknownSettingIsRefused() throws {
        let run = try Program.run("run", "--settings", try settings("inputs: {grab: true}"))
        expectRefusal(run, status: 78, "kiosk.yaml:4", "there is no setting `inputs`", "did you mean")
    }

    @Test func aQuestionnaireWithAMissingTranslationIsRefused() throws {
        let form = folder.appending(path: "form.yaml")
        let original = try String(
            contentsOf: Program.root.appending(path: "Sources/Questionnaires/default.yaml"), encoding: .utf8)
        let cut = try #require(original.range(of: ", en: Completely"))
        try Data(original.replacingCharacters(in: cut, with: "").utf8).write(to: form)
        let run = try Program.run("run", "--settings", try settings("questionnaire: \(form.path)"))
        expectRefusal(run, status: 78, form.path, "term", "en")
    }

    @Test func aJournalIsOpenedOnce() throws {
        let settings = try settings()
        let first = try Program.start("run", "--settings", settings)
        defer { first.end() }
        #expect(first.waitForLog("the kiosk is running"))
        let second = try Program.run("run", "--settings", settings)
        expectRefusal(second, status: 75, "\(folder.path)/data", "open in another program", "stop that program")
        #expect(try Program.run("status", "--runtime-dir", "\(folder.path)/run").status == 0)
    }

    @Test func aKioskWithoutAnInputDeviceSaysSoAndWaits() throws {
        let kiosk = try Program.start("run", "--settings", try settings())
        defer { kiosk.end() }
        #expect(kiosk.waitForLog("there is no input device"))
        #expect(kiosk.log.contains("connect a touch panel or a button box"))
        let status = try Program.run("status", "--runtime-dir", "\(folder.path)/run", "--json")
        #expect(status.output.contains("\"no_input\""))
    }

    @Test func aMissingDisplayEndsWith69() throws {
        let display = "backend: drm, device: /dev/dri/card9, wait-seconds: 0"
        let run = try Program.run("run", "--settings", try settings(display: display))
        #expect(run.status == 69)
        #expect(run.errors.contains("/dev/dri/card9"))
        #expect(run.errors.contains("does not exist (ENOENT)"))
    }

    @Test func aKioskWithoutADisplaySaysSoAndWaits() throws {
        let display = "backend: drm, device: /dev/dri/card9, wait-seconds: 600"
        let kiosk = try Program.start("run", "--settings", try settings(display: display))
        defer { kiosk.end() }
        #expect(kiosk.waitForLog("the kiosk is running"))
        let status = try Program.run("status", "--runtime-dir", "\(folder.path)/run", "--json")
        #expect(status.output.contains("\"no_display\""))
    }

    @Test func aCommandWithoutARunningKioskSaysWhatToStart() throws {
        let run = try Program.run("status", "--runtime-dir", "/tmp/nobody-listens-here")
        expectRefusal(run, status: 69, "/tmp/nobody-listens-here/control.sock", "otsenka-kiosk.service")
    }

    @Test func anEnrolmentWithoutACollectorSaysWhatIsMissing() throws {
        let kiosk = try Program.start("run", "--settings", try settings())
        defer { kiosk.end() }
        #expect(kiosk.waitForLog("the kiosk is running"))
        let run = try Program.run(
            "enrol", "--runtime-dir", "\(folder.path)/run", "--state-dir", "\(folder.path)/uplink",
            "--allow-plain-loopback", "--collector", "http://127.0.0.1:9", "--code", "ABCD-EFGH-JKMN-PQRS")
        expectRefusal(run, status: 69, "http://127.0.0.1:9")
    }

    /// Somebody before a kiosk without a keyboard reads there what to do.
    @Test func aFailedEnrolmentIsToldOnTheScreen() throws {
        let display = "backend: web, web-port: 0, mode: 800x480, diagonal-inches: 7"
        let kiosk = try Program.start("run", "--settings", try settings(display: display))
        defer { kiosk.end() }
        #expect(kiosk.waitForLog("address="))
        let tail = try #require(kiosk.log.components(separatedBy: "address=").last)
        let address = try #require(tail.split(whereSeparator: \.isWhitespace).first)
        let file = folder.appending(path: "otsenka-enrol.yaml").path
        func enrol(_ text: String) throws -> Int32 {
            try Data(text.utf8).write(to: URL(filePath: file))
            return try Program.run(
                "enrol", "--runtime-dir", "\(folder.path)/run", "--state-dir", "\(folder.path)/uplink",
                "--allow-plain-loopback", "--file", file
            ).status
        }
        let picture = folder.appending(path: "picture.png").path
        let shown = try #require(URL(string: "\(address)/screen.png"))
        func expectScreen(_ name: String) throws {
            let render = ["render", "--screen", name, "--size", "800x480", "--diagonal-inches", "7", "-o", picture]
            #expect(try Program.run(render).status == 0)
            let (expected, actual) = (try Data(contentsOf: URL(filePath: picture)), try Self.get(shown))
            #expect(expected == actual, "\(name)")
        }
        try expectScreen("not-enrolled")
        #expect(try enrol("collector: nowhere\n") == 65)
        try expectScreen("enrolment-11")
        #expect(try enrol("collector: http://127.0.0.1:9\ncode: too-short\n") == 64)
        try expectScreen("enrolment-11")
        #expect(try enrol("collector: http://127.0.0.1:9\ncode: ABCD-EFGH-JKMN-PQRS\n") == 69)
        try expectScreen("enrolment-14")
    }

    /// The codes are numbers in the message and in the words; one without words would be told as a fault of another kind.
    @Test(arguments: EnrolmentTrouble.allCases)
    func everyTroubleOfAnEnrolmentHasItsScreen(trouble: EnrolmentTrouble) {
        for language in ["ru", "en"] {
            let name = "enrolment-\(trouble.rawValue)"
            let form = Questionnaires.embedded.questionnaire
            #expect(ScreenCatalogue.view(named: name, of: form, language: language) != nil, "\(name) \(language)")
        }
    }

    private static func get(_ url: URL) throws -> Data {
        let curl = Process()
        let output = Pipe()
        curl.executableURL = URL(filePath: "/usr/bin/curl")
        curl.arguments = ["--silent", "--fail", url.absoluteString]
        curl.standardOutput = output
        try curl.run()
        defer { curl.waitUntilExit() }
        return try output.fileHandleForReading.readToEnd() ?? Data()
    }

    @Test func theCodeOfAnEnrolmentIsReadFromAFile() throws {
        let file = folder.appending(path: "code").path
        func enrol(_ code: String...) throws -> Program.Run {
            let arguments = ["enrol", "--runtime-dir", folder.path, "--state-dir", folder.path]
            return try Program.run(
                arguments + ["--allow-plain-loopback", "--collector", "http://127.0.0.1:9"] + code)
        }
        expectRefusal(try enrol("--code-file", file), status: 74, file, "--code-file")
        try Data("too-short\n".utf8).write(to: URL(filePath: file))
        expectRefusal(try enrol("--code-file", file), status: 64, "16 characters")
        try Data("abcd-efgh-jkmn-pqrs\nand a note\n".utf8).write(to: URL(filePath: file))
        expectRefusal(try enrol("--code-file", file), status: 69, "control.sock")
        #expect(try enrol().status == 64)
        #expect(try enrol("--code", "ABCD-EFGH-JKMN-PQRS", "--code-file", file).status == 64)
    }

    @Test func aSignalEndsTheKioskInOrder() throws {
        let kiosk = try Program.start("run", "--settings", try settings())
        #expect(kiosk.waitForLog("the kiosk is running"))
        #expect(kiosk.end() == 0)
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/run/control.sock"))
    }

    @Test func wrongUsageEndsWith64() throws {
        #expect(try Program.run("run", "--colour").status == 64)
        #expect(try Program.run("visit", "--source", "somebody").status == 64)
    }
}
