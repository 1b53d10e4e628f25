import Foundation
import Hummingbird
import HummingbirdTesting
import KioskWeb
import Logging
import Synchronization
import Testing

/// A panel of nine bytes that remembers what was pressed.
private final class FakePanel: WebPanel {
    let pressed = Mutex<[PointerEvent]>([])
    let shown = Mutex(7)

    var frame: Int { shown.withLock { $0 } }
    func picture() -> (frame: Int, png: Data) { (frame, Data("a picture".utf8)) }
    func description() -> Data { Data(#"{"screen":"idle"}"#.utf8) }
    func pointer(_ event: PointerEvent) { pressed.withLock { $0.append(event) } }
}

@Suite struct WebDisplayTests {
    private let panel = FakePanel()
    private var application: some ApplicationProtocol {
        Application(router: WebDisplay(port: 0, panel: panel, logger: Logger(label: "test")).router())
    }

    @Test func thePageAndThePictureAreServed() async throws {
        try await application.test(.router) { client in
            try await client.execute(uri: "/", method: .get) { response in
                #expect(response.status == .ok)
                #expect(String(buffer: response.body).contains("/screen.png"))
            }
            try await client.execute(uri: "/screen.png", method: .get) { response in
                #expect(String(buffer: response.body) == "a picture")
                #expect(response.headers[.init("Otsenka-Frame")!] == "7")
            }
            try await client.execute(uri: "/screen.json", method: .get) { response in
                #expect(String(buffer: response.body) == #"{"screen":"idle"}"#)
            }
        }
    }

    @Test func aPressReachesThePanelAsItWasSent() async throws {
        try await application.test(.router) { client in
            try await client.execute(
                uri: "/pointer", method: .post, headers: [.contentType: "application/json"],
                body: ByteBuffer(string: #"{"kind":"down","x":12,"y":34.5}"#)
            ) { #expect($0.status == .noContent) }
        }
        #expect(panel.pressed.withLock { $0 } == [PointerEvent(kind: .down, x: 12, y: 34.5)])
    }

    @Test(arguments: [#"{"kind":"press","x":1,"y":1}"#, #"{"kind":"down","x":"1","y":1}"#, "[]", "", #"{"kind":"up"}"#])
    func aPointerThatIsNoneIsRefused(body: String) async throws {
        try await application.test(.router) { client in
            try await client.execute(
                uri: "/pointer", method: .post, headers: [.contentType: "application/json"],
                body: ByteBuffer(string: body)
            ) { #expect($0.status == .badRequest) }
        }
        #expect(panel.pressed.withLock { $0.isEmpty })
    }

    @Test func aFormOfAForeignPageCannotPress() async throws {
        try await application.test(.router) { client in
            try await client.execute(
                uri: "/pointer", method: .post, headers: [.contentType: "text/plain"],
                body: ByteBuffer(string: #"{"kind":"down","x":1,"y":1}"#)
            ) { #expect($0.status == .unsupportedMediaType) }
        }
        #expect(panel.pressed.withLock { $0.isEmpty })
    }

    @Test(arguments: ["example.org", "example.org:8081", "127.0.0.1.example.org"])
    func aForeignHostNameIsRefused(host: String) async throws {
        #expect(try await status(host: host) == .forbidden)
    }

    @Test(arguments: ["127.0.0.1", "localhost:8081", "[::1]:8081"])
    func thisMachinesNamesAreAnswered(host: String) async throws {
        #expect(try await status(host: host) == .ok)
    }

    /// The answer to a request with this Host. The framework's own client says `localhost` in every request, and a Host
    /// among the headers would only be a second one.
    private func status(host: String) async throws -> HTTPResponse.Status {
        try await application.test(.live) { client in
            let port = try #require(client.port)
            return try await TestClient.withClient(host: "localhost", port: port) { client in
                try await client.execute(TestClient.Request("/screen.json", method: .get, authority: host)).status
            }
        }
    }
}
