import CCurl
import Synchronization

/// Ends a running request from another thread; once raised it stays.
public final class AbortFlag: Sendable {
    private let value = Atomic<Bool>(false)

    public init() {}

    /// The request fails with `aborted`, at the latest after a second.
    public func raise() { value.store(true, ordering: .relaxed) }

    public var isRaised: Bool { value.load(ordering: .relaxed) }
}

/// One easy handle: asks one thing at a time, blocking, and keeps the connection for the next.
///
/// libcurl sends a request again by itself when a kept connection turns out to be dead, so every request must be
/// idempotent by construction. Redirects are never followed, nothing is decompressed, no proxy, cookie, `.netrc` or
/// variable of the environment is heeded.
public final class CurlSession {
    private let handle: UnsafeMutableRawPointer
    private let channel: Channel
    private let limits: CurlLimits
    private let abort: AbortFlag?
    private let errorBuffer: UnsafeMutablePointer<CChar>
    /// Where OpenSSL's callback reads the time; lives as long as the handle.
    private let verificationTime: UnsafeMutablePointer<Int64>

    private static let globalInit: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    /// Throws `refused` if this libcurl cannot keep what the channel promises.
    public init(channel: Channel, limits: CurlLimits = CurlLimits(), abort: AbortFlag? = nil) throws(CurlError) {
        guard Self.globalInit == CURLE_OK, let handle = curl_easy_init() else {
            throw CurlError(.curl(code: CURLE_FAILED_INIT.rawValue), url: "libcurl")
        }
        self.handle = handle
        self.channel = channel
        self.limits = limits
        self.abort = abort
        errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        verificationTime = .allocate(capacity: 1)
        verificationTime.initialize(to: 0)
        try configure()
        try configure(channel)
    }

    deinit {
        curl_easy_cleanup(handle)
        errorBuffer.deallocate()
        verificationTime.deallocate()
    }

    /// Judges certificates at this time, seconds since 1970, instead of the machine's clock; for new connections.
    public func verifyCertificates(at seconds: Int64) throws(CurlError) {
        verificationTime.pointee = seconds
        try set(ccurl_set_verification_time(handle, verificationTime))
    }

    /// Asks and waits for the whole answer.
    public func perform(_ request: CurlRequest) throws(CurlError) -> CurlResponse {
        if let objection = channel.objection(to: request.url) { throw CurlError(.refused(objection), url: request.url) }
        let fields = FieldList(request.fields, hasBody: request.body != nil)
        guard let fields else { throw CurlError(.refused("a field holds a control character"), url: request.url) }
        let exchange = Exchange(limit: limits.answerBytes, abort: abort)
        try string(CURLOPT_URL, request.url)
        try string(CURLOPT_CUSTOMREQUEST, request.method)
        try set(ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, fields.first))
        let context = Unmanaged.passUnretained(exchange).toOpaque()
        for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_XFERINFODATA] {
            try set(ccurl_set_pointer(handle, option, context))
        }
        let code = try transfer(request.body)
        try set(ccurl_set_pointer(handle, CURLOPT_HTTPHEADER, nil))
        return try withExtendedLifetime((exchange, fields)) { () throws(CurlError) in
            try answer(of: exchange, code, url: request.url)
        }
    }

    private func transfer(_ body: [UInt8]?) throws(CurlError) -> CURLcode {
        errorBuffer.pointee = 0
        guard let body else {
            try set(ccurl_set_long(handle, CURLOPT_HTTPGET, 1))
            return curl_easy_perform(handle)
        }
        try set(ccurl_set_long(handle, CURLOPT_POST, 1))
        try set(ccurl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count)))
        // libcurl borrows the bytes; a null pointer would make it ask a callback for them, so an empty body is a "".
        var option = CURLE_OK
        let code = body.withUnsafeBytes { bytes in
            withUnsafeBytes(of: UInt8(0)) { empty in
                option = ccurl_set_pointer(handle, CURLOPT_POSTFIELDS, bytes.baseAddress ?? empty.baseAddress)
                return option == CURLE_OK ? curl_easy_perform(handle) : option
            }
        }
        try set(ccurl_set_pointer(handle, CURLOPT_POSTFIELDS, nil))
        return code
    }

    private func answer(of exchange: Exchange, _ code: CURLcode, url: String) throws(CurlError) -> CurlResponse {
        if let refusal = exchange.refusal { throw CurlError(refusal, url: url) }
        guard code == CURLE_OK else {
            let aborted = code == CURLE_ABORTED_BY_CALLBACK && abort?.isRaised == true
            throw CurlError(
                aborted ? .aborted : .curl(code: code.rawValue), url: url, detail: String(cString: errorBuffer))
        }
        var status = 0
        try set(ccurl_get_long(handle, CURLINFO_RESPONSE_CODE, &status))
        var seconds: curl_off_t = 0
        try set(ccurl_get_offset(handle, CURLINFO_RETRY_AFTER, &seconds))
        let retryAfter = exchange.fields["retry-after"] == nil ? nil : max(0, Int64(seconds))
        return CurlResponse(
            status: status, fields: exchange.fields, body: exchange.body, retryAfterSeconds: retryAfter)
    }

    fileprivate func set(_ code: CURLcode) throws(CurlError) {
        guard code == CURLE_OK else { throw CurlError(.curl(code: code.rawValue), url: "libcurl") }
    }

    fileprivate func string(_ option: CURLoption, _ value: String) throws(CurlError) {
        try set(value.withCString { ccurl_set_pointer(handle, option, $0) })
    }
}

extension CurlSession {
    /// What holds for every channel.
    private func configure() throws(CurlError) {
        // No signals: a resolver's time-out must not jump out of a handler in a process with threads.
        let numbers: [(CURLoption, Int)] = [
            (CURLOPT_NOSIGNAL, 1), (CURLOPT_FOLLOWLOCATION, 0), (CURLOPT_PATH_AS_IS, 1),
            (CURLOPT_CONNECTTIMEOUT_MS, limits.connectMilliseconds), (CURLOPT_TIMEOUT_MS, limits.totalMilliseconds),
            (CURLOPT_LOW_SPEED_LIMIT, limits.stallBytesPerSecond), (CURLOPT_LOW_SPEED_TIME, limits.stallSeconds),
            (CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1)), (CURLOPT_NOPROGRESS, 0),
            (CURLOPT_MAXCONNECTS, 1), (CURLOPT_TCP_KEEPALIVE, 1), (CURLOPT_HTTP09_ALLOWED, 0),
        ]
        for (option, value) in numbers { try set(ccurl_set_long(handle, option, value)) }
        try string(CURLOPT_PROXY, "")
        try set(ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorBuffer))
        try set(
            ccurl_set_receiver(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
                CurlSession.received(bytes, size * count, context) { $0.receive($1) }
            })
        try set(
            ccurl_set_receiver(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
                CurlSession.received(bytes, size * count, context) { $0.receive(line: $1) }
            })
        try set(
            ccurl_set_progress(handle) { context, _, _, _, _ in
                guard let context else { return 1 }
                let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
                return exchange.abort?.isRaised == true ? 1 : 0
            })
    }

    private func configure(_ channel: Channel) throws(CurlError) {
        switch channel {
        case .tls(let authority, let pin):
            try configureTLS(verifyChain: true, pin: pin)
            let bytes = Array(authority.utf8)
            try set(ccurl_set_blob(handle, CURLOPT_CAINFO_BLOB, bytes, bytes.count))
        case .pinnedKey(let pin):
            try configureTLS(verifyChain: false, pin: pin)
        case .plainLoopback:
            try string(CURLOPT_PROTOCOLS_STR, "http")
        case .unixSocket(let path):
            try string(CURLOPT_PROTOCOLS_STR, "http")
            try string(CURLOPT_UNIX_SOCKET_PATH, path)
        }
    }

    private func configureTLS(verifyChain: Bool, pin: KeyPin?) throws(CurlError) {
        precondition(verifyChain || pin != nil, "a chain is left unverified only where a key is pinned")
        try string(CURLOPT_PROTOCOLS_STR, "https")
        // The machine's authorities are dropped: Debian builds libcurl with /etc/ssl/certs, which would be believed
        // beside CURLOPT_CAINFO_BLOB.
        try set(ccurl_set_pointer(handle, CURLOPT_CAINFO, nil))
        try set(ccurl_set_pointer(handle, CURLOPT_CAPATH, nil))
        try set(ccurl_set_long(handle, CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2)))
        try set(ccurl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 2))
        try set(ccurl_set_long(handle, CURLOPT_SSL_VERIFYPEER, verifyChain ? 1 : 0))
        if let pin { try string(CURLOPT_PINNEDPUBLICKEY, pin.text) }
    }

    private static func received(
        _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ context: UnsafeMutableRawPointer?,
        _ take: (Exchange, UnsafeBufferPointer<UInt8>) -> Int
    ) -> Int {
        guard let bytes, let context else { return 0 }
        let exchange = Unmanaged<Exchange>.fromOpaque(context).takeUnretainedValue()
        return bytes.withMemoryRebound(to: UInt8.self, capacity: count) {
            take(exchange, UnsafeBufferPointer(start: $0, count: count))
        }
    }
}

/// libcurl's list of field lines, which it borrows during a request.
private final class FieldList {
    private(set) var first: UnsafeMutablePointer<curl_slist>?

    /// Nothing if a control character would let one field become two.
    init?(_ fields: [(name: String, value: String)], hasBody: Bool) {
        // "Expect: 100-continue" would cost a round trip, and libcurl's own Content-Type would be a lie.
        var lines = ["Expect:"]
        if hasBody, !fields.contains(where: { $0.name.lowercased() == "content-type" }) {
            lines.append("Content-Type:")
        }
        // A field without a value is sent only in the notation with a semicolon.
        lines += fields.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        for line in lines {
            guard line.utf8.allSatisfy({ $0 >= 0x20 || $0 == 0x09 }) else { return nil }
            guard let longer = curl_slist_append(first, line) else { return nil }
            first = longer
        }
    }

    deinit { curl_slist_free_all(first) }
}
