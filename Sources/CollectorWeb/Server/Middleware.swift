import Collecting
import HTTPTypes
import Hummingbird
import Logging
import NIOHTTP1
import Wire

/// Turns every error into a `Refusal` in JSON, and logs the ones that are ours.
struct RefusalMiddleware: RouterMiddleware {
    typealias Context = CollectorContext

    func handle(
        _ request: Request, context: CollectorContext, next: (Request, CollectorContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let refused as Refused {
            return Answers.refusal(refused)
        } catch let refusal as Refusal {
            return Answers.refusal(Refused(refusal, retryAfter: Self.pause(after: refusal)))
        } catch let error as StoreError {
            context.logger.error("the store failed", metadata: ["code": "\(error.code)", "cause": "\(error.message)"])
            let refusal = Refusal(
                error: .unavailable,
                message: "the collector's store failed (\(error.code)); nothing was taken, send it again later")
            return Answers.refusal(Refused(refusal, retryAfter: 30))
        } catch let error as HTTPError {
            return Answers.refusal(Refused(Self.refusal(of: error, request)))
        } catch let error as HTTPParserError {
            throw error  // The connection is answered 400 and closed by the server itself.
        } catch {
            context.logger.error("a request failed", metadata: ["path": "\(request.uri.path)", "cause": "\(error)"])
            let refusal = Refusal(error: .fault, message: "the collector failed on this request; its log says why")
            return Answers.refusal(Refused(refusal))
        }
    }

    /// Seconds: a store is repaired soon, a kiosk's disk is not.
    private static func pause(after refusal: Refusal) -> Int? {
        switch refusal.error {
        case .unavailable: 30
        case .tooMany: 3600
        default: nil
        }
    }

    /// What Hummingbird itself refuses: mostly a path or a method that it does not know.
    private static func refusal(of error: HTTPError, _ request: Request) -> Refusal {
        switch error.status {
        case .contentTooLarge: Refusal(error: .tooLarge, message: "the body is longer than the collector takes")
        case .notFound:
            Refusal(
                error: .notFound,
                message: "there is no \(request.method) \(request.uri.path); /openapi.json lists what there is")
        default: Refusal(error: .malformed, message: error.body ?? "the request cannot be read")
        }
    }
}

/// Header fields that keep a browser from doing more with an answer than showing it.
struct SecurityHeaders: RouterMiddleware {
    typealias Context = CollectorContext

    /// No script, no inline style, nothing from elsewhere, no frame, no form.
    static let policy =
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    func handle(
        _ request: Request, context: CollectorContext, next: (Request, CollectorContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        response.headers[.contentSecurityPolicy] = Self.policy
        response.headers[.xContentTypeOptions] = "nosniff"
        for (name, value) in Self.plain {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        return response
    }

    private static let plain = [
        ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"), ("Permissions-Policy", "interest-cohort=()"),
    ]
}
