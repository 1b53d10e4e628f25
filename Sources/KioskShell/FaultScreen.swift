import Dialog
import DialogScreens
import Display
import Glibc
import Logging
import Systemd

/// A fault of the machine on the screen, where `Kiosk` cannot run: no store, no sockets, no input. There is nobody to
/// choose a language, so the languages take turns.
public final class FaultScreen {
    private static let turnMilliseconds: Int64 = 10_000

    private let loop: EventLoop
    private let screen: Screen
    private let views: [DialogView]
    private let console: Console?
    private var turn = 0
    private var timer: Timer?
    private var signals: [SignalWatch] = []

    /// Opens the display, or starts to wait for it. Throws `DisplayError` for one that waiting will not bring.
    public init(
        _ fault: MachineFault, settings: KioskSettings.DisplayPart, form: LoadedQuestionnaire, logger: Logger
    ) throws {
        loop = try EventLoop()
        console = settings.coverConsole(logger)
        screen = try Screen(loop: loop, settings: settings, questionnaire: form.questionnaire, logger: logger)
        views = form.questionnaire.languages.map { ScreenCatalogue.machine(fault, language: $0).view }
    }

    /// Shows it until a signal comes or the display is given up; gives the exit status (Contract).
    public func run() throws -> Int32 {
        defer {
            screen.close()
            console?.close()
        }
        for number in [SIGTERM, SIGINT] {
            signals.append(try loop.onSignal(number) { [weak self] _ in self?.loop.stop(status: 0) })
        }
        timer = try loop.timer { [weak self] in self?.showNext() }
        showNext()
        return try loop.run()
    }

    private func showNext() {
        screen.show(views[turn % views.count])
        turn += 1
        do { try timer?.arm(afterMilliseconds: Self.turnMilliseconds) } catch { loop.stop(status: 75) }
    }
}

extension KioskSettings.DisplayPart {
    /// Covers the kernel's text console. A kiosk does its work without: at worst a cursor blinks in the picture.
    func coverConsole(_ logger: Logger) -> Console? {
        guard [.auto, .drm, .fbdev].contains(backend), console != "none" else { return nil }
        do throws(DisplayError) {
            let console = try Console(self.console)
            if let warning = console.keyboardWarning {
                logger.warning("keys still reach the text console", metadata: ["cause": "\(warning)"])
            }
            return console
        } catch {
            logger.log(
                level: error.code == .absent ? .info : .warning, "the text console is not covered",
                metadata: ["cause": "\(error)"])
            return nil
        }
    }
}
