import ArgumentParser
import FoundationEssentials
import KioskControl
import UnixSocket

/// Where the running kiosk listens.
struct RuntimeOptions: ParsableArguments {
    @Option(help: "The folder of the running kiosk's sockets.")
    var runtimeDir = "/run/otsenka"

    /// Asks `run` on `control.sock`; throws `Failure` 69 when it does not answer, 74 when what it answers is no message.
    func ask(_ request: CommandRequest, seconds: Int64 = 10) throws -> CommandAnswer {
        let path = runtimeDir + "/control.sock"
        do {
            let answer = try Client.call(
                path: path, message: ControlCoding.encode(request),
                server: ServerName(program: "otsenka-kiosk run", unit: "otsenka-kiosk.service"),
                maximumBytes: ControlCoding.maximumBytes, timeoutMilliseconds: seconds * 1000)
            return try ControlCoding.decode(CommandAnswer.self, from: answer)
        } catch let error as UnixSocketError {
            throw Failure(status: 69, message: "\(error)")
        } catch {
            throw Failure(status: 74, message: "the answer on \(path) is not understood; use one release for both")
        }
    }
}

extension CommandAnswer {
    /// The failure that an answer other than the expected one is.
    var failure: Failure {
        switch self {
        case .refused(let reason): Failure(status: 77, message: reason)
        case .failed(let reason): Failure(status: 75, message: reason)
        default: Failure(status: 70, message: "the running kiosk gave another answer than was asked for")
        }
    }
}
