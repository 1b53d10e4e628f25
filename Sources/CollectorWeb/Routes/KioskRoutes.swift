import Collecting
import FoundationEssentials
import Gzip
import HTTPTypes
import Hummingbird
import NIOCore
import Ratings
import Wire

/// What kiosks call: uploads, heartbeats, enrolments. Everything here is refused before its body is read if it can be.
struct KioskRoutes: Sendable {
    let collector: Collector
    let admission: Admission
    let limits: WebLimits
    let counters: Counters
    let now: @Sendable () -> Int64

    func add(to router: Router<CollectorContext>) {
        router.put("v1/kiosks/{kiosk}/epochs/{epoch}/records/{range}", use: upload)
        router.post("v1/kiosks/{kiosk}/heartbeat", use: heartbeat)
        router.post("v1/enrolments", use: enrol)
    }

    @Sendable func upload(_ request: Request, _ context: CollectorContext) async throws -> Response {
        // Records are placed by when the request came, not by how long a slow line took over its body.
        let came = now()
        let kiosk = try kiosk(context)
        let range = (context.parameters.get("range") ?? "").split(separator: "-", omittingEmptySubsequences: false)
        guard range.count == 2, let first = Self.number(range[0]), let last = Self.number(range[1]),
            let epoch = Self.number(context.parameters.get("epoch").map { $0[...] } ?? "").flatMap(Int.init(exactly:))
        else { throw Refusal(error: .malformed, message: "the path does not name an epoch and a range of records") }
        try admission.checkShare(of: kiosk.rawValue)
        try checkLength(request, atMost: limits.bodyBytes)
        let permit = try await collector.authorizeUpload(
            head(of: request), kiosk: kiosk, epoch: epoch, first: first, last: last)
        try admission.admit(kiosk: kiosk.rawValue)
        return try await admission.work(for: kiosk.rawValue) {
            try await admission.upload {
                let body = try await body(of: request, atMost: limits.bodyBytes)
                let answer = try await collector.upload(permit, body: body, now: came, inflate: inflate)
                counters.acknowledge(Int(last - first + 1))
                return try Answers.json(answer)
            }
        }
    }

    @Sendable func heartbeat(_ request: Request, _ context: CollectorContext) async throws -> Response {
        let came = now()
        let kiosk = try kiosk(context)
        try admission.checkShare(of: kiosk.rawValue)
        try checkLength(request, atMost: Self.heartbeatBytes)
        let permit = try await collector.authorizeHeartbeat(head(of: request), kiosk: kiosk)
        try admission.admit(kiosk: kiosk.rawValue)
        return try await admission.work(for: kiosk.rawValue) {
            let body = try await body(of: request, atMost: Self.heartbeatBytes)
            return try Answers.json(try await collector.heartbeat(permit, body: body, now: came))
        }
    }

    @Sendable func enrol(_ request: Request, _ context: CollectorContext) async throws -> Response {
        try admission.admit(enrolmentFrom: context.address)
        try checkLength(request, atMost: Collector.enrolmentBytes)
        let body = try await body(of: request, atMost: Collector.enrolmentBytes)
        let answer = try await collector.enrol(body, now: now())
        // Both sides show these words; the technician compares them with whoever reads this log.
        if let asked = try? JSONDecoder().decode(EnrolmentRequest.self, from: body) {
            let words = answer.words(after: asked).joined(separator: " ")
            context.logger.notice(
                "a kiosk was enrolled",
                metadata: ["kiosk": "\(answer.kiosk)", "epoch": "\(answer.epoch)", "words": "\(words)"])
        }
        return try Answers.json(answer)
    }

    /// The longest heartbeat: its notes travel in header fields, so the body is small.
    static let heartbeatBytes = 16 * 1024

    private func kiosk(_ context: CollectorContext) throws(Refusal) -> KioskID {
        guard let id = context.parameters.get("kiosk").flatMap(KioskID.init(rawValue:)) else {
            throw Refusal(error: .malformed, message: "the path does not name a kiosk: 1 to 64 of a–z, 0–9, - and .")
        }
        return id
    }

    /// A whole number in the one spelling that the routes use: no sign, no leading zero.
    private static func number(_ text: Substring) -> Int64? {
        guard let value = Int64(text), String(value) == text, value >= 0 else { return nil }
        return value
    }

    private func checkLength(_ request: Request, atMost limit: Int) throws(Refusal) {
        guard let field = request.headers[.contentLength], let length = Int(field), length > limit else { return }
        throw Self.tooLarge(limit)
    }

    private static func tooLarge(_ limit: Int) -> Refusal {
        Refusal(error: .tooLarge, message: "the body is longer than \(limit) bytes; send fewer records at once")
    }

    /// The whole body, or a refusal when it is too long or too slow.
    private func body(of request: Request, atMost limit: Int) async throws -> Data {
        let seconds = limits.bodySeconds
        return try await withThrowingTaskGroup(of: Data.self) { group in
            group.addTask {
                do {
                    let buffer = try await request.body.collect(upTo: limit)
                    return Data(buffer.readableBytesView)
                } catch is NIOTooManyBytesError {
                    throw Self.tooLarge(limit)
                }
            }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                throw Refusal(
                    error: .unavailable, message: "the body did not arrive within \(seconds) s; send it again")
            }
            defer { group.cancelAll() }
            guard let body = try await group.next() else { return Data() }
            return body
        }
    }

    /// Unpacks an upload, never beyond the limit of a batch.
    private func inflate(_ body: Data) throws -> Data {
        do throws(GzipError) {
            return try Gzip.decompress(body, atMost: limits.recordBytes)
        } catch {
            if case .tooLong = error {
                throw Refusal(
                    error: .tooLarge,
                    message: "the records are longer than \(limits.recordBytes) bytes; send fewer at once")
            }
            throw Refusal(error: .malformed, message: "\(error); send the batch again")
        }
    }

    /// The parts of the request that a signature may cover. Fields of one name are joined as RFC 9110 §5.3 says.
    private func head(of request: Request) -> RequestHead {
        var fields: [String: String] = [:]
        for field in request.headers {
            let name = field.name.canonicalName
            fields[name] = fields[name].map { "\($0), \(field.value)" } ?? field.value
        }
        let target = request.head.path ?? ""
        let path =
            target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init) ?? ""
        return RequestHead(method: request.method.rawValue, path: path, fields: fields)
    }
}
