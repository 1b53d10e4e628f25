import CCurl

/// One request.
public struct CurlRequest: Sendable {
    public var method: String
    /// Absolute, of http or https.
    public var url: String
    /// In the order in which they are sent.
    public var fields: [(name: String, value: String)]
    /// Sent with its length; nothing sends none.
    public var body: [UInt8]?

    public init(method: String, url: String, fields: [(name: String, value: String)] = [], body: [UInt8]? = nil) {
        self.method = method
        self.url = url
        self.fields = fields
        self.body = body
    }
}

/// A whole answer, whatever its status.
public struct CurlResponse: Equatable, Sendable {
    public var status: Int
    public var fields: CurlFields
    public var body: [UInt8]
    /// `Retry-After` in seconds, also if it was given as a date.
    public var retryAfterSeconds: Int64?
}

/// The fields of an answer.
public struct CurlFields: Equatable, Sendable {
    /// Names in lowercase.
    private var values: [String: String] = [:]
    private var count = 0
    private var bytes = 0

    /// The value of a field; several lines of one name are joined with a comma.
    public subscript(name: String) -> String? { values[name.lowercased()] }

    /// Takes one line as libcurl hands it over. False once the limits are passed.
    mutating func add(line: some Sequence<UInt8>) -> Bool {
        let text = String(decoding: Array(line), as: UTF8.self)
        // Interim answers (1xx) come first; only the last one counts.
        if text.hasPrefix("HTTP/") { values = [:] }
        count += 1
        bytes += text.utf8.count
        guard count <= CurlLimits.fields, bytes <= CurlLimits.fieldBytes else { return false }
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return true }
        let name = Self.trim(parts[0]).lowercased()
        let value = Self.trim(parts[1])
        values[name] = values[name].map { $0 + ", " + value } ?? value
        return true
    }

    private static func trim(_ text: Substring) -> String {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}

/// How long a request may take and how much an answer may weigh (`reliability.md` §7).
public struct CurlLimits: Equatable, Sendable {
    public var connectMilliseconds: Int = 10_000
    public var totalMilliseconds: Int = 90_000
    /// Slower than this for `stallSeconds` is a time-out. Bytes in a second.
    public var stallBytesPerSecond: Int = 100
    public var stallSeconds: Int = 30
    /// The longest body of an answer.
    public var answerBytes: Int = 64 * 1024

    /// Lines in the head of an answer, status lines included.
    public static let fields = 64
    /// The head of an answer, bytes.
    public static let fieldBytes = 16 * 1024

    public init() {}
}

/// What is received during one request; libcurl's callbacks hold it unretained for that time.
final class Exchange {
    let limit: Int
    let abort: AbortFlag?
    var fields = CurlFields()
    var body: [UInt8] = []
    /// Why a callback stopped the transfer.
    var refusal: CurlError.Cause?

    init(limit: Int, abort: AbortFlag?) {
        self.limit = limit
        self.abort = abort
    }

    /// How many bytes were taken; fewer than given stops the transfer.
    func receive(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
        guard body.count + bytes.count <= limit else {
            refusal = .answerTooLong(limit: limit)
            return 0
        }
        body.append(contentsOf: bytes)
        return bytes.count
    }

    func receive(line: UnsafeBufferPointer<UInt8>) -> Int {
        guard fields.add(line: line) else {
            refusal = .fieldsTooLong
            return 0
        }
        return line.count
    }
}

extension CurlResponse {
    /// The field `Date`, seconds since 1970; nothing if it is missing or no date.
    public var dateSeconds: Int64? {
        guard let text = fields["date"] else { return nil }
        let seconds = curl_getdate(text, nil)
        return seconds >= 0 ? Int64(seconds) : nil
    }
}
