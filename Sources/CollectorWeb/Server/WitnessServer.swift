import Collecting
import FoundationEssentials
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Ledger
import Logging
import NIOCore
import ServiceLifecycle
import Wire

/// The HTTP of a witness: `POST /v1/witness/{region}/lists` cosigns, `POST /v1/witness/{region}/keys` takes the region's
/// `/v1/keys` to follow its receipt key, `GET /v1/witness/{region}` names the list that was cosigned last, and
/// `GET /v1/witness/{region}/lists/{number}` gives any of them to whoever asks.
///
/// A refusal is a `WitnessRefusal` in JSON: 409 for a list that does not follow, 422 for one that the region did not
/// sign, 404 for an unknown region.
public struct WitnessServer: Sendable {
    private let folder: WitnessFolder
    private let logger: Logger
    /// Milliseconds since 1970.
    private let now: @Sendable () -> Int64
    /// Bytes; as many successions as one answer may hold, and a certificate.
    private static let mostKeys = 256 * 1024

    public init(_ folder: WitnessFolder, logger: Logger, now: @escaping @Sendable () -> Int64) {
        self.folder = folder
        self.logger = logger
        self.now = now
    }

    func router() -> Router<CollectorContext> {
        let router = Router(context: CollectorContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: SecurityHeaders())
        router.add(middleware: RefusalMiddleware())
        router.add(middleware: WitnessRefusals(logger: logger))
        router.get("v1/witness/{region}") { _, context in
            let region = context.parameters.get("region") ?? ""
            return try Answers.json(
                WitnessStanding(
                    witness: folder.data.settings.name, key: folder.data.receiptKey.publicKey, region: region,
                    last: try folder.last(of: region)))
        }
        router.get("v1/witness/{region}/lists/{number}") { _, context in
            let region = context.parameters.get("region") ?? ""
            guard let number = Int64(context.parameters.get("number") ?? ""),
                let note = try folder.signed(region, number)
            else { throw WitnessRefusal(.unknownRegion, "no list of that number was cosigned") }
            return Answers.bytes(note.utf8, type: "text/plain; charset=utf-8")
        }
        router.post("v1/witness/{region}/keys") { request, context in
            let body = try await request.body.collect(upTo: Self.mostKeys)
            guard let keys = try? JSONDecoder().decode(PublishedKeys.self, from: Data(body.readableBytesView)) else {
                throw WitnessRefusal(.unsigned, "this is not what a collector's /v1/keys answers")
            }
            return try Answers.json(try folder.follow(keys.successions, of: context.parameters.get("region") ?? ""))
        }
        router.post("v1/witness/{region}/lists") { request, _ in
            let body = try await request.body.collect(upTo: HeadsList.maximumBytes)
            let note = try folder.cosign(String(buffer: body), now: now() / 1000)
            return Answers.bytes(note.utf8, type: "text/plain; charset=utf-8")
        }
        return router
    }

    /// Serves until SIGTERM or SIGINT; `ready` is told the address.
    public func serve(_ listener: Listener, ready: @escaping @Sendable (String) -> Void) async throws {
        let http = HTTPServerBuilder.http1(
            configuration: HTTP1Channel.Configuration(idleTimeout: .seconds(60)))
        let application = Application(
            router: router(), server: try listener.tls.map { try .tls(http, tlsConfiguration: $0) } ?? http,
            configuration: ApplicationConfiguration(
                address: .hostname(listener.host, port: listener.port),
                availableConnectionsDelegate: MaximumAvailableConnections(64)),
            onServerRunning: { channel in
                ready(
                    listener.address(
                        port: channel.localAddress?.port ?? listener.port, names: folder.data.settings.hosts))
            }, logger: logger)
        try await application.runService()
    }
}

/// `GET /v1/witness/{region}`.
public struct WitnessStanding: Codable, Sendable {
    public var witness: String
    public var key: PublicKey
    public var region: String
    /// The number of the list that was cosigned last.
    public var last: Int64?
}

private struct WitnessRefusals: RouterMiddleware {
    typealias Context = CollectorContext
    let logger: Logger

    func handle(
        _ request: Request, context: CollectorContext, next: (Request, CollectorContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let refusal as WitnessRefusal {
            logger.warning("a list was not cosigned", metadata: ["cause": "\(refusal)"])
            let status: HTTPResponse.Status =
                switch refusal.code {
                case .inconsistent: .conflict
                case .unsigned: .unprocessableContent
                case .unknownRegion: .notFound
                }
            return try Answers.json(refusal, status: status)
        }
    }
}
