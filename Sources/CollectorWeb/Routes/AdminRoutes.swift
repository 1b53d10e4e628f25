import BatchFiles
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
        router.post("admin/verify") { _, _ in try Answers.json(await staff.verify()) }
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
        router.post("admin/kiosks/{kiosk}/revoke") { request, context in
            let order = try await Self.read(RevocationOrder.self, of: request)
            try await staff.revoke(context.parameters.get("kiosk") ?? "", reason: order.reason)
            return try Answers.json(Done())
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
