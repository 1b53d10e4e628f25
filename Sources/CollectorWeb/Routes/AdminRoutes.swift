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
