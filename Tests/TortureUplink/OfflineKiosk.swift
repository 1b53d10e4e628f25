import BatchFiles
import Collecting
import FakeKiosk
import FoundationEssentials
import KioskJournal
import Ledger
import Ratings
import SeededRandom
import Wire

/// The true time, which no clock of a story shows; milliseconds since 1970.
final class TrueTime {
    var now: Int64 = 1_763_800_000_000
}

/// A kiosk of a hall with a bad line or none: a real journal, and beside it what was thanked.
final class OfflineKiosk {
    /// An upload as it stands before it is sent.
    struct Request {
        var head: RequestHead
        var body: Data
        var epoch: Int
        var first: Int64
        var last: Int64
    }

    let id: KioskID
    let directory: String
    private(set) var journal: Journal
    /// The oracle: the hashes of the thanked records of each epoch, record 1 first.
    private(set) var thanked: [Int: [ChainHash]] = [:]
    /// When each session that was thanked really began.
    private(set) var sessionsAt: [SessionID: Int64] = [:]
    /// How many records say that the newest export was made; they leave with the next one.
    private(set) var recordsOfExport = 0
    private let transport = SigningKey()
    private let time: TrueTime
    private var bootedAt: Int64
    /// What its wall clock showed when it started, seconds since 1970; nobody sets it right.
    private var wallAtBoot: Int64 = 1_763_800_000
    private var sessions: SplitMix

    static var limits: JournalLimits {
        var limits = JournalLimits()
        limits.ballastBytes = 64 << 10
        return limits
    }

    init(_ name: String, directory: String, collector: Collector, time: TrueTime, seed: UInt64) async throws {
        self.time = time
        bootedAt = time.now - 1000
        id = KioskID(rawValue: name) ?? KioskID(bits: seed)
        self.directory = directory
        sessions = SplitMix(seed)
        journal = try Journal.open(directory: directory, limits: Self.limits)
        let issued = try await collector.addKiosk(
            id, office: Place(id: "office", name: "Office"), service: Place(id: "service", name: "Service"),
            window: "1",
            now: time.now)
        try await enrol(issued.code, collector)
    }

    /// Opens the next epoch with the same journal key, as a technician does; what is unsent of the old one still counts.
    func enrolAgain(_ collector: Collector) async throws {
        try await enrol(try await collector.replaceKiosk(id, now: time.now).code, collector)
    }

    private func enrol(_ code: EnrolmentCode, _ collector: Collector) async throws {
        let request = EnrolmentRequest(
            code: code, journalKey: journal.publicKey, transportKey: transport.publicKey,
            certificate: try journal.certify(transportKey: transport.publicKey),
            nonce: Data(repeating: 3, count: 16).base64EncodedString(), pin: "", hardware: "fake")
        let answer = try await collector.enrol(try JSONEncoder().encode(request), now: time.now)
        try journal.enrol(
            JournalEnrolment(
                kiosk: id, epoch: answer.epoch, journalKey: journal.publicKey, collector: "https://collector.test",
                collectorName: answer.collectorName, receiptKey: answer.receiptKey,
                collectorNonce: answer.collectorNonce))
        thanked[answer.epoch] = []
    }

    // MARK: - In the hall

    func rate(_ mark: Int) throws {
        let session = SessionID(bits: sessions.next())
        sessionsAt[session] = time.now
        try append(.shown(Shown(session: session, questionnaire: "default@1", language: "ru", visit: .unsolicited)))
        try append(
            .answer(
                Answer(session: session, question: "overall", value: mark, language: "ru", elapsedMilliseconds: 900)))
        try append(.session(SessionEnd(session: session, outcome: .answered, durationMilliseconds: 1500)))
    }

    private func append(_ body: RecordBody) throws {
        let record = try journal.append(body, at: stamp())
        thanked[record.epoch, default: []].append(record.hash)
    }

    /// The boot clock, which each question moves on by a little.
    private func bootClock(after milliseconds: Int64) -> Int64 {
        time.now += milliseconds
        return time.now - bootedAt
    }

    private var created: Int64 { wallAtBoot + (time.now - bootedAt) / 1000 }

    private func stamp() -> RecordStamp {
        RecordStamp(bootMilliseconds: bootClock(after: 750), wall: "2026-11-22T08:00:00.000Z", clock: .free)
    }

    /// Starts again. Its wall clock comes back anywhere between 1970 and 2038.
    func restart(wall: Int64) throws {
        try journal.close()
        time.now += 30_000
        journal = try Journal.open(directory: directory, limits: Self.limits)
        bootedAt = time.now
        wallAtBoot = wall
        try append(.boot(Boot(hardware: "fake", program: "0")))
    }

    /// Everything without a receipt as files.
    func export(recordsPerFile: Int) throws -> [Data] {
        var files: [Data] = []
        let spans = try journal.waiting()
        for span in spans {
            var next = span.first
            while next <= span.last {
                let file = try journal.batchFile(
                    epoch: span.epoch, first: next, maximumRecords: min(recordsPerFile, Int(span.last - next + 1)),
                    bootMilliseconds: bootClock(after: 20), created: created)
                files.append(file.serialized)
                next = file.last + 1
            }
        }
        recordsOfExport = spans.count
        for span in spans {
            try append(.export(Export(first: span.first, last: span.last, medium: "files")))
        }
        return files
    }

    // MARK: - Over the line

    func request(records: Int) throws -> Request? {
        guard let batch = try journal.batch(maximumRecords: records) else { return nil }
        let body = Data(batch.lines.map { $0 + "\n" }.joined().utf8)
        let clock = KioskClock(boot: journal.boot, bootMilliseconds: bootClock(after: 40))
        var fields = [
            "content-type": "application/x-ndjson", "content-digest": ContentDigest.value(of: body),
            "checkpoint": FakeKiosk.base64(batch.checkpoint), "head": FakeKiosk.base64(batch.head),
            "otsenka-clock": clock.field,
        ]
        fields["receipt"] = batch.receipt.map(FakeKiosk.base64)
        let epoch = batch.enrolment.epoch
        var head = RequestHead(
            method: "PUT", path: Routes.records(id, epoch: epoch, first: batch.first, last: batch.last), fields: fields)
        try RequestSignature.sign(&head, with: transport, created: created)
        return Request(head: head, body: body, epoch: epoch, first: batch.first, last: batch.last)
    }

    func send(_ request: Request, to collector: Collector) async throws -> String {
        let permit = try await collector.authorizeUpload(
            request.head, kiosk: id, epoch: request.epoch, first: request.first, last: request.last)
        return try await collector.upload(permit, body: request.body, now: time.now, inflate: { $0 }).receipt
    }
}

extension KioskID {
    /// A name made of a number.
    fileprivate init(bits: UInt64) {
        guard let id = KioskID(rawValue: "kiosk-\(bits)") else { preconditionFailure("letters and digits are a name") }
        self = id
    }
}
