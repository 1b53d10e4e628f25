import Hummingbird
import NIOCore

/// What is known of one request beside its head and body.
struct CollectorContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The address that asks, without its port; `local` on a Unix socket.
    let address: String

    /// Whether it is this machine that asks.
    var isLocal: Bool { address == "local" || isLoopback(address) }

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? "local"
    }
}
