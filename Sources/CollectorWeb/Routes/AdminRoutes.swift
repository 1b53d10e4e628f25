import BatchFiles
import Collecting
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOCore
import Reporting
import Wire

/// What staff calls over the admin socket, which the file system's rights guard.
struct AdminRoutes: Sendable {
    let staff: Staff

    func add(to router: Router<CollectorContext>) {
        router.post("admin/kiosks") { request, _ in
            let body = Data(try await request.body.collect(upTo: 16 * 1024).readableBytesView)
            guard let new = try? JSONDecoder().decode(NewKiosk.self, from: body) else {
                throw CollectorFailure(.usage, "the body is not a new kiosk")
            }
            return try Answers.json(try await staff.add(new))
        }
        router.get("admin/kiosks") { _, _ in try Answers.json(try await staff.kiosks()) }
        router.post("admin/batches") { request, _ in
            let body = Data(try await request.body.collect(upTo: BatchFile.maximumBytes).readableBytesView)
            return try Answers.json(try await staff.importBatch(body))
        }
        router.get("admin/report") { request, _ in
            let query = request.uri.queryParameters
            guard let by = query.get("by").flatMap(Grouping.init(rawValue:)) else {
                throw CollectorFailure(.usage, "the query does not say by what to report")
            }
            let question = ReportQuestion(
                by: by, from: query.get("from"), to: query.get("to"),
                minimum: query.get("minimum", as: Int.self) ?? Suppression.standard.minimum)
            return try Answers.json(try await staff.report(question))
        }
        router.post("admin/verify") { request, _ in
            let question: VerifyQuestion? = try await Self.body(of: request, atMost: Self.headsBytes)
            return try Answers.json(try await staff.verify(against: question?.heads ?? []))
        }
        router.get("admin/heads") { request, _ in
            let query = request.uri.queryParameters
            return try Answers.json(
                try await staff.heads(day: query.get("day"), make: query.get("make") == "now").map { [$0] } ?? [])
        }
        router.post("admin/heads/cosignatures") { request, _ in
            guard let cosigned: CosignedHeads = try await Self.body(of: request, atMost: Self.headsBytes) else {
                throw CollectorFailure(.usage, "the body is empty")
            }
            try await staff.keep(cosigned)
            return try Answers.json(["status": "ok"])
        }
        router.post("admin/export") { request, _ in
            try Answers.json(try await staff.export(at: try await Self.body(of: request, atMost: 16 * 1024)))
        }
        router.get("admin/integrity") { _, _ in try Answers.json(try await staff.integrity()) }
        router.get("admin/events") { request, _ in
            let limit = request.uri.queryParameters.get("limit", as: Int.self) ?? EventLine.usualCount
            return try Answers.json(try await staff.events(limit: max(0, limit)))
        }
        router.post("admin/backup") { request, _ in
            let order = try await Self.read(BackupOrder.self, of: request)
            return try Answers.json(try staff.beginBackup(to: order.to))
        }
        router.get("admin/backup") { _, _ in try Answers.json(try staff.backupState()) }
        router.post("admin/keys") { request, _ in
            try Answers.json(try await staff.change(try await Self.read(KeyOrder.self, of: request)))
        }
        router.get("admin/keys") { _, _ in try Answers.json(try staff.keys()) }
        router.post("admin/kiosks/{kiosk}/replace") { request, context in
            let order = try await Self.read(ReplacementOrder.self, of: request)
            return try Answers.json(
                try await staff.replace(context.parameters.get("kiosk") ?? "", address: order.address))
        }
        router.post("admin/kiosks/{kiosk}/visit") { request, context in
            let order = try await Self.read(MaintenanceOrder.self, of: request)
            return try Answers.json(try await staff.visit(context.parameters.get("kiosk") ?? "", order))
        }
        router.post("admin/kiosks/{kiosk}/revoke") { request, context in
            let order = try await Self.read(RevocationOrder.self, of: request)
            try await staff.revoke(context.parameters.get("kiosk") ?? "", reason: order.reason)
            return try Answers.json(Done())
        }
    }

    /// Some lists of heads at once.
    private static let headsBytes = 8 * HeadsList.maximumBytes

    /// Nothing for an empty body. Throws `CollectorFailure` for one that is not understood.
    private static func body<Value: Decodable>(of request: Request, atMost limit: Int) async throws -> Value? {
        let body = Data(try await request.body.collect(upTo: limit).readableBytesView)
        if body.isEmpty { return nil }
        do {
            return try JSONDecoder().decode(Value.self, from: body)
        } catch {
            throw CollectorFailure(.usage, "the body is not what this route takes (\(error))")
        }
    }

    private static func read<Order: Decodable>(_ type: Order.Type, of request: Request) async throws -> Order {
        let body = Data(try await request.body.collect(upTo: 16 * 1024).readableBytesView)
        guard let order = try? JSONDecoder().decode(type, from: body) else {
            throw CollectorFailure(.usage, "the body is not a \(type)")
        }
        return order
    }
}

/// How a failure of a command travels over the admin socket.
public struct AdminRefusal: Codable, Sendable {
    /// The exit status.
    public var exit: Int32
    public var message: String
}

/// Answers a `CollectorFailure` with its exit status, so that the command ends with the same one.
struct AdminFailureMiddleware: RouterMiddleware {
    typealias Context = CollectorContext

    func handle(
        _ request: Request, context: CollectorContext, next: (Request, CollectorContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let failure as CollectorFailure {
            return try Answers.json(
                AdminRefusal(exit: failure.kind.rawValue, message: failure.message), status: .unprocessableContent)
        }
    }
}
