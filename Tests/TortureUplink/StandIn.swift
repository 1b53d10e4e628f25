import Foundation
import Gzip
import Ledger
import Ratings
import RealPrograms
import Synchronization
import Wire

/// A collector of the test's own: it cosigns as the real one does, keeps lines in memory, and can be wrong on purpose.
/// Thread-safe.
final class StandIn: CollectorSubject, Sendable {
    /// What is wrong with its store.
    enum Store: Sendable {
        case sound
        /// Every upload is kept anew, the ranges that were taken before too.
        case keepsRepeats
        /// Every so many batches one is cosigned and not kept.
        case losesBatches(every: Int)
        /// Every so many batches a line is kept with another mark.
        case altersLines(every: Int)
        /// A batch with a line that it does not understand is refused, and so is every batch after it.
        case refusesBadLines
    }

    /// An upload or heartbeat with what is needed to answer it.
    struct Request: Sendable {
        var message: HTTPMessage
        /// Of the batch's last record, or of the head in a heartbeat.
        var checkpoint: Checkpoint
        var head: Checkpoint
        /// The receipt that the kiosk holds, its sequence.
        var receipted: Int64
        var lines: [Data]
    }

    /// Another answer than the proper one; nothing to answer properly.
    typealias Interception = @Sendable (Request, Socket, StandIn) -> Bool?

    static let name = "region.example"
    static let seconds: UInt64 = 1_795_400_000

    struct State {
        var codes: [String: EnrolmentCode] = [:]
        var kiosks: [String: PublicKey] = [:]
        var chains: [String: StoredChain] = [:]
        var heads: [String: Int64] = [:]
        var batches = 0
        /// Batches that brought back what was lost in a restore.
        var resent = 0
        /// Receipts that were given, by kiosk.
        var receipts: [String: [String]] = [:]
        var uploads: [(kiosk: String, first: Int64, last: Int64)] = []
    }

    let receiptKey = SigningKey()
    let state = Mutex(State())
    private let store: Store
    /// In a box: a bare closure that is read out of a mutex comes back in one more wrapping each time, until the stack is
    /// full of them.
    private struct Interceptor { var body: Interception? }
    private let intercept: Mutex<Interceptor>
    private let listener = Mutex<SocketListener?>(nil)

    init(_ store: Store = .sound, intercept: Interception? = nil) throws {
        self.store = store
        self.intercept = Mutex(Interceptor(body: intercept))
        let made = try SocketListener { [weak self] client in self?.serve(client) }
        listener.withLock { $0 = made }
    }

    var port: UInt16 { listener.withLock { $0?.port ?? 0 } }
    var address: String { "http://127.0.0.1:\(port)" }

    func intercept(_ interception: Interception?) { intercept.withLock { $0 = Interceptor(body: interception) } }

    func add(_ kiosk: String) throws -> String {
        let code = EnrolmentCode(random: (0..<10).map { _ in UInt8.random(in: .min ... .max) })
        state.withLock { $0.codes[kiosk] = code }
        return code.characters
    }

    func finish() async throws -> [String: StoredChain] {
        listener.withLock { $0?.stop() }
        return state.withLock { $0.chains }
    }

    private func serve(_ client: Socket) {
        while let message = client.readMessage() {
            if message.isEnrolment {
                client.write(enrol(message))
                continue
            }
            guard let request = read(message) else {
                client.write(HTTPMessage.answer(401, ""))
                continue
            }
            let interception = intercept.withLock { $0 }.body
            if let goesOn = interception?(request, client, self) {
                if goesOn { continue }
                return
            }
            guard client.write(properAnswer(request)) else { return }
        }
    }

    /// What a collector in order says; a batch is stored.
    func properAnswer(_ request: Request) -> [UInt8] {
        guard let range = request.message.range else { return heartbeat(request) }
        let kiosk = request.checkpoint.head.kiosk
        if case .refusesBadLines = store, request.lines.contains(where: { (try? Record(line: $0)) == nil }) {
            return Self.refuse(.brokenChain)
        }
        if let need = keep(request, range, of: kiosk) { return Self.refuse(.gap, need: need) }
        return receipt(request.checkpoint)
    }

    /// 200 with this note, cosigned by `key` or by the collector's own.
    func receipt(_ note: Checkpoint, as name: String = StandIn.name, by key: SigningKey? = nil) -> [UInt8] {
        var note = note
        guard (try? note.cosign(as: name, with: key ?? receiptKey, time: Self.seconds)) != nil else { return [] }
        if key == nil { state.withLock { $0.receipts[note.head.kiosk, default: []].append(note.serialized) } }
        return Self.json(UploadAnswer(receipt: note.serialized))
    }

    static func json(_ body: some Encodable, status: Int = 200) -> [UInt8] {
        let text = String(decoding: (try? JSONEncoder().encode(body)) ?? Data(), as: UTF8.self)
        return HTTPMessage.answer(status, text, fields: [("Content-Type", "application/json")])
    }

    static func refuse(_ code: Refusal.Code, need: Int64? = nil) -> [UInt8] {
        json(Refusal(error: code, message: "as the test wants it", need: need), status: code.status)
    }

    /// Keeps what is new; the record that is needed first if there is a gap.
    private func keep(_ request: Request, _ range: (first: Int64, last: Int64), of kiosk: String) -> Int64? {
        state.withLock { state in
            state.uploads.append((kiosk, range.first, range.last))
            let head = state.heads[kiosk] ?? 0
            if range.first > head + 1 { return head + 1 }
            if request.receipted > head { state.resent += range.first...range.last ~= head + 1 ? 1 : 0 }
            let kept = max(head, range.last)
            state.heads[kiosk] = kept
            state.batches += 1
            var number = range.first
            for var line in request.lines {
                defer { number += 1 }
                switch store {
                case .sound where number <= head: continue
                case .losesBatches(let every) where number <= head || state.batches % every == 0: continue
                case .altersLines(let every):
                    if number <= head { continue }
                    if state.batches % every == 0 { line[line.count / 2] ^= 1 }
                default: break
                }
                state.chains[kiosk, default: StoredChain()].records.append((number, ChainHash(of: line)))
            }
            return nil
        }
    }

    /// An older backup takes the place of what is kept: nothing after record `last` is known any more.
    func restore(_ kiosk: String, to last: Int64) {
        state.withLock { state in
            state.heads[kiosk] = last
            state.chains[kiosk]?.records.removeAll { $0.sequence > last }
        }
    }

    private func heartbeat(_ request: Request) -> [UInt8] {
        let head = state.withLock { $0.heads[request.head.head.kiosk] ?? 0 }
        if request.receipted > head { return Self.refuse(.rewindCollector, need: head + 1) }
        guard let body = try? JSONDecoder().decode(Heartbeat.self, from: Data(request.message.body)),
            let kiosk = KioskID(rawValue: request.head.head.kiosk)
        else { return HTTPMessage.answer(400, "") }
        return heartbeat(kiosk, nonce: body.nonce, seconds: Self.seconds, key: receiptKey)
    }

    func heartbeat(_ kiosk: KioskID, nonce: String, seconds: UInt64, key: SigningKey) -> [UInt8] {
        var note = SignedNote(text: SignedTime.text(kiosk: kiosk, nonce: nonce, seconds: seconds))
        guard (try? note.sign(as: Self.name, with: key)) != nil else { return [] }
        return Self.json(HeartbeatAnswer(time: note.serialized, configuration: 1))
    }

    private func enrol(_ message: HTTPMessage) -> [UInt8] {
        state.withLock { state in
            guard let request = try? JSONDecoder().decode(EnrolmentRequest.self, from: Data(message.body)),
                let (kiosk, code) = state.codes.first(where: { request.isValid(for: $0.value) }),
                let id = KioskID(rawValue: kiosk)
            else { return Self.refuse(.refusedCode) }
            state.kiosks[kiosk] = request.journalKey
            return Self.json(
                EnrolmentAnswer(
                    to: request, code: code, kiosk: id, epoch: 1, collectorName: Self.name,
                    receiptKey: receiptKey.publicKey, collectorNonce: "bm9uY2U=", authority: nil))
        }
    }

    private func read(_ message: HTTPMessage) -> Request? {
        guard let kiosk = message.kiosk, let key = state.withLock({ $0.kiosks[kiosk] }),
            ContentDigest.matches(message.field("content-digest") ?? "", body: Data(message.body)),
            let head = Self.note("head", of: message, kiosk, key)
        else { return nil }
        let receipted = Self.note("receipt", of: message, kiosk, key)?.head.sequence ?? 0
        guard message.range != nil else {
            return Request(message: message, checkpoint: head, head: head, receipted: receipted, lines: [])
        }
        var body = Data(message.body)
        if message.field("content-encoding") == "gzip" {
            guard let raw = try? Gzip.decompress(body, atMost: WireLimits.bytesPerBatch) else { return nil }
            body = raw
        }
        guard let checkpoint = Self.note("checkpoint", of: message, kiosk, key) else { return nil }
        let lines = body.split(separator: UInt8(ascii: "\n")).map { Data($0) }
        return Request(message: message, checkpoint: checkpoint, head: head, receipted: receipted, lines: lines)
    }

    private static func note(
        _ field: String, of message: HTTPMessage, _ kiosk: String, _ key: PublicKey
    ) -> Checkpoint? {
        guard let text = message.field(field).flatMap({ Data(base64Encoded: $0) }) else { return nil }
        return try? Checkpoint(parsing: String(decoding: text, as: UTF8.self), kiosk: kiosk, key: key)
    }
}
