import Collecting
import FoundationEssentials
import Ledger
import Ratings
import SeededRandom
import Wire

// What a collector says to a fake kiosk, without HTTP in between.

extension Collector {
    /// A collector with a key of its own and random bytes from a seed.
    public static func fake(store: any CollectorStore, seed: UInt64 = 1, limits: CollectorLimits = CollectorLimits())
        -> Collector
    {
        let random = SeededBytes(seed)
        return Collector(
            identity: CollectorIdentity(name: "collector.test", key: SigningKey(), authority: nil), store: store,
            limits: limits, random: { random.next($0) })
    }

    /// Adds a kiosk with its place and enrols it.
    public func enrolFake(
        _ name: String, office: String = "office-1", service: String = "passports", window: String = "1",
        now: Int64, seed: UInt64 = 1
    ) async throws -> FakeKiosk {
        let issued = try await addKiosk(
            KioskID(rawValue: name), office: Place(id: office, name: "Office \(office)"),
            service: Place(id: service, name: "Service \(service)"), window: window, now: now)
        return try await enrolFake(with: issued.code, now: now, seed: seed)
    }

    /// Enrols a new machine with a code.
    public func enrolFake(with code: EnrolmentCode, now: Int64, seed: UInt64 = 1) async throws -> FakeKiosk {
        let (journal, transport) = (SigningKey(), SigningKey())
        let request = try FakeKiosk.enrolment(code, journalKey: journal, transportKey: transport)
        let answer = try await enrol(try JSONEncoder().encode(request), now: now)
        guard answer.isValid(for: request, code: code) else { throw SignatureError.invalid }
        return FakeKiosk(
            id: answer.kiosk, epoch: answer.epoch, collectorNonce: answer.collectorNonce, journalKey: journal,
            transportKey: transport, seed: seed)
    }

    /// Sends a request as it is.
    public func take(_ request: FakeRequest, of kiosk: FakeKiosk, now: Int64) async throws -> UploadAnswer {
        let permit = try await authorizeUpload(
            request.head, kiosk: kiosk.id, epoch: kiosk.epoch, first: request.first, last: request.last)
        return try await upload(permit, body: request.body, now: now, inflate: { $0 })
    }

    /// Sends some records; the kiosk keeps the receipt. Gives what was refused, or nothing.
    @discardableResult
    public func take(_ first: Int64, _ last: Int64, of kiosk: inout FakeKiosk, now: Int64) async throws -> Refusal? {
        let request = try kiosk.upload(first, last)
        do {
            kiosk.receipt = try await take(request, of: kiosk, now: now).receipt
            return nil
        } catch let refusal as Refusal {
            return refusal
        }
    }

    /// Sends a heartbeat. Gives what was refused, or nothing.
    @discardableResult
    public func hear(_ kiosk: inout FakeKiosk, marks: [String] = [], unsent: Int = 0, now: Int64) async throws
        -> Refusal?
    {
        let request = try kiosk.heartbeat(marks: marks, unsent: unsent)
        do {
            let permit = try await authorizeHeartbeat(request.head, kiosk: kiosk.id)
            _ = try await heartbeat(permit, body: request.body, now: now)
            return nil
        } catch let refusal as Refusal {
            return refusal
        }
    }
}

/// Random bytes that are the same in each run; used from one test at a time.
private final class SeededBytes: @unchecked Sendable {
    private var generator: SplitMix

    init(_ seed: UInt64) { generator = SplitMix(seed) }

    func next(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) } }
}
