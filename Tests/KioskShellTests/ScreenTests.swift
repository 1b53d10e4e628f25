import Display
import Logging
import Systemd
import Testing

@testable import KioskShell

/// A display that comes late or goes and comes back, told by what each try to open it answers.
@Suite struct ScreenTests {
    /// What opening answers, one after another; the last stays. Nothing is a display.
    private final class Tries {
        var answers: [DisplayError?]
        private(set) var count = 0

        init(_ answers: [DisplayError?]) { self.answers = answers }

        func open() throws(DisplayError) -> any DisplayDevice {
            count += 1
            let answer = answers.count > 1 ? answers.removeFirst() : answers[0]
            if let answer { throw answer }
            return HeadlessDisplay()
        }
    }

    private static func refusal(_ code: DisplayError.Code) -> DisplayError {
        DisplayError(code, "screen /dev/dri/card0", "is \(code.rawValue)", nextStep: "wait")
    }

    private func screen(_ tries: Tries, on loop: EventLoop, waitSeconds: Int = 30) throws -> Screen {
        var settings = KioskSettings().display
        settings.waitSeconds = waitSeconds
        return try Screen(
            loop: loop, settings: settings, questionnaire: LoadedQuestionnaire(path: nil).questionnaire,
            logger: Logger(label: "test")
        ) { () throws(DisplayError) in try tries.open() }
    }

    /// Its file is there before udev has set its rights, its card before it has told of its screens.
    @Test(arguments: [DisplayError.Code.notPermitted, .unsupported, .failed, .busy, .disconnected])
    func `a display that comes late may be half there at first`(_ code: DisplayError.Code) throws {
        let loop = try EventLoop()
        let tries = Tries([Self.refusal(.absent), Self.refusal(code), nil])
        let screen = try screen(tries, on: loop)
        #expect(screen.panel == nil)
        screen.redrawn = { loop.stop(status: 0) }
        #expect(try loop.run() == 0)
        #expect(screen.panel != nil)
        #expect(tries.count == 3)
        screen.close()
    }

    @Test func `a display that stays shut ends the program when the time to wait is over`() throws {
        let loop = try EventLoop()
        let screen = try screen(
            Tries([Self.refusal(.absent), Self.refusal(.notPermitted)]), on: loop, waitSeconds: 0)
        #expect(try loop.run() == 69)
        screen.close()
    }

    @Test(arguments: [DisplayError.Code.notPermitted, .settings, .unsupported, .failed])
    func `a start says at once what no waiting will bring`(_ code: DisplayError.Code) throws {
        let loop = try EventLoop()
        #expect(throws: Self.refusal(code)) { try screen(Tries([Self.refusal(code)]), on: loop) }
    }
}
