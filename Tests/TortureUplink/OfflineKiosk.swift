import BatchFiles
import Collecting
import FakeKiosk
import FoundationEssentials
import KioskJournal
import Ledger
import Ratings
import SeededRandom
import Wire

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
    /// Ratings that were thanked.
    private(set) var ratings = 0
    /// How many records say that the newest export was made; they leave with the next one.
    private(set) var recordsOfExport = 0
    private let transport = SigningKey()
    private var bootMilliseconds: Int64 = 1000
    /// Seconds since 1970; nobody sets it right.
    private var wall: Int64 = 1_763_800_000
    private var sessions: SplitMix

    static var limits: JournalLimits {
        var limits = JournalLimits()
        limits.ballastBytes = 64 << 10
        return limits
    }

    init(_ name: String, directory: String, collector: Collector, now: Int64, seed: UInt64) async throws {
        id = KioskID(rawValue: name) ?? KioskID(bits: seed)
        self.directory = directory
        sessions = SplitMix(seed)
        journal = try Journal.open(directory: directory, limits: Self.limits)
        let issued = try await collector.addKiosk(
            id, office: Place(id: "office", name: "Office"), service: Place(id: "service", name: "Service"),
            window: "1",
            now: now)
        try await enrol(issued.code, collector, now: now)
    }

    /// Opens the next epoch with the same journal key, as a technician does; what is unsent of the old one still counts.
    func enrolAgain(_ collector: Collector, now: Int64) async throws {
        try await enrol(try await collector.replaceKiosk(id, now: now).code, collector, now: now)
    }

    private func enrol(_ code: EnrolmentCode, _ collector: Collector, now: Int64) async throws {
        let request = EnrolmentRequest(
            code: code, journalKey: journal.publicKey, transportKey: transport.publicKey,
            certificate: try journal.certify(transportKey: transport.publicKey),
            nonce: Data(repeating: 3, count: 16).base64EncodedString(), pin: "", hardware: "fake")
        let answer = try await collector.enrol(try JSONEncoder().encode(request), now: now)
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
        try append(.shown(Shown(session: session, questionnaire: "default@1", language: "ru", visit: .unsolicited)))
        try append(
            .answer(
                Answer(session: session, question: "overall", value: mark, language: "ru", elapsedMilliseconds: 900)))
        try append(.session(SessionEnd(session: session, outcome: .answered, durationMilliseconds: 1500)))
        ratings += 1
    }

    private func append(_ body: RecordBody) throws {
        let record = try journal.append(body, at: stamp())
        thanked[record.epoch, default: []].append(record.hash)
    }

    private func stamp() -> RecordStamp {
        bootMilliseconds += 750
        return RecordStamp(bootMilliseconds: bootMilliseconds, wall: "2026-11-22T08:00:00.000Z", clock: .free)
    }

    /// Starts again. Its wall clock comes back anywhere between 1970 and 2038.
    func restart(wall: Int64) throws {
        try journal.close()
        journal = try Journal.open(directory: directory, limits: Self.limits)
        bootMilliseconds = 500
        self.wall = wall
        try append(.boot(Boot(hardware: "fake", program: "0")))
    }

    /// Everything without a receipt as files.
    func export(recordsPerFile: Int) throws -> [Data] {
        var files: [Data] = []
        let spans = try journal.waiting()
        for span in spans {
            var next = span.first
            while next <= span.last {
                bootMilliseconds += 20
                let file = try journal.batchFile(
                    epoch: span.epoch, first: next, maximumRecords: min(recordsPerFile, Int(span.last - next + 1)),
                    bootMilliseconds: bootMilliseconds, created: wall)
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
        bootMilliseconds += 40
        let body = Data(batch.lines.map { $0 + "\n" }.joined().utf8)
        let clock = KioskClock(boot: journal.boot, bootMilliseconds: bootMilliseconds)
        var fields = [
            "content-type": "application/x-ndjson", "content-digest": ContentDigest.value(of: body),
            "checkpoint": FakeKiosk.base64(batch.checkpoint), "head": FakeKiosk.base64(batch.head),
            "otsenka-clock": clock.field,
        ]
        fields["receipt"] = batch.receipt.map(FakeKiosk.base64)
        let epoch = batch.enrolment.epoch
        var head = RequestHead(
            method: "PUT", path: Routes.records(id, epoch: epoch, first: batch.first, last: batch.last), fields: fields)
        try RequestSignature.sign(&head, with: transport, created: wall)
        return Request(head: head, body: body, epoch: epoch, first: batch.first, last: batch.last)
    }

    func send(_ request: Request, to collector: Collector, now: Int64) async throws -> String {
        let permit = try await collector.authorizeUpload(
            request.head, kiosk: id, epoch: request.epoch, first: request.first, last: request.last)
        return try await collector.upload(permit, body: request.body, now: now, inflate: { $0 }).receipt
    }
}

extension KioskID {
    /// A name made of a number.
    fileprivate init(bits: UInt64) {
        guard let id = KioskID(rawValue: "kiosk-\(bits)") else { preconditionFailure("letters and digits are a name") }
        self = id
    }
}
