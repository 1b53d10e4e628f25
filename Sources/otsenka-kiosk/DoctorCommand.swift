import ArgumentParser
import Display
import Drawing
import Evdev
import FoundationEssentials
import Glibc
import KioskControl
import KioskShell

/// `otsenka-kiosk doctor`: looks at everything that a kiosk needs and says what is wrong with each.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check settings, questionnaire, fonts, display, input devices and the running kiosk.",
        discussion: "Changes nothing. Ends with 0 when all is well, else with the status of the first trouble.")

    @Option(help: "The settings file.")
    var settings: String?

    func run() throws {
        let file = settings
        var first: Int32 = 0
        func report(_ thing: String, _ status: Int32, _ finding: String) {
            print("\(status == 0 ? "ok  " : "FAIL")  \(thing): \(finding)")
            if first == 0 { first = status }
        }
        var found = KioskSettings()
        do {
            found = try waiting {
                try await KioskSettings.load(file: file, environment: ProcessInfo.processInfo.environment)
            }
            report("settings", 0, file ?? "defaults")
        } catch { report("settings", 78, "\(error)") }
        do {
            report("questionnaire", 0, try LoadedQuestionnaire(path: found.questionnaire).questionnaire.reference)
        } catch { report("questionnaire", 78, "\(error)") }
        do {
            _ = try Typesetter()
            report("fonts", 0, Typesetter.families)
        } catch { report("fonts", 69, "\(error)") }
        checkDisplay(found, report)
        checkInput(report)
        checkRun(found, report)
        if first != 0 { throw ExitCode(first) }
    }

    private func checkDisplay(_ settings: KioskSettings, _ report: (String, Int32, String) -> Void) {
        do {
            let display = try settings.display.deviceSettings.open()
            report("display", 0, display.name)
            display.close()
        } catch {
            // A running kiosk holds its card, so a busy one is no trouble.
            report("display", error.code == .busy ? 0 : error.exitStatus, "\(error)")
        }
    }

    private func checkInput(_ report: (String, Int32, String) -> Void) {
        do {
            let manager = try InputManager(settings: InputSettings(grab: false))
            _ = manager.start(now: 0)
            let devices = manager.descriptions
            let read = devices.filter { $0.leftAloneBecause == nil }
            for device in devices {
                print("      \(device.name) (\(device.path)): \(device.leftAloneBecause ?? "read")")
            }
            if let error = manager.permissionError {
                report("input", 77, "\(error)")
            } else if read.isEmpty {
                report("input", 69, "no touch panel and no buttons in /dev/input; connect one")
            } else {
                report("input", 0, "\(read.count) devices")
            }
        } catch { report("input", 69, "\(error)") }
    }

    private func checkRun(_ settings: KioskSettings, _ report: (String, Int32, String) -> Void) {
        var runtime = RuntimeOptions()
        runtime.runtimeDir = settings.runtimeFolder
        do {
            guard case .status(let status) = try runtime.ask(.status) else {
                return report("kiosk", 70, "it gave no status")
            }
            let marks = status.marks.isEmpty ? "" : ", marks \(status.marks.joined(separator: " "))"
            let who =
                status.kiosk.map { "enrolled as \($0)" } ?? "running, not enrolled: otsenka-kiosk enrol comes next"
            report("kiosk", status.marks.isEmpty ? 0 : 65, "\(who)\(marks)")
        } catch let failure as Failure {
            report("kiosk", failure.status, failure.message)
        } catch {
            report("kiosk", 70, "\(error)")
        }
    }
}
