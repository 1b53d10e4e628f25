import ArgumentParser
import Collecting
import CollectorSQLite
import CollectorWeb
import Glibc
import Logging
import Systemd

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the collector until SIGTERM or SIGINT.",
        discussion:
            "With its own TLS, unless --plain-http-loopback is given, which is refused on anything but loopback.")

    @OptionGroup var folder: FolderOption

    @Option(help: "The address to listen on (default: 0.0.0.0; with --plain-http-loopback: 127.0.0.1).")
    var host: String?

    @Option(help: "The port to listen on; 0 lets the system choose (default: 8443; with --plain-http-loopback: 8080).")
    var port: Int?

    @Flag(help: "Plain HTTP for this machine only, for demonstration and tests.")
    var plainHttpLoopback = false

    @Option(help: "Requests a second that one kiosk may make.")
    var requestsPerSecond = WebLimits().kioskRequestsPerSecond

    @Option(help: "Enrolments a second from one address.")
    var enrolmentsPerSecond = WebLimits().enrolmentsPerSecond

    @Option(help: "Connections that one kiosk may have at work at once.")
    var connectionsPerKiosk = WebLimits().connectionsPerKiosk

    @Option(help: "Connections from one address; raise it where kiosks share one.")
    var connectionsPerAddress = WebLimits().connectionsPerAddress

    @Flag(help: "Show /metrics to anybody, and not only to this machine.")
    var publicMetrics = false

    @Option(help: "Rows with fewer ratings carry no figures on public pages.")
    var smallestRow = WebLimits().smallestPublishedRow

    @OptionGroup var witness: WitnessOption

    func validate() throws {
        guard requestsPerSecond > 0, requestsPerSecond.isFinite else {
            throw ValidationError("--requests-per-second must be more than 0")
        }
        guard enrolmentsPerSecond > 0, enrolmentsPerSecond.isFinite else {
            throw ValidationError("--enrolments-per-second must be more than 0")
        }
        guard connectionsPerKiosk >= 1 else { throw ValidationError("--connections-per-kiosk must be 1 or more") }
        guard connectionsPerAddress >= 1 else { throw ValidationError("--connections-per-address must be 1 or more") }
        guard smallestRow >= 1 else { throw ValidationError("--smallest-row must be 1 or more") }
    }

    func run() async throws {
        let data = try folder.open()
        let listener =
            plainHttpLoopback
            ? try Listener(plainLoopback: host ?? "127.0.0.1", port: port ?? 8080)
            : try Listener(host: host ?? "0.0.0.0", port: port ?? Listener.defaultPort, tlsOf: data)
        let (collector, store) = try opened(data)
        let logger = Logger(label: "otsenka-collector")
        var server = try CollectorServer(collector: collector, limits: limits(), logger: logger, now: wallClock)
        server.witness = try witness.client()
        let name = data.settings.name
        let watchdog = try ServiceManager.watchdogIntervalMilliseconds()
        try await server.serve(
            listener, folder: data,
            beside: [StoreFailure(failures: store.failures), Watchdog(store: store, milliseconds: watchdog)]
        ) { address in
            print("collector \(name) serves \(address)")
            fflush(nil)
            tell(.ready, .status("serves \(address)"))
        }
        tell(.stopping)
        if let failure = store.failure {
            // Not closed in order: what the system may have dropped must not be written after all.
            throw CollectorFailure(.tryAgain, failure.message)
        }
        try store.close()
    }

    private func limits() -> WebLimits {
        var limits = WebLimits()
        limits.kioskRequestsPerSecond = requestsPerSecond
        limits.enrolmentsPerSecond = enrolmentsPerSecond
        limits.connectionsPerKiosk = connectionsPerKiosk
        limits.connectionsPerAddress = connectionsPerAddress
        limits.showsMetricsToAll = publicMetrics
        limits.smallestPublishedRow = smallestRow
        return limits
    }

    /// A disk that fails at the start is as good a reason to try again as one that fails later.
    private func opened(_ data: DataFolder) throws -> (collector: Collector, store: SQLiteCollectorStore) {
        do {
            return try Collector.open(data, plain: plainHttpLoopback)
        } catch let error as StoreError where ["SQLITE_IOERR", "SQLITE_FULL"].contains(error.code) {
            throw CollectorFailure(.tryAgain, error.message)
        }
    }
}
