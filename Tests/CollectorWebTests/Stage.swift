import Collecting
import CollectorSQLite
import FakeKiosk
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Ledger
import Logging
import Ratings
import Synchronization
import Testing
import Wire

@testable import CollectorWeb

/// A collector on a real store in a folder of its own, with a clock that stands still until it is moved.
final class Stage: Sendable {
    let folder: DataFolder
    let collector: Collector
    let server: CollectorServer
    let staff: Staff
    private let store: SQLiteCollectorStore
    private let clock: TestClock
    private let parent: String

    init(limits: WebLimits = .generous) throws {
        parent = NSTemporaryDirectory() + "otsenka-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        let clock = TestClock()
        self.clock = clock
        folder = try DataFolder.create(
            parent + "/collector", name: "test.example", hosts: ["localhost", "127.0.0.1"], now: clock.now / 1000)
        store = try SQLiteCollectorStore(folder: folder.path, create: true)
        collector = Collector(
            identity: CollectorIdentity(name: "test.example", key: folder.receiptKey, authority: nil), store: store
        ) { count in (0..<count).map { _ in UInt8.random(in: .min ... .max) } }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        server = try CollectorServer(collector: collector, limits: limits, logger: logger) { clock.now }
        staff = Staff(collector: collector, folder: folder) { clock.now }
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(atPath: parent)
    }

    var now: Int64 { clock.now }
    func pass(milliseconds: Int64) { clock.pass(milliseconds: milliseconds) }

    func test<Value: Sendable>(_ body: @escaping @Sendable (any TestClientProtocol) async throws -> Value) async throws
        -> Value
    {
        try await Application(router: server.router(), logger: server.logger).test(.router, body)
    }

    /// Adds a kiosk and enrols it over HTTP.
    func enrolled(
        _ client: any TestClientProtocol, office: String = "Hall", service: String? = nil, id: String? = nil
    ) async throws -> FakeKiosk {
        let ticket = try await staff.add(NewKiosk(office: office, service: service, window: "3", id: id))
        let code = try #require(EnrolmentCode(ticket.code))
        let kioskID = try #require(KioskID(rawValue: ticket.kiosk))
        let keys = FakeKiosk(id: kioskID, collectorNonce: "")
        let (request, body) = try keys.enrolment(code)
        let response = try await client.execute(
            uri: Routes.enrolments, method: .post, body: ByteBuffer(bytes: body))
        try #require(response.status == .ok)
        let answer = try JSONDecoder().decode(EnrolmentAnswer.self, from: Data(response.body.readableBytesView))
        #expect(answer.isValid(for: request, code: code))
        return FakeKiosk(
            id: kioskID, epoch: answer.epoch, collectorNonce: answer.collectorNonce, journalKey: keys.journalKey,
            transportKey: keys.transportKey)
    }
}

extension Result where Failure == any Error, Success: Sendable {
    /// Runs what waits for a socket or a process on a thread of its own: Swift's pool has one thread for each core, and the
    /// server needs them.
    init(blocking work: @escaping @Sendable () throws -> Success) async {
        self = await withCheckedContinuation { continuation in
            Thread { continuation.resume(returning: Result { try work() }) }.start()
        }
    }
}

/// Milliseconds since 1970 that pass only when told to.
final class TestClock: Sendable {
    private let time = Mutex<Int64>(1_795_336_800_000)
    var now: Int64 { time.withLock(\.self) }
    func pass(milliseconds: Int64) { time.withLock { $0 += milliseconds } }
}

extension WebLimits {
    /// No waiting between the requests of a test.
    static var generous: WebLimits {
        var limits = WebLimits()
        limits.kioskRequestsPerSecond = 1000
        limits.kioskBurst = 1000
        limits.enrolmentBurst = 1000
        limits.freshMilliseconds = 0
        return limits
    }
}

extension TestClientProtocol {
    /// Sends a request of a fake kiosk as it stands.
    func send(_ request: FakeRequest, body: Data? = nil) async throws -> TestResponse {
        try await send(request.head, body: body ?? request.body)
    }

    func send(_ head: RequestHead, body: Data) async throws -> TestResponse {
        var fields = HTTPFields()
        for (name, value) in head.fields { if let name = HTTPField.Name(name) { fields[name] = value } }
        let method = try #require(HTTPRequest.Method(head.method))
        return try await execute(uri: head.path, method: method, headers: fields, body: ByteBuffer(bytes: body))
    }

    func text(_ uri: String, headers: HTTPFields = [:]) async throws -> String {
        let response = try await execute(uri: uri, method: .get, headers: headers)
        try #require(response.status == .ok)
        return String(buffer: response.body)
    }
}

extension TestResponse {
    /// The refusal in the body; its status is checked against the answer's.
    func refusal() throws -> Refusal {
        let refusal = try JSONDecoder().decode(Refusal.self, from: Data(body.readableBytesView))
        #expect(status.code == refusal.error.status)
        #expect(!refusal.message.isEmpty)
        return refusal
    }

    func receipt() throws -> String {
        try JSONDecoder().decode(UploadAnswer.self, from: Data(body.readableBytesView)).receipt
    }
}
