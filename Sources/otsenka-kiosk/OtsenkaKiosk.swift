import ArgumentParser
import Glibc
import Systemd

/// The kiosk's program; each subcommand is in a file of its own.
@main
struct OtsenkaKiosk: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "otsenka-kiosk",
        abstract: "Asks visitors how they were served, and keeps every answer.",
        version: version,
        subcommands: [
            RunCommand.self, UplinkCommand.self, MaintainCommand.self, EnrolCommand.self, StatusCommand.self,
            VerifyCommand.self, ExportCommand.self, VisitCommand.self, DoctorCommand.self, InputCommand.self,
            RenderCommand.self, LintCommand.self,
        ])

    /// Not async: with an async main, libdispatch ends up owning the main thread and parks it with an empty signal mask,
    /// so that a signal that `run` takes as an event would end the process.
    static func main() {
        // `run` takes these signals as events. They must be blocked before the process has a second thread, since a
        // thread without the mask would take the default action for all.
        if CommandLine.arguments.dropFirst().first == RunCommand.configuration.commandName {
            try? SignalMask.block([SIGTERM, SIGINT])
        }
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as Failure {
            fail(failure)
        } catch {
            exit(withError: error)
        }
    }

    /// One line for a person, then the status for a script.
    private static func fail(_ failure: Failure) -> Never {
        let line = Array("otsenka-kiosk: \(failure.message)\n".utf8)
        // A line that cannot be written has nobody who could read it; the status still tells.
        _ = write(STDERR_FILENO, line, line.count)
        Glibc.exit(failure.status)
    }
}

/// What a command ends with when it cannot do its work: the thing, the cause and the next step, and a status of the Contract.
struct Failure: Error {
    var status: Int32
    var message: String
}
