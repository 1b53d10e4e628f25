import ArgumentParser
import Dispatch
import Glibc
import Synchronization

/// The kiosk's program; each subcommand is in a file of its own.
@main
struct OtsenkaKiosk: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "otsenka-kiosk",
        abstract: "Asks visitors how they were served, and keeps every answer.",
        version: version,
        subcommands: [
            RunCommand.self, UplinkCommand.self, MaintainCommand.self, EnrolCommand.self, StatusCommand.self,
            VerifyCommand.self, ExportCommand.self, ImportReceiptsCommand.self, VisitCommand.self, DoctorCommand.self,
            InputCommand.self, RenderCommand.self, ShowFaultCommand.self, LintCommand.self, KeyCommand.self,
            AddressCommand.self,
        ])

    /// Synchronous, so that `run` has the real main thread: under an asynchronous main the runtime parks that thread in
    /// sigsuspend(2) with every signal open, and a stop signal would end the process there instead of being an event.
    static func main() {
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
        end(failure.status)
    }

    /// Ends without exit(3)'s handlers: other threads still serve, and what they fall over while libraries are taken down
    /// beneath them (a browser that connects just then: SIGILL in NIO) would end the program in place of its status.
    static func end(_ status: Int32) -> Never {
        fflush(nil)
        _exit(status)
    }
}

/// What a command ends with when it cannot do its work: the thing, the cause and the next step, and a status of the Contract.
struct Failure: Error {
    var status: Int32
    var message: String
}

/// Waits on this thread for asynchronous work; for the start of a command, before it has anything else to do.
func waiting<Value: Sendable>(_ work: @escaping @Sendable () async throws -> Value) throws -> Value {
    let done = DispatchSemaphore(value: 0)
    let box = ResultBox<Value>()
    Task.detached {
        do {
            let value = try await work()
            box.result.withLock { $0 = .success(value) }
        } catch {
            box.result.withLock { $0 = .failure(error) }
        }
        done.signal()
    }
    done.wait()
    guard let result = box.result.withLock({ $0 }) else { preconditionFailure("a signal comes after the result") }
    return try result.get()
}

/// What a task leaves for the thread that waits for it.
private final class ResultBox<Value: Sendable>: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
}
