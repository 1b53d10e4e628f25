import CCurl

/// A request that got no whole answer.
public struct CurlError: Error, Equatable, CustomStringConvertible {
    public enum Cause: Equatable, Sendable {
        /// libcurl's result code.
        case curl(code: UInt32)
        /// The answer was longer than the limit, in bytes.
        case answerTooLong(limit: Int)
        /// The fields of the answer were more, or longer, than the limits.
        case fieldsTooLong
        /// The abort flag was raised.
        case aborted
        /// The request was not even tried; the reason.
        case refused(String)
    }

    public let cause: Cause
    public let url: String
    /// libcurl's own words, if it had any.
    public let detail: String

    init(_ cause: Cause, url: String, detail: String = "") {
        self.cause = cause
        self.url = url
        self.detail = detail
    }

    /// The result code's C name, such as `CURLE_COULDNT_CONNECT`.
    public var codeName: String? {
        guard case .curl(let code) = cause else { return nil }
        return ccurl_code_name(CURLcode(code)).map { String(cString: $0) } ?? "CURLcode \(code)"
    }

    /// Connecting, or a stalled or slow transfer, took too long.
    public var isTimeout: Bool { cause == .curl(code: CURLE_OPERATION_TIMEDOUT.rawValue) }

    public var description: String {
        switch cause {
        case .curl(let code):
            let words = detail.isEmpty ? String(cString: curl_easy_strerror(CURLcode(code))) : detail
            return "\(url): \(words) (\(codeName ?? ""))"
        case .answerTooLong(let limit): return "\(url): the answer is longer than \(limit) bytes"
        case .fieldsTooLong: return "\(url): the fields of the answer are longer than allowed"
        case .aborted: return "\(url): aborted"
        case .refused(let reason): return "\(url) is refused: \(reason)"
        }
    }
}
