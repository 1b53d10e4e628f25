import HTTPTypes
import Hummingbird
import Synchronization

/// Counts of requests since the start, for `/metrics`.
final class Counters: Sendable {
    struct Request: Hashable, Sendable {
        var method: String
        /// The route as it is written in the router, never the path of a request: paths come from strangers.
        var route: String
        var status: Int
    }

    private struct State {
        var requests: [Request: Int] = [:]
        var seconds: [String: Double] = [:]
        var acknowledged = 0
    }

    private let state = Mutex(State())

    func count(_ request: Request, seconds: Double) {
        state.withLock {
            $0.requests[request, default: 0] += 1
            $0.seconds[request.route, default: 0] += seconds
        }
    }

    /// Records under a receipt that was given, repeats included.
    func acknowledge(_ records: Int) { state.withLock { $0.acknowledged += records } }

    /// The families that this value counts, in Prometheus's text format 0.0.4.
    func exposition() -> [MetricFamily] {
        let (requests, seconds, acknowledged) = state.withLock { ($0.requests, $0.seconds, $0.acknowledged) }
        let byRoute = requests.sorted {
            ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status)
        }
        return [
            MetricFamily(
                "otsenka_http_requests_total", .counter, "HTTP requests answered.",
                byRoute.map { request, count in
                    MetricSample(
                        [("method", request.method), ("route", request.route), ("status", String(request.status))],
                        Double(count))
                }),
            MetricFamily(
                "otsenka_http_request_seconds_total", .counter, "Time spent on HTTP requests.",
                seconds.sorted { $0.key < $1.key }.map { MetricSample([("route", $0.key)], $0.value) }),
            MetricFamily(
                "otsenka_records_acknowledged_total", .counter, "Records under receipts given, repeats included.",
                [MetricSample([], Double(acknowledged))]),
        ]
    }
}

/// Counts every answer under its route.
struct CountingMiddleware: RouterMiddleware {
    typealias Context = CollectorContext
    let counters: Counters

    func handle(
        _ request: Request, context: CollectorContext, next: (Request, CollectorContext) async throws -> Response
    ) async throws -> Response {
        let start = ContinuousClock.now
        let response = try await next(request, context)
        let elapsed = ContinuousClock.now - start
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        let method = Self.methods.contains(request.method) ? request.method.rawValue : "other"
        let route = context.endpointPath ?? "(none)"
        counters.count(
            Counters.Request(method: method, route: route, status: response.status.code), seconds: seconds)
        return response
    }

    private static let methods: Set<HTTPRequest.Method> = [.get, .head, .put, .post]
}
