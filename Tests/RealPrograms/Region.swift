import Curl
import FoundationEssentials
import Glibc
import Ledger
import Wire

/// A real collector of its own, over plain HTTP on loopback.
public final class Region {
    public let folder: String
    /// `http://127.0.0.1:PORT`
    public let address: String
    private let place: Place
    private let server: Child
    private let log: String

    /// Makes a new collector in the place's subfolder `name` and starts it.
    public init(_ name: String, at place: Place) throws {
        self.place = place
        folder = "\(place.folder)/\(name)"
        log = "\(place.folder)/\(name).log"
        let program = place.program("otsenka-collector")
        _ = try Child.output([program, "init", "--dir", folder, "--name", "otsenka-bench"], log: log)
        server = try Child(
            [
                program, "serve", "--dir", folder, "--host", "127.0.0.1", "--port", "0", "--plain-http-loopback",
                // One kiosk may ask once a second; here eight ask for ten thousand.
                "--requests-per-second", "1000000",
            ], log: log)
        address = try wait(for: "the collector", log: log) { [log] in
            let said = (try? String(contentsOf: URL(filePath: log), encoding: .utf8)) ?? ""
            let line = said.split(separator: "\n").first { $0.contains(" serves http://") }
            return line?.split(separator: " ").last.map { String($0.last == "/" ? $0.dropLast() : $0) }
        }
    }

    /// Adds a kiosk; gives its one-time code.
    public func add(_ id: String) throws -> String {
        struct Ticket: Decodable { var code: String }
        let printed = try Child.output(
            [
                place.program("otsenka-collector"), "kiosk", "add", "--dir", folder, "--id", id, "--office",
                "Bench", "--service", "Bench", "--window", "1", "--json",
            ], log: log + ".add")
        return try JSONDecoder().decode(Ticket.self, from: printed).code
    }

    /// It stops answering, but its connections stay: a network that hangs. `thaw` before it ends.
    public func freeze() { kill(server.pid, SIGSTOP) }

    public func thaw() { kill(server.pid, SIGCONT) }

    /// Asks it to end, and waits until its store is closed.
    public func stop() { server.end() }
}
