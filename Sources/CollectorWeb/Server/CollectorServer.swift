import Collecting
import Glibc
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import Reporting
import ServiceLifecycle
import Synchronization

/// The collector's HTTP: the public routes, the kiosks' routes, and the admin socket.
public struct CollectorServer: Sendable {
    let collector: Collector
    let limits: WebLimits
    let logger: Logger
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64
    /// Who cosigns the lists of heads.
    public var witness: (any WitnessClient)?
    private let template: PageTemplate
    private let counters = Counters()
    private let addresses = Addresses()

    /// Throws only if the embedded page does not parse.
    public init(
        collector: Collector, limits: WebLimits = WebLimits(), logger: Logger, now: @escaping @Sendable () -> Int64
    ) throws {
        self.collector = collector
        self.limits = limits
        self.logger = logger
        self.now = now
        template = try PageTemplate()
    }

    /// The public routes and the kiosks'.
    func router() -> Router<CollectorContext> {
        let router = Router(context: CollectorContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: SecurityHeaders())
        router.add(middleware: CountingMiddleware(counters: counters))
        router.add(middleware: RefusalMiddleware())
        PublicRoutes(
            collector: collector,
            facts: PublicFacts(collector: collector, freshMilliseconds: limits.freshMilliseconds, now: now),
            template: template, suppression: Suppression(minimum: limits.smallestPublishedRow), counters: counters,
            showsMetricsToAll: limits.showsMetricsToAll
        ).add(to: router)
        KioskRoutes(
            collector: collector,
            admission: Admission(limits: limits, logger: logger, clock: Self.monotonicMilliseconds), limits: limits,
            counters: counters, now: now
        ).add(to: router)
        return router
    }

    /// The routes of the admin socket.
    func adminRouter(_ staff: Staff) -> Router<CollectorContext> {
        let router = Router(context: CollectorContext.self)
        router.add(middleware: RefusalMiddleware())
        router.add(middleware: AdminFailureMiddleware())
        AdminRoutes(staff: staff).add(to: router)
        return router
    }

    /// The application behind `listener`; `onRunning` is told the port once it is open.
    func application(
        _ listener: Listener, onRunning: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws -> Application<RouterResponder<CollectorContext>> {
        let http = HTTPServerBuilder.http1(configuration: httpConfiguration)
        return Application(
            router: router(), server: try listener.tls.map { try .tls(http, tlsConfiguration: $0) } ?? http,
            configuration: ApplicationConfiguration(
                address: .hostname(listener.host, port: listener.port),
                availableConnectionsDelegate: MaximumAvailableConnections(limits.connections)),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? listener.port) }, logger: logger
        )
    }

    private var httpConfiguration: HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard(limits: limits, addresses: addresses)],
            idleTimeout: .seconds(Int64(limits.idleSeconds)),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes,
                maxHeaderFieldCount: limits.headerFields))
    }

    /// Serves until SIGTERM, SIGINT or the end of one of the services `beside`, then lets the requests at work end.
    /// `ready` is told the address once both the listener and the admin socket are open. Throws `CollectorFailure` if
    /// either cannot be opened.
    public func serve(
        _ listener: Listener, folder: DataFolder, beside others: [any Service] = [],
        ready: @escaping @Sendable (String) -> Void
    ) async throws {
        let socket = try AdminSocketPath(folder)
        let address = AddressNote(folder: folder, logger: logger)
        let readiness = Readiness(doors: 2) { ready(address.written()) }
        let admin = Application(
            router: adminRouter(
                Staff(collector: collector, folder: folder, now: now) { try listener.showCertificates(of: $0) }),
            server: .http1(configuration: httpConfiguration),
            configuration: ApplicationConfiguration(address: .unixDomainSocket(path: socket.name)),
            onServerRunning: { _ in
                chmod(socket.name, 0o600)
                readiness.isOpen()
            }, logger: logger)
        let main = try application(listener) { port in
            address.write(listener.address(port: port, names: folder.settings.hosts))
            readiness.isOpen()
        }
        let heads = DailyHeads(collector: collector, witness: witness, logger: logger, now: now)
        var configuration = ServiceGroupConfiguration(
            services: ([admin, main, heads] as [any Service]).map { .init(service: $0) }
                + others.map {
                    .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup)
                }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(10)
        do {
            try await ServiceGroup(configuration: configuration).run()
        } catch let error as IOError {
            throw CollectorFailure(
                .unavailable,
                "cannot listen on \(listener.host) port \(listener.port) (\(String(cString: strerror(error.errnoCode)))); "
                    + "stop the program that uses it, or choose another --port")
        }
        unlink(socket.name)
    }

    static let monotonicMilliseconds: @Sendable () -> Int64 = {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// Calls back once, when so many doors are open.
private final class Readiness: Sendable {
    private let closed: Mutex<Int>
    private let ready: @Sendable () -> Void

    init(doors: Int, ready: @escaping @Sendable () -> Void) {
        closed = Mutex(doors)
        self.ready = ready
    }

    func isOpen() {
        let last = closed.withLock { closed in
            closed -= 1
            return closed == 0
        }
        if last { ready() }
    }
}

/// Writes down where the collector is reached, for `kiosk add`.
private final class AddressNote: Sendable {
    private let folder: DataFolder
    private let logger: Logger
    private let address = Mutex("")

    init(folder: DataFolder, logger: Logger) {
        self.folder = folder
        self.logger = logger
    }

    func write(_ text: String) {
        address.withLock { $0 = text }
        do throws(CollectorFailure) {
            try folder.remember(address: text)
        } catch {
            logger.warning("the address was not written down", metadata: ["cause": "\(error)"])
        }
    }

    func written() -> String { address.withLock(\.self) }
}
