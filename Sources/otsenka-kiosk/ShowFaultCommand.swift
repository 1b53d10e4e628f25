import ArgumentParser
import Dialog
import Display
import KioskShell
import Logging

/// `otsenka-kiosk show-fault`: the screen of a machine on which `run` cannot start.
struct ShowFaultCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show-fault",
        abstract: "Show a fault of the machine on the kiosk's screen, in each language in turn.",
        discussion: """
            Codes: \(MachineFault.allCases.map(\.rawValue).joined(separator: ", ")); kiosk-image/README.md says what \
            they mean. Runs until it is stopped.
            Ends with 69 without a display, 78 for bad settings.
            """)

    @Argument(help: "The code of the fault.")
    var code: MachineFault

    @Option(help: "The settings file of `run`; its display and its languages are taken.")
    var settings: String?

    func run() throws {
        let (settings, form) = try Self.begin(settings: settings)
        do {
            let screen = try FaultScreen(
                code, settings: settings.display, form: form, logger: Logger(label: "otsenka.kiosk"))
            OtsenkaKiosk.end(try screen.run())
        } catch let error as DisplayError {
            throw Failure(status: error.exitStatus, message: "\(error)")
        }
    }
}

extension MachineFault: ExpressibleByArgument {}
