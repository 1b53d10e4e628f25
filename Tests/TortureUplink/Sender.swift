import FakeKiosk
import Foundation
import Ledger
import Ratings
import RealPrograms
import Synchronization
import Wire

/// A kiosk under test: the real one, or one that is wrong on purpose.
protocol Sender: AnyObject {
    /// With which it signs checkpoints; the test makes wrong notes with it.
    var journalKey: SigningKey { get throws }
    /// Records that it takes for receipted.
    func acknowledged() throws -> Int64
    /// Records in its journal.
    func records() throws -> Int64
    func startSending() throws
    func stopSending()
    /// The process that talks to the network; nothing for one within the test.
    var networkProcess: pid_t? { get }
    /// The newest time that it has believed, seconds since 1970.
    var timeFloor: Int64? { get }
}

/// `run` and the uplink, eight records to a batch.
extension HallKiosk: Sender {
    var journalKey: SigningKey {
        get throws { try SigningKey(seed: Data(contentsOf: URL(filePath: folder + "/data/journal.key"))) }
    }

    func acknowledged() throws -> Int64 { try status().receipted }
    func records() throws -> Int64 { try status().records }

    func startSending() throws {
        try startRun()
        try startUplink(["--batch", "8", "--total-ms", "1000", "--heartbeat-ms", "60", "--retry-after-cap-ms", "50"])
    }

    func stopSending() { stop() }
    var networkProcess: pid_t? { uplink?.pid }
}

/// Wrong on purpose: to this kiosk an answer of 200 is a receipt.
final class CredulousKiosk: Sender, Sendable {
    private struct State {
        var kiosk: FakeKiosk
        var acknowledged: Int64 = 0
        var isSending = false
    }

    private let state: Mutex<State>
    private let port: UInt16
    private let key: SigningKey

    init(_ id: String, collector: StandIn, records: Int64) throws {
        let code = try collector.add(id)
        port = collector.port
        let (journal, transport) = (SigningKey(), SigningKey())
        guard let typed = EnrolmentCode(code) else { throw ChildError("\(code) is no code") }
        let body = try JSONEncoder().encode(
            try FakeKiosk.enrolment(typed, journalKey: journal, transportKey: transport))
        let head = RequestHead(method: "POST", path: Routes.enrolments)
        guard let answer = Self.ask(head, body, port),
            let enrolled = try? JSONDecoder().decode(EnrolmentAnswer.self, from: Data(answer.body))
        else { throw ChildError("the stand-in does not enrol \(id)") }
        var kiosk = FakeKiosk(
            id: enrolled.kiosk, epoch: enrolled.epoch, collectorNonce: enrolled.collectorNonce, journalKey: journal,
            transportKey: transport)
        try kiosk.fill(upTo: records)
        state = Mutex(State(kiosk: kiosk))
        key = journal
    }

    var journalKey: SigningKey { key }
    var networkProcess: pid_t? { nil }
    var timeFloor: Int64? { nil }
    func acknowledged() -> Int64 { state.withLock { $0.acknowledged } }
    func records() -> Int64 { state.withLock { $0.kiosk.count } }
    func stopSending() { state.withLock { $0.isSending = false } }

    func startSending() {
        state.withLock { $0.isSending = true }
        Thread.detachNewThread { [self] in while step() {} }
    }

    private func step() -> Bool {
        let request = state.withLock { state -> FakeRequest? in
            guard state.isSending, state.acknowledged < state.kiosk.count else { return nil }
            return try? state.kiosk.upload(state.acknowledged + 1, min(state.kiosk.count, state.acknowledged + 8))
        }
        guard let request else { return false }
        if let answer = Self.ask(request.head, request.body, port), answer.status == 200 {
            state.withLock { $0.acknowledged = request.last }
        }
        return true
    }

    private static func ask(_ head: RequestHead, _ body: Data, _ port: UInt16) -> HTTPMessage? {
        guard let socket = Socket.connect(port) else { return nil }
        socket.limitReading(milliseconds: 1_000)
        var lines = ["\(head.method) \(head.path) HTTP/1.1", "Host: 127.0.0.1", "Content-Length: \(body.count)"]
        lines += head.fields.map { "\($0.key): \($0.value)" }
        guard socket.write(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + Array(body)) else { return nil }
        return socket.readMessage()
    }
}
