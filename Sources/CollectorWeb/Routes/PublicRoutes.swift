import Collecting
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Reporting
import Wire

/// What anybody may read, without an account.
struct PublicRoutes: Sendable {
    let collector: Collector
    let facts: PublicFacts
    let template: PageTemplate
    let suppression: Suppression
    let counters: Counters
    let showsMetricsToAll: Bool

    func add(to router: Router<CollectorContext>) {
        router.get("/", use: page)
        router.get("page.css") { _, _ in
            var response = Answers.bytes(PackageResources.page_css, type: "text/css; charset=utf-8")
            response.headers[.cacheControl] = "max-age=300"
            return response
        }
        router.get("v1/summary") { _, _ in try Answers.json(try await collector.summary()) }
        router.get("v1/report", use: report)
        router.get("openapi.json") { _, _ in Answers.bytes(PackageResources.openapi_json, type: "application/json") }
        router.get("healthz", use: health)
        router.get("metrics", use: metrics)
    }

    @Sendable func page(_ request: Request, _ context: CollectorContext) async throws -> Response {
        let language = PageLanguage(
            query: request.uri.queryParameters.get("lang"), acceptLanguage: request.headers[.acceptLanguage])
        let view = PageComposer(language: language, suppression: suppression).compose(try await facts.read())
        var response = Answers.bytes(template.render(view).utf8, type: "text/html; charset=utf-8")
        response.headers[.contentLanguage] = language.rawValue
        response.headers[.vary] = "Accept-Language"
        return response
    }

    @Sendable func report(_ request: Request, _ context: CollectorContext) async throws -> Response {
        try Answers.json(PublicReport(try await facts.read(), suppression: suppression))
    }

    /// `ok` once the store answers.
    @Sendable func health(_ request: Request, _ context: CollectorContext) async throws -> Response {
        _ = try await collector.summary()
        return try Answers.json(["status": "ok"])
    }

    /// For this machine alone unless it is set otherwise: which kiosks are silent is nobody else's business. Behind a
    /// proxy on this machine everybody is “this machine”; such a proxy must not pass it on.
    @Sendable func metrics(_ request: Request, _ context: CollectorContext) async throws -> Response {
        guard showsMetricsToAll || context.isLocal else {
            throw Refusal(
                error: .notFound,
                message: "metrics are for this machine; ask 127.0.0.1, or start the collector with --public-metrics")
        }
        let facts = try await facts.read()
        let ratings = facts.places.reduce(0) { $0 + $1.counts.marks.count }
        let gauges = [
            MetricFamily("otsenka_ratings", .gauge, "Ratings stored.", [MetricSample([], Double(ratings))]),
            MetricFamily(
                "otsenka_kiosks", .gauge, "Kiosks by state.",
                PageFacts.Kiosk.State.allCases.map { state in
                    MetricSample([("state", state.rawValue)], Double(facts.kiosks.count { $0.state == state }))
                }),
            MetricFamily(
                "otsenka_kiosk_last_seen_timestamp_seconds", .gauge, "When a kiosk was last heard of.",
                facts.kiosks.compactMap { kiosk in
                    kiosk.lastSeen.map { MetricSample([("kiosk", kiosk.id)], Double($0)) }
                }),
            MetricFamily(
                "otsenka_kiosk_unsent_records", .gauge, "Records that a kiosk said it had still to send.",
                facts.kiosks.compactMap { kiosk in kiosk.unsent.map { MetricSample([("kiosk", kiosk.id)], Double($0)) }
                }),
        ]
        let text = MetricFamily.text(counters.exposition() + gauges)
        return Answers.bytes(text.utf8, type: MetricFamily.contentType)
    }
}

/// `GET /v1/report`: the page's figures for programs, with the same rows hidden.
struct PublicReport: Encodable {
    let collector: String
    let time: String
    let formulas: [String: String]
    let smallestRow: Int
    let rows: [Row]

    struct Row: Encodable {
        let office: String
        let service: String
        let figures: ReportRow
        let marks: [String: Int]?
        let dialogs: [String: Int]?

        enum CodingKeys: String, CodingKey { case office, service, marks, dialogs }

        func encode(to encoder: any Encoder) throws {
            try figures.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(office, forKey: .office)
            try container.encode(service, forKey: .service)
            try container.encodeIfPresent(marks, forKey: .marks)
            try container.encodeIfPresent(dialogs, forKey: .dialogs)
        }
    }

    enum CodingKeys: String, CodingKey {
        case collector, time, formulas, rows
        case smallestRow = "smallest_row"
    }

    init(_ facts: PageFacts, suppression: Suppression) {
        collector = facts.collector
        time = CivilTime(seconds: facts.now).rfc3339
        formulas = ["share": Formula.share, "interval": Formula.interval, "mean": Formula.mean]
        smallestRow = suppression.minimum
        rows = facts.places.map { place in
            let office = place.office ?? ReportRow.nameless
            let service = place.service ?? ReportRow.nameless
            let shown = suppression.shows(place.counts)
            let dialogs = place.counts.dialogs
            return Row(
                office: office, service: service,
                figures: ReportRow(key: "\(office) / \(service)", marks: place.counts.marks, suppression: suppression),
                marks: shown
                    ? Dictionary(uniqueKeysWithValues: Marks.scale.map { ("\($0)", place.counts.marks[$0]) }) : nil,
                dialogs: shown
                    ? [
                        "shown": dialogs.shown, "answered": dialogs.answered, "timeout": dialogs.timeout,
                        "cancelled": dialogs.cancelled, "interrupted": dialogs.interrupted, "refused": dialogs.refused,
                        "open": dialogs.open,
                    ] : nil)
        }
    }
}
