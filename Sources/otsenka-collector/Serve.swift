import ArgumentParser
import Collecting
import CollectorWeb
import Glibc
import Logging

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

    @Option(help: "Rows with fewer ratings carry no figures on public pages.")
    var smallestRow = WebLimits().smallestPublishedRow

    @OptionGroup var witness: WitnessOption

    func validate() throws {
        guard requestsPerSecond > 0, requestsPerSecond.isFinite else {
            throw ValidationError("--requests-per-second must be more than 0")
        }
        guard smallestRow >= 1 else { throw ValidationError("--smallest-row must be 1 or more") }
    }

    func run() async throws {
        let data = try folder.open()
        let listener =
            plainHttpLoopback
            ? try Listener(plainLoopback: host ?? "127.0.0.1", port: port ?? 8080)
            : try Listener(host: host ?? "0.0.0.0", port: port ?? Listener.defaultPort, tlsOf: data)
        let (collector, store) = try Collector.open(data, plain: plainHttpLoopback)
        var limits = WebLimits()
        limits.kioskRequestsPerSecond = requestsPerSecond
        limits.smallestPublishedRow = smallestRow
        let logger = Logger(label: "otsenka-collector")
        var server = try CollectorServer(collector: collector, limits: limits, logger: logger, now: wallClock)
        server.witness = try witness.client()
        let name = data.settings.name
        try await server.serve(listener, folder: data) { address in
            print("collector \(name) serves \(address)")
            fflush(nil)
        }
        try store.close()
    }
}
