import Curl
import FakeKiosk
import Foundation
import Ledger
import Ratings
import Testing
import Wire

@testable import CollectorWeb

/// The program itself: processes, exit statuses, the admin socket.
@Suite struct ProgramTests {
    /// A command that ended.
    struct Ended {
        var status: Int32
        var output: String
        var error: String
    }

    let program: URL = {
        let bundle = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        return bundle.deletingLastPathComponent().appending(path: "otsenka-collector")
    }()

    private func run(_ arguments: [String]) throws -> Ended {
        let process = Process()
        let (output, error) = (Pipe(), Pipe())
        process.executableURL = program
        process.arguments = arguments
        process.standardOutput = output
        process.standardError = error
        process.standardInput = FileHandle.nullDevice
        try process.run()
        // Far less than a pipe holds, so one after the other is enough.
        let printed = output.fileHandleForReading.readDataToEndOfFile()
        let complained = error.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return Ended(
            status: process.terminationStatus, output: String(decoding: printed, as: UTF8.self),
            error: String(decoding: complained, as: UTF8.self))
    }

    /// Starts `serve` on a free port over plain HTTP and runs `body` with its address; then SIGTERM, which must end it with 0.
    private func serving(_ folder: String, _ body: (String) throws -> Void) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = program
        process.arguments = ["serve", "--dir", folder, "--plain-http-loopback", "--port", "0"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        let address = line.split(separator: " ").last.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) } ?? ""
        let result = Result { try body(address) }
        process.terminate()
        process.waitUntilExit()
        try result.get()
        #expect(process.terminationStatus == 0)
    }

    private func temporary(_ body: @escaping @Sendable (String) throws -> Void) async throws {
        let path = NSTemporaryDirectory() + "otsenka-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await Result(blocking: { try body(path) }).get()
    }

    private func post(_ url: String, _ method: String, _ fields: [String: String], _ body: Data) throws -> CurlResponse
    {
        let session = try CurlSession(channel: .plainLoopback)
        return try session.perform(
            CurlRequest(method: method, url: url, fields: fields.map { ($0.key, $0.value) }, body: Array(body)))
    }

    /// Enrols a fake kiosk by what `kiosk add --json` printed.
    private func enrol(_ ticket: EnrolmentTicket) throws -> FakeKiosk {
        let id = try #require(KioskID(rawValue: ticket.kiosk))
        let code = try #require(EnrolmentCode(ticket.code))
        let keys = FakeKiosk(id: id, collectorNonce: "")
        let body = try keys.enrolment(code).body
        let response = try post(ticket.collector + Routes.enrolments, "POST", [:], body)
        try #require(response.status == 200)
        let answer = try JSONDecoder().decode(EnrolmentAnswer.self, from: Data(response.body))
        #expect(answer.authority == nil)
        return FakeKiosk(
            id: id, epoch: answer.epoch, collectorNonce: answer.collectorNonce, journalKey: keys.journalKey,
            transportKey: keys.transportKey)
    }

    private func decoded<Value: Decodable>(_ text: String, _ type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    @Test(
        "From init to a verified report; and when a byte of the store is changed, verify names the record and ends with 65"
    )
    func whole() async throws {
        try await temporary { (folder: String) throws in
            #expect(try run(["init", "--dir", folder, "--name", "test.example"]).status == 0)
            try serving(folder) { (address: String) throws in
                let added = try run(
                    [
                        "kiosk", "add", "--dir", folder, "--office", "Зал", "--service", "Паспорт", "--id", "hall-1",
                        "--json",
                    ])
                #expect(added.status == 0, "\(added.error)")
                let ticket = try decoded(added.output, EnrolmentTicket.self)
                #expect(ticket.collector == address && ticket.pin == nil && ticket.enrol.contains(ticket.code))
                var kiosk = try enrol(ticket)
                for mark in [1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5] { try kiosk.visit(mark: mark) }
                let upload = try kiosk.upload(1, kiosk.count)
                #expect(try post(address + upload.head.path, "PUT", upload.head.fields, upload.body).status == 200)
                let report = try run(["report", "ratings", "--dir", folder, "--by", "service", "--json"])
                let rows: [ReportLine] = try decoded(report.output)
                #expect(rows == [ReportLine(key: "Паспорт", n: 12, satisfied: 9, share: 75)])
                #expect(try run(["verify", "--dir", folder]).output.hasPrefix("Right: 36 records in 1 chains"))
                let busy = try run(["serve", "--dir", folder, "--plain-http-loopback", "--port", "0"])
                #expect(busy.status == 75 && busy.error.contains("is open in process"))
            }
            // Nothing runs any more: the same commands work on the folder itself.
            #expect(
                try decoded(run(["kiosk", "list", "--dir", folder, "--json"]).output, [KioskLine].self).first?.stored
                    == 36)
            #expect(try run(["verify", "--dir", folder]).status == 0)
            try flip(folder + "/collector.db", near: #""question":"overall","seq":5,"#)
            let verdict = try run(["verify", "--dir", folder])
            #expect(verdict.status == 65, "\(verdict.output)\(verdict.error)")
            #expect(verdict.error.contains("kiosk hall-1, epoch 1, record 5"), "\(verdict.error)")
        }
    }

    struct ReportLine: Decodable, Equatable {
        var key: String
        var n, satisfied: Int
        var share: Double
    }

    /// Changes one letter of the line that holds `text`.
    private func flip(_ path: String, near text: String) throws {
        var data = try Data(contentsOf: URL(filePath: path))
        let place = try #require(data.range(of: Data(text.utf8)), "the store holds lines as they were sent")
        data[place.lowerBound + 14] ^= 1
        try data.write(to: URL(filePath: path))
    }

    @Test(
        "What is asked wrongly ends with the exit status of the Contract and one line",
        arguments: [
            (["serve"], 64), (["nonsense"], 64), (["report", "ratings", "--by", "galaxy", "--dir", "/nowhere"], 64),
            (["serve", "--dir", "FOLDER", "--plain-http-loopback", "--host", "0.0.0.0"], 64),
            (["serve", "--dir", "FOLDER", "--port", "70000"], 64), (["kiosk", "list", "--dir", "/nowhere"], 78),
            (["kiosk", "add", "--dir", "FOLDER", "--office", "Зал", "--id", "Зал"], 64),
            (["report", "ratings", "--dir", "FOLDER", "--by", "month", "--from", "2026-02-30"], 64),
            (["init", "--dir", "FOLDER"], 73), (["init", "--dir", "/proc/nowhere"], 73), (["--help"], 0),
            (["kiosk", "add", "--help"], 0),
            (["report", "ratings", "--dir", "FOLDER", "--by", "territory", "--json"], 0),
        ] as [([String], Int32)])
    func statuses(arguments: [String], status: Int32) async throws {
        try await temporary { (folder: String) throws in
            #expect(try run(["init", "--dir", folder, "--name", "a.example"]).status == 0)
            let ended = try run(arguments.map { $0 == "FOLDER" ? folder : $0 })
            #expect(ended.status == status, "\(ended.error)")
            if ended.error.hasPrefix("otsenka-collector:") {
                #expect(ended.error.split(separator: "\n").count == 1, "\(ended.error)")
            }
        }
    }

    @Test("The enrolment file is written once, for its owner alone, and a refused order leaves none")
    func enrolmentFile() async throws {
        try await temporary { (folder: String) throws in
            #expect(try run(["init", "--dir", folder, "--name", "a.example"]).status == 0)
            let file = folder + "/otsenka-enrol.yaml"
            func add(_ id: String) throws -> (status: Int32, output: String, error: String) {
                let ended = try run(
                    [
                        "kiosk", "add", "--dir", folder, "--office", "Hall", "--id", id, "--output", file, "--json",
                    ])
                return (ended.status, ended.output, ended.error)
            }
            #expect(try add("no id").status == 64)
            #expect(!FileManager.default.fileExists(atPath: file))
            let ticket = try decoded(add("hall-1").output, EnrolmentTicket.self)
            let text = try String(contentsOf: URL(filePath: file), encoding: .utf8)
            let pin = try #require(ticket.pin)
            #expect(text == "collector: \(ticket.collector)\ncode: \(ticket.code)\npin: \(pin)\n")
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let again = try add("hall-2")
            #expect(again.status == 73 && again.error.contains(file), "\(again.error)")
            #expect(try String(contentsOf: URL(filePath: file), encoding: .utf8) == text)
            // The file is tried before a kiosk is made.
            let listed = try decoded(run(["kiosk", "list", "--dir", folder, "--json"]).output, [KioskLine].self)
            #expect(listed.map(\.kiosk) == ["hall-1"])
            let people = try run(["kiosk", "replace", "hall-1", "--dir", folder])
            #expect(people.output.contains("as otsenka-enrol.yaml\n  collector: "), "\(people.output)")
        }
    }

    @Test("A folder deeper than a socket's name may be long is served all the same")
    func deep() async throws {
        try await temporary { (folder: String) throws in
            let deep = folder + "/" + String(repeating: "d", count: 120)
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            #expect(try run(["init", "--dir", deep, "--name", "a.example"]).status == 0)
            try serving(deep) { (_: String) throws in
                #expect(FileManager.default.fileExists(atPath: deep + "/admin.sock"))
                let mode =
                    try FileManager.default.attributesOfItem(atPath: deep + "/admin.sock")[.posixPermissions] as? Int
                #expect(mode == 0o600)
                #expect(try run(["kiosk", "list", "--dir", deep]).status == 0)
            }
        }
    }
}
