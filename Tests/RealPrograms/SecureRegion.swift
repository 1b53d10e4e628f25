import FoundationEssentials
import Glibc

/// A real collector with its own TLS at one address, however often it starts. It ends with this object.
public final class SecureRegion {
    /// What `kiosk add` prints.
    public struct Ticket: Decodable {
        public var code: String
        public var pin: String
    }

    public let folder: String
    public let program: String
    private let log: String
    /// As in the unit of systemd.
    private static let allocator = [
        "MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072",
    ]
    private var server: Child?
    private var port = "0"
    public var address: String { "https://localhost:\(port)" }

    /// Makes a new collector in the place's subfolder `name`; `start` runs it. Kiosks reach it under `hostNames`, or under
    /// the one of this machine.
    public init(_ name: String, hostNames: [String] = [], at place: Place) throws {
        folder = "\(place.folder)/\(name)"
        log = folder + ".log"
        program = place.program("otsenka-collector")
        let names = hostNames.flatMap { ["--host-name", $0] }
        _ = try Child.output([program, "init", "--dir", folder, "--name", "otsenka-torture"] + names, log: log)
    }

    /// Takes a free port the first time, the same one later. With the allocator of its unit of systemd.
    public func start() throws {
        try? FileManager.default.removeItem(atPath: log)
        server = try Child(
            [
                program, "serve", "--dir", folder, "--host", "127.0.0.1", "--port", port, "--requests-per-second",
                "1000000",
            ], environment: Self.allocator, log: log)
        port = try wait(for: "the collector", log: log) { [log] in
            let said = (try? String(contentsOf: URL(filePath: log), encoding: .utf8)) ?? ""
            let line = said.split(separator: "\n").first { $0.contains(" serves https://") }
            return line?.split(separator: ":").last.map { String($0.filter(\.isNumber)) }
        }
    }

    public var pid: pid_t? { server?.pid }
    public var portNumber: UInt16 { UInt16(port) ?? 0 }

    public func stop(_ signal: Int32 = SIGTERM) {
        server?.end(signal)
        server = nil
    }

    /// Adds a kiosk.
    public func ticket(_ kiosk: String) throws -> Ticket {
        let printed = try Child.output(
            [
                program, "kiosk", "add", "--dir", folder, "--id", kiosk, "--office", "Hall", "--service", "Desk",
                "--window", "1", "--json",
            ], log: folder + ".add")
        return try JSONDecoder().decode(Ticket.self, from: printed)
    }
}
