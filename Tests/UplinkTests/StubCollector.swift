import Foundation
import Gzip
import HTTPTypes
import Hummingbird
import Ledger
import Logging
import Ratings
import Synchronization
import Testing
import Wire

/// A collector that keeps lines in memory, checks every request as the real one does, and can be told to answer the next
/// ones wrongly.
final class StubCollector: Sendable {
    /// What the next upload gets instead of a proper answer.
    enum Fault: Sendable {
        case answer(status: Int, body: String, fields: [String: String] = [:])
        /// A proper note, spoilt: of another kiosk, cosigned by another key, of an earlier record, without cosignature.
        case otherKiosk, otherKey, earlier, uncosigned
        /// The records are kept, but the answer is lost behind a 502.
        case lostAnswer
    }

    struct State: Sendable {
        var lines: [Int64: String] = [:]
        var faults: [Fault] = []
        var complaints: [String] = []
        var uploads: [String] = []
        var heartbeats: [Heartbeat] = []
        var transportKey: PublicKey?
        var journalKey: PublicKey?
        var code: EnrolmentCode?
        var enrolments: [EnrolmentRequest] = []
    }

    let receiptKey = SigningKey()
    let kiosk: KioskID
    let state = Mutex(State())

    var stored: Int64 { state.withLock { state in Int64(state.lines.count) } }
    var complaints: [String] { state.withLock { $0.complaints } }

    init() throws { kiosk = try #require(KioskID(rawValue: "hall-1")) }

    /// Runs `body` with the collector's address.
    func serve(_ body: @escaping @Sendable (String) async throws -> Void) async throws {
        let router = Router()
        router.put("/v1/kiosks/{kiosk}/epochs/{epoch}/records/{range}") { request, context in
            let bytes = Data(buffer: try await request.body.collect(upTo: WireLimits.bodyBytes))
            return self.upload(Self.head(request), bytes, context.parameters.get("range") ?? "")
        }
        router.post("/v1/kiosks/{kiosk}/heartbeat") { request, _ in
            let bytes = Data(buffer: try await request.body.collect(upTo: WireLimits.bodyBytes))
            return self.heartbeat(Self.head(request), bytes)
        }
        router.post("/v1/enrolments") { request, _ in
            self.enrol(Data(buffer: try await request.body.collect(upTo: WireLimits.bodyBytes)))
        }
        let (addresses, continuation) = AsyncStream.makeStream(of: String.self)
        var logger = Logger(label: "stub")
        logger.logLevel = .error
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                continuation.yield("http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
            }, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.runService(gracefulShutdownSignals: []) }
            for await address in addresses {
                try await body(address)
                break
            }
            group.cancelAll()
        }
    }

    private static func head(_ request: Request) -> RequestHead {
        var fields: [String: String] = [:]
        for field in request.headers { fields[field.name.canonicalName] = field.value }
        return RequestHead(method: request.method.rawValue, path: request.uri.path, fields: fields)
    }

    private func upload(_ head: RequestHead, _ body: Data, _ range: String) -> Response {
        state.withLock { state in
            let ends = range.split(separator: "-").compactMap { Int64($0) }
            state.uploads.append(range)
            let fault = state.faults.isEmpty ? nil : state.faults.removeFirst()
            if case .answer(let status, let text, let fields) = fault { return Self.response(status, text, fields) }
            guard ends.count == 2, let note = Self.checked(head, body, &state) else { return Self.response(401, "") }
            if ends[0] > Int64(state.lines.count) + 1 {
                let known = head.fields["receipt"] != nil
                return Self.refuse(known ? .rewindCollector : .gap, need: Int64(state.lines.count) + 1)
            }
            do {
                let raw =
                    head.fields["content-encoding"] == "gzip"
                    ? try Gzip.decompress(body, atMost: WireLimits.bytesPerBatch) : body
                let lines = String(decoding: raw, as: UTF8.self).split(separator: "\n").map(String.init)
                if lines.count != Int(ends[1] - ends[0] + 1) {
                    state.complaints.append("\(lines.count) lines as \(range)")
                }
                for (offset, line) in lines.enumerated() {
                    let sequence = ends[0] + Int64(offset)
                    if let other = state.lines[sequence], other != line {
                        state.complaints.append("\(sequence) differs")
                    }
                    state.lines[sequence] = line
                }
                if case .lostAnswer = fault { return Self.response(502, "<html>") }
                return Self.response(200, try receipt(note, fault))
            } catch {
                state.complaints.append("\(error)")
                return Self.response(500, "")
            }
        }
    }

    private func receipt(_ note: Checkpoint, _ fault: Fault?) throws -> String {
        var note = note
        switch fault {
        case .otherKey: try note.cosign(as: "region.example", with: SigningKey(), time: 1_795_000_000)
        case .uncosigned: break
        case .otherKiosk:
            let key = SigningKey()
            note = try Checkpoint(
                head: ChainHead(kiosk: "hall-2", epoch: 1, sequence: note.head.sequence, hash: note.head.hash),
                signedWith: key)
            try note.cosign(as: "region.example", with: receiptKey, time: 1_795_000_000)
        case .earlier:
            return #"{"receipt":"otsenka/kiosk/hall-1/1\n0\n"}"#
        default: try note.cosign(as: "region.example", with: receiptKey, time: 1_795_000_000)
        }
        return String(decoding: try JSONEncoder().encode(UploadAnswer(receipt: note.serialized)), as: UTF8.self)
    }

    private func heartbeat(_ head: RequestHead, _ body: Data) -> Response {
        state.withLock { state in
            guard Self.checked(head, body, &state, checkpoint: "head") != nil,
                let raw = try? head.fields["content-encoding"] == "gzip" ? Gzip.decompress(body, atMost: 16_384) : body,
                let heartbeat = try? JSONDecoder().decode(Heartbeat.self, from: raw)
            else { return Self.response(401, "") }
            state.heartbeats.append(heartbeat)
            var note = SignedNote(
                text: SignedTime.text(kiosk: kiosk, nonce: heartbeat.nonce, seconds: 1_795_400_000))
            guard (try? note.sign(as: "region.example", with: receiptKey)) != nil,
                let answer = try? JSONEncoder().encode(HeartbeatAnswer(time: note.serialized, configuration: 1))
            else { return Self.response(500, "") }
            return Self.response(200, String(decoding: answer, as: UTF8.self))
        }
    }

    private func enrol(_ body: Data) -> Response {
        state.withLock { state in
            guard let request = try? JSONDecoder().decode(EnrolmentRequest.self, from: body) else {
                return Self.response(400, "")
            }
            state.enrolments.append(request)
            if case .answer(let status, let text, let fields) = state.faults.first {
                state.faults.removeFirst()
                return Self.response(status, text, fields)
            }
            guard let code = state.code, request.isValid(for: code) else {
                return Self.refuse(.refusedCode, need: nil)
            }
            state.transportKey = request.transportKey
            state.journalKey = request.journalKey
            let answer = EnrolmentAnswer(
                to: request, code: code, kiosk: kiosk, epoch: 1, collectorName: "region.example",
                receiptKey: receiptKey.publicKey, collectorNonce: "bm9uY2U=", authority: nil)
            return Self.response(200, String(decoding: (try? JSONEncoder().encode(answer)) ?? Data(), as: UTF8.self))
        }
    }

    /// The request's checkpoint, once its signature and digest are right; a complaint otherwise.
    private static func checked(
        _ head: RequestHead, _ body: Data, _ state: inout State, checkpoint field: String = "checkpoint"
    ) -> Checkpoint? {
        do {
            guard let key = state.transportKey, let journalKey = state.journalKey else { return nil }
            try RequestSignature.verify(head, by: key, required: ["content-digest", "head", "otsenka-clock", field])
            guard ContentDigest.matches(head.fields["content-digest"] ?? "", body: body) else {
                state.complaints.append("the digest does not match")
                return nil
            }
            let text = String(decoding: Data(base64Encoded: head.fields[field] ?? "") ?? Data(), as: UTF8.self)
            return try Checkpoint(parsing: text, kiosk: "hall-1", key: journalKey)
        } catch {
            state.complaints.append("\(error)")
            return nil
        }
    }

    static func refuse(_ code: Refusal.Code, need: Int64?) -> Response {
        let body = try? JSONEncoder().encode(Refusal(error: code, message: "as the test wants it", need: need))
        return response(code.status, String(decoding: body ?? Data(), as: UTF8.self))
    }

    private static func response(_ status: Int, _ body: String, _ fields: [String: String] = [:]) -> Response {
        var headers = HTTPFields()
        for (name, value) in fields { if let name = HTTPField.Name(name) { headers[name] = value } }
        return Response(
            status: .init(code: status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }
}
