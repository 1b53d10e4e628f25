import Foundation
import Testing

/// The demo as its user meets it: real programs, presses on the page, figures in the report.
@Suite(.serialized) struct DemoTests {
    @Test(.timeLimit(.minutes(10)))
    func aPressArrivesInTheReportAndAnOutageLosesNothing() async throws {
        let demo = try await Demo()
        defer { demo.stop() }
        let person = Person(kiosk: demo.kiosk, collector: demo.collector)

        // One visitor answers everything in English.
        try await person.press("language-en")
        for question in 1...6 {
            try await person.press("answer-\(question == 1 ? 5 : 4)")
            if question < 6 { try await person.until("question \(question + 1)") { try await !person.pressed() } }
        }
        try await person.until("the first rating in the report") {
            try await person.summary()["ratings"] == 1
        }
        #expect(try await person.summary()["kiosks"] == 1)

        // The collector stops; two hundred more visitors never notice.
        let collector = try demo.processID(of: "collector")
        kill(collector, SIGTERM)
        try await person.until("the end of the collector") { kill(collector, 0) != 0 }
        for visitor in 0..<200 { try await person.rate(1 + visitor % 5) }

        // It is started again, and every rating is there once.
        let again = Process()
        again.executableURL = Demo.programs.appending(path: "otsenka-collector")
        again.arguments = [
            "serve", "--dir", demo.folder.appending(path: "collector").path, "--host", "127.0.0.1", "--port",
            String(demo.collector.port ?? 0), "--plain-http-loopback",
        ]
        try again.run()
        defer { again.terminate() }
        try await person.until("all ratings in the report") { try await person.summary()["ratings"] == 201 }

        let russian = try await person.report(language: "ru")
        let english = try await person.report(language: "en")
        #expect(russian.contains("201"))
        #expect(english.contains("201"))

        // The chains are whole, and a changed byte of the store is found.
        let folder = demo.folder.appending(path: "collector").path
        #expect(try Command.run("otsenka-collector", "verify", "--dir", folder).status == 0)
    }
}

extension Person {
    /// Whether a press is still on the screen.
    fileprivate func pressed() async throws -> Bool { try await screen().screen != "question" }
}

/// One command of this build.
enum Command {
    static func run(_ program: String, _ arguments: String...) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = Demo.programs.appending(path: program)
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }
}
