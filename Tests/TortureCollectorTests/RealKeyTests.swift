import Foundation
import KioskControl
import RealPrograms
import Testing

/// Keys that change while a real kiosk is offline: real programs, real sockets.
@Suite struct RealKeyTests {
    /// A collector over TLS and a kiosk that is enrolled with it by its pin.
    private final class Pair {
        let place: Place
        let folder: String
        let kiosk: String
        var collector: Child
        let run: Child
        private let port: Int

        private static func words(_ place: Place, _ folder: String, _ port: Int) -> [String] {
            [
                place.program("otsenka-collector"), "serve", "--dir", folder, "--host", "127.0.0.1", "--port",
                "\(port)", "--requests-per-second", "1000000",
            ]
        }

        init(_ place: Place) throws {
            self.place = place
            folder = place.folder + "/region"
            kiosk = try place.subfolder("kiosk")
            let program = place.program("otsenka-collector")
            let words = [program, "init", "--dir", folder, "--name", "keys.example", "--host-name", "127.0.0.1"]
            _ = try Child.output(words, log: folder + ".log")
            try? FileManager.default.removeItem(atPath: folder + ".log")
            let log = folder + ".log"
            collector = try Child(Self.words(place, folder, 0), log: log)
            port = try wait(for: "the collector", log: log) {
                let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
                let address = said.split(separator: "\n").first { $0.contains(" serves https://") }
                return address?.split(separator: ":").last.flatMap { Int($0.filter(\.isNumber)) }
            }
            let settings = """
                data: \(kiosk)/data
                runtime: \(kiosk)/run
                display:
                  backend: headless
                  mode: 800x600

                """
            try Data(settings.utf8).write(to: URL(filePath: kiosk + "/kiosk.yaml"))
            run = try Child(
                [place.program("otsenka-kiosk"), "run", "--settings", kiosk + "/kiosk.yaml"], log: kiosk + "/run.log")
            _ = try wait(for: "the kiosk", log: kiosk + "/run.log") { try? status() }
            try enrol()
        }

        private struct Ticket: Decodable { var code, collector, pin: String }

        private func enrol() throws {
            let printed = try command(
                ["kiosk", "add"], ["--id", "hall-1", "--office", "Hall", "--service", "All", "--json"])
            let ticket = try JSONDecoder().decode(Ticket.self, from: printed)
            _ = try Child.output(
                [
                    place.program("otsenka-kiosk"), "enrol", "--runtime-dir", kiosk + "/run", "--state-dir",
                    kiosk + "/uplink", "--collector", ticket.collector, "--code", ticket.code, "--pin", ticket.pin,
                ], log: kiosk + "/enrol.log")
        }

        @discardableResult
        func command(_ words: [String], _ options: [String] = []) throws -> Data {
            try Child.output(
                [place.program("otsenka-collector")] + words + ["--dir", folder] + options, log: folder + ".command")
        }

        func kioskCommand(_ words: [String]) throws {
            _ = try Child.output(
                [place.program("otsenka-kiosk")] + words + [
                    "--runtime-dir", kiosk + "/run", "--state-dir", kiosk + "/uplink",
                ], log: kiosk + "/command.log")
        }

        func status() throws -> KioskStatus {
            let printed = try Child.output(
                [place.program("otsenka-kiosk"), "status", "--runtime-dir", kiosk + "/run", "--json"],
                log: kiosk + "/status.log")
            return try ControlCoding.decode(KioskStatus.self, from: printed)
        }

        func visit() throws {
            _ = try Child.output(
                [place.program("otsenka-kiosk"), "visit", "--runtime-dir", kiosk + "/run", "--ticket", "A1"],
                log: kiosk + "/visit.log")
        }

        /// Lets the uplink talk until every record has its receipt and, if asked, until `also` holds.
        func drain(until also: () throws -> Bool = { true }) throws {
            let uplink = try Child(
                [
                    place.program("otsenka-kiosk"), "uplink", "--runtime-dir", kiosk + "/run", "--state-dir",
                    kiosk + "/uplink", "--fast",
                ], log: kiosk + "/uplink.log")
            // It holds nothing that could be lost; and threads of the tests pass on their blocked SIGTERM.
            defer { _ = uplink.end(SIGKILL) }
            _ = try wait(for: "the receipts", log: kiosk + "/uplink.log") { () throws -> Bool? in
                let now = try status()
                let isDone = now.unsent == 0 && now.receipted == now.records && now.records > 0
                return try isDone && also() ? true : nil
            }
        }

        func restartCollector() throws {
            collector.end()
            collector = try Child(Self.words(place, folder, port), log: folder + ".again.log")
        }

        func authority() throws -> String {
            try String(contentsOfFile: kiosk + "/uplink/collector.json", encoding: .utf8)
        }

        deinit {
            _ = run.end(SIGKILL)
            _ = collector.end(SIGKILL)
        }
    }

    @Test("A kiosk that was offline through two changes of the receipt key and of the authority comes back by itself")
    func collectorsKeys() async throws {
        let ground = try Ground()
        defer { ground.place.remove() }
        let pair = try Pair(ground.place)
        try pair.drain()
        let before = try pair.authority()
        for _ in 0..<2 {
            try pair.command(["key", "rotate", "receipt"])
            try pair.command(["key", "rotate", "authority"])
        }
        try pair.visit()
        try pair.drain { try pair.authority() != before }
        // The new authority alone is believed from now on, also by a program that starts anew.
        try pair.restartCollector()
        try pair.kioskCommand(["key", "rotate", "journal"])
        try pair.drain()
        try pair.command(["verify"])
    }

    @Test("A kiosk that changes its journal key and its transport key while it is offline is believed again")
    func kiosksKeys() async throws {
        let ground = try Ground()
        defer { ground.place.remove() }
        let pair = try Pair(ground.place)
        try pair.drain()
        for key in ["journal", "transport", "journal", "transport"] {
            try pair.kioskCommand(["key", "rotate", key])
        }
        try pair.drain()
        try pair.command(["verify"])
        try pair.command(["kiosk", "revoke", "hall-1"], ["--reason", "stolen"])
        let events = String(decoding: try pair.command(["events"], ["--json"]), as: UTF8.self)
        #expect(events.contains("stolen"))
    }
}
