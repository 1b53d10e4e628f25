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
    public convenience init(_ name: String, at place: Place) throws {
        let folder = "\(place.folder)/\(name)"
        _ = try Child.output(
            [place.program("otsenka-collector"), "init", "--dir", folder, "--name", "otsenka-bench"],
            log: folder + ".log")
        try self.init(serving: name, at: place)
    }

    /// Starts the collector that is in the place's subfolder `name` already; port 0 lets the system choose.
    public init(serving name: String, at place: Place, port: Int = 0) throws {
        self.place = place
        folder = "\(place.folder)/\(name)"
        log = "\(place.folder)/\(name).log"
        // What an earlier start said there would be taken for this one's address.
        try? FileManager.default.removeItem(atPath: log)
        server = try Child(
            [
                place.program("otsenka-collector"), "serve", "--dir", folder, "--host", "127.0.0.1", "--port",
                "\(port)", "--plain-http-loopback",
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
    public func freeze() { Glibc.kill(server.pid, SIGSTOP) }

    public func thaw() { Glibc.kill(server.pid, SIGCONT) }

    /// Asks it to end, and waits until its store is closed.
    public func stop() { server.end() }

    /// Ends it as a power cut would.
    public func kill() { server.end(SIGKILL) }

    /// Runs a command of the collector on its folder; gives what it printed.
    public func command(_ words: [String], _ options: [String] = []) throws -> Data {
        try Child.output(
            [place.program("otsenka-collector")] + words + ["--dir", folder] + options, log: log + ".command")
    }
}
