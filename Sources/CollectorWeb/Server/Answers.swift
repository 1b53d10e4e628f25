import FoundationEssentials
import HTTPTypes
import Hummingbird
import Wire

/// Answers in the shapes that the collector gives.
enum Answers {
    /// JSON with sorted keys, so that equal facts are equal bytes.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return bytes(try encoder.encode(value), type: "application/json", status: status)
    }

    static func bytes(_ data: some Sequence<UInt8>, type: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-cache"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }

    static func refusal(_ refused: Refused) -> Response {
        let status = HTTPResponse.Status(code: refused.refusal.error.status)
        // Encoding two strings and a number cannot fail; an empty body still carries the status.
        var response = (try? json(refused.refusal, status: status)) ?? Response(status: status)
        response.headers[.cacheControl] = "no-store"
        if let seconds = refused.retryAfter { response.headers[.retryAfter] = String(seconds) }
        return response
    }
}
