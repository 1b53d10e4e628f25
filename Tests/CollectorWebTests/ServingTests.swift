import Curl
import Foundation
import Logging
import ServiceLifecycle
import Testing
import Wire

@testable import CollectorWeb

/// The collector on real sockets, asked by libcurl as the kiosk asks.
@Suite struct ServingTests {
    /// Runs the collector's own TLS on a free port while `body` asks it.
    private func serving(_ stage: Stage, _ body: @escaping @Sendable (Int) throws -> Void) async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let listener = try Listener(host: "127.0.0.1", port: 0, tlsOf: stage.folder)
        let application = try stage.server.application(listener) { continuation.yield($0) }
        let group = ServiceGroup(configuration: .init(services: [application], logger: stage.server.logger))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await port in ports {
                let result = await Result(blocking: { try body(port) })
                await group.triggerGracefulShutdown()
                try result.get()
                break
            }
            try await tasks.waitForAll()
        }
    }

    @Test("A kiosk that holds the printed pin, or the authority, reaches the collector; with another pin nobody does")
    func pinned() async throws {
        let stage = try Stage()
        let pin = try #require(KeyPin(try stage.folder.pin()))
        let authority = try stage.folder.authorityCertificate()
        let wrong = try #require(KeyPin("sha256//" + Data(repeating: 1, count: 32).base64EncodedString()))
        try await serving(stage) { (port: Int) throws in
            func ask(_ channel: Channel, host: String = "localhost") throws -> Int {
                let session = try CurlSession(channel: channel)
                return try session.perform(CurlRequest(method: "GET", url: "https://\(host):\(port)/healthz")).status
            }
            #expect(try ask(.pinnedKey(pin)) == 200)
            #expect(try ask(.tls(authority: authority, pin: nil)) == 200)
            #expect(try ask(.tls(authority: authority, pin: pin), host: "127.0.0.1") == 200)
            for channel in [Channel.pinnedKey(wrong), .tls(authority: authority, pin: wrong)] {
                do {
                    Issue.record("\(channel) was believed and answered \(try ask(channel))")
                } catch {
                    #expect((error as? CurlError)?.codeName == "CURLE_SSL_PINNEDPUBKEYNOTMATCH")
                }
            }
        }
    }

    @Test("Header fields beyond 16 KiB or 64 in number are refused in our own words, and the next request is served")
    func headers() async throws {
        let stage = try Stage()
        let pin = try #require(KeyPin(try stage.folder.pin()))
        try await serving(stage) { (port: Int) throws in
            let url = "https://localhost:\(port)/healthz"
            func ask(_ fields: [(name: String, value: String)]) throws -> CurlResponse {
                try CurlSession(channel: .pinnedKey(pin)).perform(CurlRequest(method: "GET", url: url, fields: fields))
            }
            for fields in [[("X-Long", String(repeating: "a", count: 20_000))], (0..<100).map { ("X-\($0)", "a") }] {
                let response = try ask(fields)
                #expect(response.status == 431)
                let refusal = try JSONDecoder().decode(Refusal.self, from: Data(response.body))
                #expect(refusal.error == .tooLarge && refusal.message.contains("16384 bytes"))
            }
            #expect(try ask([("X-Short", "a")]).status == 200)
        }
    }
}
