import Wire

/// Limits of the collector's HTTP (`reliability.md` §7, “Collector HTTP” and “Server rate”).
public struct WebLimits: Equatable, Sendable {
    /// Of a request's body as it is sent, bytes.
    public var bodyBytes = WireLimits.bodyBytes
    /// Of an upload's records once they are unpacked, bytes.
    public var recordBytes = WireLimits.bytesPerBatch
    /// How long a body may take to arrive, seconds: as long as the kiosk waits for its whole request.
    public var bodySeconds = 90
    /// Of all header fields together, bytes.
    public var headerBytes = 16 * 1024
    public var headerFields = 64
    /// How long a head may take to arrive, seconds: from the connection, or from its first byte on one that is kept.
    public var headerSeconds = 30
    /// How long the rest of a body may take whose request was answered without it, seconds.
    public var restSeconds = 10
    /// A connection on which nothing happens is closed after so many seconds: longer than a heartbeat's pause.
    public var idleSeconds = 150
    /// Connections at once.
    public var connections = 4096
    /// Connections at once from one address. A region whose kiosks share one address raises it.
    public var connectionsPerAddress = 1024
    /// Requests of one kiosk that are at work at once, each over its own connection.
    public var connectionsPerKiosk = 2
    /// Requests a second of one kiosk, and how many it may make at once after a rest.
    public var kioskRequestsPerSecond = 1.0
    public var kioskBurst = 10
    /// Enrolments a second from one address.
    public var enrolmentsPerSecond = 0.2
    public var enrolmentBurst = 10
    /// Uploads that wait for the store at once; one more is answered 429.
    public var uploadsAtOnce = 1000
    /// Whether `/metrics` answers anybody, and not only this machine.
    public var showsMetricsToAll = false
    /// Rows with fewer ratings carry no figures on public pages.
    public var smallestPublishedRow = 10
    /// The page and the report are computed anew after so many milliseconds, however many people ask.
    public var freshMilliseconds: Int64 = 1000

    public init() {}
}
