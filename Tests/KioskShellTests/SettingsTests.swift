import Foundation
import Testing

@testable import KioskShell

@Suite struct SettingsTests {
    private func load(_ yaml: String, _ environment: [String: String] = [:]) async throws -> KioskSettings {
        let file = FileManager.default.temporaryDirectory.appending(path: "otsenka-\(UUID()).yaml")
        try Data(yaml.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        return try await KioskSettings.load(file: file.path, environment: environment)
    }

    @Test(arguments: ["", "# nothing set\n", "{}\n"])
    func anEmptyFileIsAWholeOne(yaml: String) async throws {
        #expect(try await load(yaml) == KioskSettings())
    }

    @Test func everySettingIsTaken() async throws {
        let settings = try await load(
            """
            data: /srv/journal
            runtime: /srv/run
            questionnaire: /srv/form.yaml
            display: {backend: drm, device: /dev/dri/card1, connector: HDMI-A-2, mode: 1280x800@60, \
            diagonal-inches: 10.1, viewing-distance-mm: 450, web-port: 9000, console: /dev/tty7}
            input: {grab: false, matrix: "0 -1 1 1 0 0", rotation: 90, keys: [KEY_A=answer-1, KEY_B=finish]}
            dialog: {language: en, warning-ms: 20000}
            """)
        #expect(settings.dataFolder == "/srv/journal")
        #expect(settings.runtimeFolder == "/srv/run")
        #expect(settings.questionnaire == "/srv/form.yaml")
        #expect(settings.display.backend == .drm)
        #expect(settings.display.deviceSettings.mode?.size.width == 1280)
        #expect(settings.display.diagonalInches == 10.1)
        #expect(settings.input.meanings == ["KEY_A": .answer(1), "KEY_B": .finish])
        #expect(settings.input.settings.rotation == .right)
        #expect(settings.dialog.language == "en")
        #expect(settings.dialog.limits.warning == 20000)
    }

    @Test func theEnvironmentWins() async throws {
        let settings = try await load(
            "display: {backend: drm, web-port: 9000}", ["OTSENKA_DISPLAY_BACKEND": "web", "OTSENKA_DATA": "/d"])
        #expect(settings.display.backend == .web)
        #expect(settings.display.webPort == 9000)
        #expect(settings.dataFolder == "/d")
    }

    @Test(arguments: [
        ("display: [", "this is not YAML", nil),
        ("- a\n- b\n", "not a list of `key: value` lines", nil),
        ("display:\n  backend: drm\n  contrast: 3\n", "there is no setting `display.contrast`", ":3"),
        ("dispaly:\n  backend: drm\n", "there is no setting `dispaly`", ":1"),
        ("display: {backend: x11}\n", "`display.backend` must be one of auto, drm", nil),
        ("display: {web-port: eighty}\n", "`display.web-port` must be a whole number", nil),
        ("display: {web-port: 70000}\n", "`display.web-port` must be 0 to 65535", nil),
        ("display: {mode: huge}\n", "`display.mode` must be WIDTHxHEIGHT", nil),
        ("input: {grab: perhaps}\n", "`input.grab` must be true or false", nil),
        ("input: {rotation: 45}\n", "`input.rotation` must be 0, 90, 180 or 270", nil),
        ("input: {matrix: \"1 0 0\"}\n", "`input.matrix` must be six numbers", nil),
        ("input: {keys: [KEY_1]}\n", "`input.keys` must be a list like", nil),
        ("dialog: {warning-ms: 3000}\n", "`dialog.warning-ms` must be 15000 to 600000 milliseconds", nil),
    ])
    func aBrokenFileNamesThePlaceTheCauseAndTheNextStep(
        yaml: String, cause: String, line: String?
    ) async throws {
        let error = try await #require(throws: SettingsError.self) { try await load(yaml) }
        #expect(error.cause.contains(cause), "\(error)")
        #expect(!error.nextStep.isEmpty)
        if let line { #expect(error.place.hasSuffix(line), "\(error)") }
        #expect(!error.description.contains("\n"))
    }

    @Test func aMistypedKeyIsMetWithTheNearestOne() async throws {
        let error = try await #require(throws: SettingsError.self) { try await load("display: {backen: drm}") }
        #expect(error.nextStep == "did you mean `display.backend`?")
    }

    @Test func testsMayHurryTheDialogWhereNobodyStands() async throws {
        let settings = try await load("display: {backend: web}\ndialog: {thanks-ms: 50, arm-ms: 0, highlight-ms: 0}\n")
        #expect(settings.dialog.limits.thanks == 50)
        #expect(settings.dialog.limits.arm == 0)
    }

    @Test func aMissingFileIsNamed() async throws {
        let error = try await #require(throws: SettingsError.self) {
            try await KioskSettings.load(file: "/nowhere/kiosk.yaml", environment: [:])
        }
        #expect(error.place == "/nowhere/kiosk.yaml")
    }
}
