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
        router.get("audit", use: audit)
        router.get("page.css") { _, _ in
            var response = Answers.bytes(PackageResources.page_css, type: "text/css; charset=utf-8")
            response.headers[.cacheControl] = "max-age=300"
            return response
        }
        router.get("v1/summary") { _, _ in try Answers.json(try await collector.summary()) }
        router.get("v1/report", use: report)
        router.get("v1/heads") { _, _ in
            try Answers.json(try await collector.headsIndex().map { PublishedHeads(entry: $0) })
        }
        router.get("v1/heads/{day}", use: heads)
        router.get("v1/integrity") { _, _ in try Answers.json(try await facts.integrity()) }
        router.get("v1/keys") { _, _ in try Answers.json(collector.publishedKeys) }
        router.get("openapi.json") { _, _ in Answers.bytes(PackageResources.openapi_json, type: "application/json") }
        router.get("healthz", use: health)
        router.get("metrics", use: metrics)
    }

    @Sendable func page(_ request: Request, _ context: CollectorContext) async throws -> Response {
        let language = PageLanguage(
            query: request.uri.queryParameters.get("lang"), acceptLanguage: request.headers[.acceptLanguage])
        var known = try await facts.read()
        known.integrity = try await facts.integrity()
        return Self.html(
            template.render(PageComposer(language: language, suppression: suppression).compose(known)), language)
    }

    @Sendable func audit(_ request: Request, _ context: CollectorContext) async throws -> Response {
        let language = PageLanguage(
            query: request.uri.queryParameters.get("lang"), acceptLanguage: request.headers[.acceptLanguage])
        let view = AuditView(
            language, collector: collector.identity.name, key: collector.identity.key.publicKey.base64)
        return Self.html(template.render(view), language)
    }

    private static func html(_ text: String, _ language: PageLanguage) -> Response {
        var response = Answers.bytes(text.utf8, type: "text/html; charset=utf-8")
        response.headers[.contentLanguage] = language.rawValue
        response.headers[.vary] = "Accept-Language"
        return response
    }

    /// A list of heads as it was signed: of a day, by its number, or the newest.
    @Sendable func heads(_ request: Request, _ context: CollectorContext) async throws -> Response {
        let name = context.parameters.get("day") ?? ""
        let row: HeadsRow?
        if name == "newest" {
            row = try await collector.heads()
        } else if let number = Int64(name), String(number) == name {
            row = try await collector.heads(number: number)
        } else if (try? Day.start(of: name)) != nil {
            row = try await collector.heads(day: name)
        } else {
            throw Refusal(
                error: .malformed,
                message: "the path does not name a list: a day such as 2026-11-22, a number, or newest")
        }
        guard let row else {
            throw Refusal(
                error: .notFound, message: "there is no list of heads \(name); /v1/heads names those there are")
        }
        return Answers.bytes(row.note.utf8, type: "text/plain; charset=utf-8")
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
        let counts = try await collector.eventCounts()
        let events = MetricFamily(
            "otsenka_events_total", .counter, "Events on record, by kind.",
            EventRow.Kind.allCases.map { MetricSample([("kind", $0.rawValue)], Double(counts[$0] ?? 0)) })
        let text = MetricFamily.text(counters.exposition() + [events] + gauges)
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
