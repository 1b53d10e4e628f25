import FoundationEssentials
import HTTPTypes
import Hummingbird
import Logging
import ServiceLifecycle

/// A contact that the page sent: `POST /pointer` of the Contract.
public struct PointerEvent: Codable, Equatable, Sendable {
    public enum Kind: String, Codable, Sendable { case down, move, up }

    public var kind: Kind
    /// Pixels of the panel, from its left edge.
    public var x: Double
    /// Pixels of the panel, from its top edge.
    public var y: Double

    public init(kind: Kind, x: Double, y: Double) {
        self.kind = kind
        self.x = x
        self.y = y
    }
}

/// What stands behind the web display. Called from any thread.
public protocol WebPanel: Sendable {
    /// Grows with every frame that was shown.
    var frame: Int { get }
    /// The present frame with its number, as PNG.
    func picture() async throws -> (frame: Int, png: Data)
    /// The JSON of `GET /screen.json`.
    func description() async throws -> Data
    func pointer(_ event: PointerEvent)
}

/// The display of the demonstration and of tests: the panel's pixels and its touches over HTTP on loopback.
///
/// It is for people at the same machine only, so it listens on 127.0.0.1 and refuses requests that a foreign page could
/// make a browser send (DNS rebinding, cross-site posts): the Host must be loopback, a pointer must be JSON.
public struct WebDisplay: Sendable {
    private let port: Int
    private let panel: any WebPanel
    private let logger: Logger

    /// `port` 0 takes a free one; `started` hears which.
    public init(port: Int, panel: any WebPanel, logger: Logger) {
        self.port = port
        self.panel = panel
        self.logger = logger
    }

    /// The server, which `started` tells its port.
    public func server(started: @escaping @Sendable (Int) -> Void) -> WebServing {
        let application = Application(
            router: router(),
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { channel in started(channel.localAddress?.port ?? 0) },
            logger: logger)
        return WebServing(
            group: ServiceGroup(services: [application], gracefulShutdownSignals: [], logger: logger))
    }

    /// The routes, for tests without a socket.
    public func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: LoopbackOnly())
        router.get("/") { _, _ in
            Self.answer(Data(PackageResources.page_html), type: "text/html; charset=utf-8")
        }
        router.get("/screen.png") { [panel] request, _ in
            if let after = request.uri.queryParameters["after"].flatMap({ Int($0) }) {
                try await Self.waitForFrame(after: after, of: panel)
            }
            let (frame, png) = try await panel.picture()
            return Self.answer(png, type: "image/png", frame: frame)
        }
        router.get("/screen.json") { [panel] _, _ in
            Self.answer(try await panel.description(), type: "application/json")
        }
        router.post("/pointer") { [panel] request, _ in
            guard request.headers[.contentType]?.hasPrefix("application/json") == true else {
                throw HTTPError(.unsupportedMediaType, message: "send the pointer as application/json")
            }
            let body = try await request.body.collect(upTo: 4096)
            guard let event = try? JSONDecoder().decode(PointerEvent.self, from: Data(body.readableBytesView)),
                event.x.isFinite, event.y.isFinite
            else {
                throw HTTPError(.badRequest, message: #"a pointer is {"kind": "down"|"move"|"up", "x": px, "y": px}"#)
            }
            panel.pointer(event)
            return Response(status: .noContent)
        }
        return router
    }

    private static func answer(_ body: Data, type: String, frame: Int? = nil) -> Response {
        var headers: HTTPFields = [.contentType: type, .cacheControl: "no-store"]
        if let frame, let name = HTTPField.Name("Otsenka-Frame") { headers[name] = String(frame) }
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }

    /// Holds a request until there is a newer frame, at most 20 s, so that the page follows the panel without polling hard.
    private static func waitForFrame(after: Int, of panel: any WebPanel) async throws {
        for _ in 0..<1000 where panel.frame <= after {
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

/// Refuses requests whose Host is not this machine.
struct LoopbackOnly<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let host = request.head.authority ?? ""
        let name = host.hasPrefix("[") ? String(host.prefix { $0 != "]" }) + "]" : String(host.prefix { $0 != ":" })
        guard ["127.0.0.1", "localhost", "[::1]"].contains(name) else {
            throw HTTPError(.forbidden, message: "the web display answers on this machine only: open http://127.0.0.1")
        }
        return try await next(request, context)
    }
}

/// A server that is stopped in an orderly way: where its task is cancelled instead, a browser that connects just then ends
/// the program (NIO's “Deinited NIOAsyncWriter without calling finish()”, apple/swift-nio#3481).
public struct WebServing: Sendable {
    let group: ServiceGroup

    /// Serves until `stop`. Throws when the port cannot be taken.
    public func run() async throws { try await group.run() }

    /// Takes no more connections. Ends before those that are open do.
    public func stop() async { await group.triggerGracefulShutdown() }
}
