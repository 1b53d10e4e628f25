import FoundationEssentials
import Glibc
import RealPrograms

/// A real collector with its own TLS at one address, however often it starts.
final class SecureRegion {
    struct Ticket: Decodable {
        var code: String
        var pin: String
    }

    let folder: String
    private let program: String
    private let log: String
    private var server: Child?
    private var port = "0"
    var address: String { "https://localhost:\(port)" }

    init(_ name: String, at place: Place) throws {
        folder = "\(place.folder)/\(name)"
        log = folder + ".log"
        program = place.program("otsenka-collector")
        _ = try Child.output([program, "init", "--dir", folder, "--name", "otsenka-torture"], log: log)
    }

    func start() throws {
        try? FileManager.default.removeItem(atPath: log)
        server = try Child(
            [
                program, "serve", "--dir", folder, "--host", "127.0.0.1", "--port", port, "--requests-per-second",
                "1000000",
            ], log: log)
        port = try wait(for: "the collector", log: log) { [log] in
            let said = (try? String(contentsOf: URL(filePath: log), encoding: .utf8)) ?? ""
            let line = said.split(separator: "\n").first { $0.contains(" serves https://") }
            return line?.split(separator: ":").last.map { String($0.filter(\.isNumber)) }
        }
    }

    var pid: pid_t? { server?.pid }
    var portNumber: UInt16 { UInt16(port) ?? 0 }

    func stop(_ signal: Int32 = SIGTERM) {
        server?.end(signal)
        server = nil
    }

    /// What it shows from its next start on.
    func show(_ certificate: ServerCertificate) throws {
        try Data(certificate.certificate.utf8).write(to: URL(filePath: folder + "/server.pem"))
        try Data(certificate.key.utf8).write(to: URL(filePath: folder + "/server.key"))
    }

    func ticket(_ kiosk: String) throws -> Ticket {
        let printed = try Child.output(
            [
                program, "kiosk", "add", "--dir", folder, "--id", kiosk, "--office", "Hall", "--service", "Desk",
                "--window", "1", "--json",
            ], log: folder + ".add")
        return try JSONDecoder().decode(Ticket.self, from: printed)
    }
}
