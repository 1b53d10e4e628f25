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

    /// Counts how it is looked after; else a headless display.
    private final class Asked: DisplayDevice {
        private let picture = HeadlessDisplay()
        private(set) var probes = 0
        var answer = Refreshed.unchanged
        var name: String { "asked" }
        var canvas: Canvas { picture.canvas }
        var millimetres: PhysicalSize? { nil }
        var refreshMillihertz: Int? { nil }
        var descriptor: Int32 { -1 }

        func present(_ damage: [PixelRect]) throws(DisplayError) -> Presented { try picture.present(damage) }
        func handleEvents() throws(DisplayError) -> Bool { false }
        func recover() throws(DisplayError) {}
        func close() {}
        func refresh(probe: Bool) throws(DisplayError) -> Refreshed {
            if probe { probes += 1 }
            return answer
        }
    }

    private func screen(_ display: Asked, on loop: EventLoop) throws -> Screen {
        try Screen(
            loop: loop, settings: KioskSettings().display,
            questionnaire: LoadedQuestionnaire(path: nil).questionnaire, logger: Logger(label: "test")
        ) { () throws(DisplayError) in display }
    }

    @Test func `a card that tells of a change is asked at once`() throws {
        let loop = try EventLoop()
        let display = Asked()
        let screen = try screen(display, on: loop)
        var isLost: Bool?
        screen.lost = { isLost = $0 }
        let began = KernelClock.monotonic.milliseconds
        for (answer, expected) in [(Refreshed.unplugged, true), (.pluggedIn, false)] {
            display.answer = answer
            screen.connectorsChanged()
            while isLost != expected { try loop.turn(waitingAtMostMilliseconds: 5_000) }
        }
        // The second question waits a quarter of a second for the first; a look comes every second.
        #expect(display.probes == 2)
        #expect(KernelClock.monotonic.milliseconds - began >= 250)
        screen.close()
    }

    @Test func `a plug that rocks in its socket does not keep the kiosk busy`() throws {
        let loop = try EventLoop()
        let display = Asked()
        let screen = try screen(display, on: loop)
        let began = KernelClock.monotonic.milliseconds
        while display.probes < 3 {
            screen.connectorsChanged()
            try loop.turn(waitingAtMostMilliseconds: 5)
        }
        #expect(KernelClock.monotonic.milliseconds - began >= 500)
        screen.close()
    }
}
