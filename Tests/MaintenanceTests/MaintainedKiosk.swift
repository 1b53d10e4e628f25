import Foundation
import KioskControl
import RealPrograms
import UnixSocket

/// A real kiosk with its collector, and `otsenka-kiosk maintain` behind systemd's own socket activation. In place of a USB stick
/// there is a file with a FAT file system, and in place of a new start a file that says so.
final class MaintainedKiosk {
    let kiosk: EnrolledKiosk
    let place: Place
    private var run: Child
    private var uplink: Child?
    private let activation: Child
    private var folder: String { kiosk.folder }
    private var program: String { place.program("otsenka-kiosk") }
    var socket: String { folder + "/maintain.sock" }
    var stick: String { folder + "/stick.img" }
    var stage: String { folder + "/maintain/stick" }

    init(online: Bool) throws {
        place = try Place(under: "/tmp", programs: try Place.ownFolder(), named: "otsenka-m")
        kiosk = try EnrolledKiosk("k", at: place)
        let folder = kiosk.folder
        try FileManager.default.createDirectory(atPath: folder + "/sticks", withIntermediateDirectories: true)
        run = try kiosk.run(environment: Self.environment(folder))
        try kiosk.waitUntilItAnswers()
        let program = place.program("otsenka-kiosk")
        try Self.putTools(in: folder, program: program)
        activation = try Child(
            [
                "systemd-socket-activate", "--accept", "--inetd", "--listen", folder + "/maintain.sock", program,
                "maintain",
                "--state-dir", folder + "/maintain", "--tools", folder + "/tools",
            ], log: folder + "/maintain.log")
        _ = try Child.output(
            [program, "maintain", "pin", "--runtime-dir", folder + "/run", "--state-dir", folder + "/maintain"],
            log: folder + "/pin.log")
        if online { uplink = try kiosk.uplink() }
    }

    deinit { place.remove() }

    /// With a display that can be pressed; a headless kiosk has no input and asks nobody.
    private static func environment(_ folder: String) -> [String: String] {
        [
            "OTSENKA_MAINTENANCE_SOCKET": folder + "/maintain.sock", "OTSENKA_MAINTENANCE_STICKS": folder + "/sticks",
            "OTSENKA_DISPLAY_BACKEND": "web", "OTSENKA_DISPLAY_WEB_PORT": "0",
        ]
    }

    /// The image's own tool, with the places that only the image has replaced one by one.
    private static func putTools(in folder: String, program: String) throws {
        let tools = URL(filePath: folder + "/tools")
        try FileManager.default.createDirectory(at: tools, withIntermediateDirectories: true)
        let image = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../kiosk-image/root/usr/lib/otsenka/maintain")
        var script = try String(contentsOf: image, encoding: .utf8)
        for (there, here) in [
            "otsenka-kiosk export --to": "\(program) export --runtime-dir \(folder)/run --to",
            "otsenka-kiosk import-receipts": "\(program) import-receipts --runtime-dir \(folder)/run",
            "restart) systemctl --no-block reboot": "restart) touch \(folder)/restarted",
        ] {
            guard script.contains(there) else {
                throw ChildError("the image's maintain does not say “\(there)” any more")
            }
            script = script.replacing(there, with: here)
        }
        let stick = "#!/bin/sh\necho \"$*\" >>\(folder)/stick.log\n[ \"$1\" != attach ] || echo \(folder)/stick.img\n"
        for (name, text) in ["maintain": script, "stick": stick] {
            let file = tools.appending(path: name)
            try Data(text.utf8).write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        }
    }

    // MARK: What people do

    /// `otsenka-collector kiosk visit`; gives the note.
    @discardableResult
    func allow(_ verbs: [String], file: String? = nil) throws -> String {
        struct Ticket: Decodable { var note: String }
        let printed = try kiosk.region.command(
            ["kiosk", "visit", "bench-k"],
            ["--technician", "t-17", "--json"] + verbs.flatMap { ["--verb", $0] }
                + (file.map { ["--output", $0] } ?? []))
        return try JSONDecoder().decode(Ticket.self, from: printed).note
    }

    /// `otsenka-kiosk maintain open`; gives its exit status.
    func open(_ file: String) throws -> Int32? {
        try Child([program, "maintain", "open", "--runtime-dir", folder + "/run", file], log: folder + "/open.log")
            .wait()
    }

    func end() throws -> Int32? {
        try Child([program, "maintain", "end", "--runtime-dir", folder + "/run"], log: folder + "/end.log").wait()
    }

    func plugIn() throws { try Data().write(to: URL(filePath: folder + "/sticks/1-2")) }
    func pullOut() throws { try FileManager.default.removeItem(atPath: folder + "/sticks/1-2") }

    func formatStick(kibibytes: Int = 4096) throws {
        try? FileManager.default.removeItem(atPath: stick)
        _ = try Child.output(["mkfs.vfat", "-C", stick, "\(kibibytes)"], log: folder + "/mkfs.log")
    }

    /// The dialog appears, as a queue system has it; gives the exit status.
    func showDialog() throws -> Int32? {
        try Child([program, "visit", "--runtime-dir", folder + "/run"], log: folder + "/visit.log").wait()
    }

    func panel() throws -> WebPanel {
        guard let panel = try WebPanel(of: run, log: kiosk.log) else { throw ChildError("the kiosk has ended") }
        return panel
    }

    // MARK: What can be seen

    /// What `otsenka-kiosk address` says, and its exit status.
    func address(_ options: String...) throws -> (status: Int32?, text: String) {
        let log = folder + "/address.log"
        try? FileManager.default.removeItem(atPath: log)
        let status = try Child([program, "address"] + options, log: log).wait()
        return (status, try text("address.log").trimmingCharacters(in: .newlines))
    }

    /// The records of visits in the journal, as `moment done`.
    func records() throws -> [String] {
        struct Line: Decodable {
            var kind: String
            var moment: String?
            var done: [String]?
        }
        let lines = try Child.output([program, "export", "--runtime-dir", folder + "/run"], log: folder + "/lines.log")
        return try lines.split(separator: 0x0A).compactMap { line in
            let read = try JSONDecoder().decode(Line.self, from: Data(line))
            guard read.kind == "maintenance", let moment = read.moment else { return nil }
            return ([moment] + (read.done ?? [])).joined(separator: " ")
        }
    }

    func waitFor(_ wanted: [String]) throws {
        let _: Bool = try wait(for: "the records \(wanted)", log: kiosk.log) { try records() == wanted ? true : nil }
    }

    func waitForScreen(_ name: String) throws {
        let _: Bool = try wait(for: "the screen \(name)", log: kiosk.log) {
            try kiosk.status().screen == name ? true : nil
        }
    }

    func onStick(_ folder: String) throws -> [String] {
        let printed = try Child.output(["mdir", "-b", "-i", stick, "::/\(folder)"], log: self.folder + "/mdir.log")
        return String(decoding: printed, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder + "/" + name) }
    func text(_ name: String) throws -> String { try String(contentsOfFile: folder + "/" + name, encoding: .utf8) }
    func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: folder + "/" + name))
        return folder + "/" + name
    }

    /// Asks `maintain` as a `run` that was taken over would.
    func ask(_ verb: MaintainVerb, visit: String) throws -> MaintainAnswer {
        let answer = try Client.call(
            path: socket, message: try ControlCoding.encode(MaintainRequest(verb: verb, visit: visit)),
            server: ServerName(program: "maintain", unit: "maintain"), maximumBytes: ControlCoding.maximumBytes,
            timeoutMilliseconds: 60_000)
        return try ControlCoding.decode(MaintainAnswer.self, from: answer)
    }

    /// SIGKILL and a new start of `run`.
    func crash() throws {
        run.end(SIGKILL)
        run = try kiosk.run(environment: Self.environment(folder))
        try kiosk.waitUntilItAnswers()
    }
}
