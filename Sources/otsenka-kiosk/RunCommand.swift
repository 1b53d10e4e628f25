import ArgumentParser
import Display
import Evdev
import FoundationEssentials
import Glibc
import KioskJournal
import KioskShell
import Logging
import Questionnaires
import Systemd

/// The version of this program.
let version = Release.version

/// `otsenka-kiosk run`
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Show the dialog, take presses, keep the journal. Has no network.",
        discussion: """
            Settings are a YAML file; everything has a default. The environment wins (display.backend is
            OTSENKA_DISPLAY_BACKEND). An example:

              data: /var/lib/otsenka        # the journal and its key
              runtime: /run/otsenka         # the Unix sockets
              display:
                backend: auto               # auto, drm, fbdev, headless, web
                diagonal-inches: 21.5       # where the panel does not say its size
              input:
                rotation: 0
                keys: [KEY_1=answer-1, KEY_2=answer-2]
              dialog:
                language: ru

            Ends with 69 without a display, 75 after a failure of the store (start it again), 78 for bad settings.
            """)

    @Option(help: "The settings file.")
    var settings: String?

    func run() throws {
        let (settings, form) = try Self.begin(settings: settings)
        OtsenkaKiosk.end(try Self.operate(settings, form))
    }

    private static func operate(_ settings: KioskSettings, _ form: LoadedQuestionnaire) throws -> Int32 {
        do {
            let kiosk = try Kiosk(settings: settings, form: form, logger: Logger(label: "otsenka.kiosk"))
            return try kiosk.run()
        } catch let error as JournalError {
            throw Failure(status: error.exitStatus, message: "\(error)")
        } catch let error as DisplayError {
            throw Failure(status: error.exitStatus, message: "\(error)")
        } catch let error as InputError {
            throw Failure(status: error.isPermission ? 77 : 69, message: "\(error)")
        } catch {
            throw Failure(status: 70, message: "\(error)")
        }
    }
}

extension ParsableCommand {
    /// What a command that draws on the kiosk's screen begins with: signals that its loop takes as events, a log on standard
    /// error, and the settings with the questionnaire that they name. Throws `Failure` 78 for bad ones.
    static func begin(settings file: String?) throws -> (KioskSettings, LoadedQuestionnaire) {
        // Blocked before the process has a second thread, which would inherit the mask.
        try SignalMask.block([SIGTERM, SIGINT])
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        do {
            let settings = try waiting {
                try await KioskSettings.load(file: file, environment: ProcessInfo.processInfo.environment)
            }
            return (settings, try LoadedQuestionnaire(path: settings.questionnaire))
        } catch {
            throw Failure(status: 78, message: "\(error)")
        }
    }
}

extension DisplayError {
    /// The status with which a program ends on this error (Contract, sysexits).
    var exitStatus: Int32 {
        switch code {
        case .absent, .disconnected, .lost, .unsupported: 69
        case .busy: 75
        case .notPermitted: 77
        case .settings: 78
        case .failed: 74
        }
    }
}
