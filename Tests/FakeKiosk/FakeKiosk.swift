import FoundationEssentials
import Ledger
import Ratings
import SeededRandom
import Wire

/// A kiosk without a screen and a disk: it keeps a journal in memory and makes the requests that a real one would make.
///
/// A value: a copy is a cloned card, and an older copy is a card that was set back.
public struct FakeKiosk: Sendable {
    public let id: KioskID
    /// Of the genesis.
    public let journalKey: SigningKey
    public private(set) var transportKey: SigningKey
    /// What the collector may not know yet of the transport key.
    public private(set) var transportSuccession: KeySuccession?
    /// The private keys that followed `journalKey`.
    public private(set) var laterKeys: [SigningKey] = []
    public private(set) var keys: JournalKeys
    /// As enrolled; change them to speak with another voice.
    public var epoch: Int
    public var collectorNonce: String
    /// The lines of the journal, record 1 first, without newlines.
    public private(set) var lines: [Data] = []
    public private(set) var head: ChainHead
    /// The newest receipt that it holds, as the text of the note.
    public var receipt: String?
    public var boot = 1
    /// The boot clock; each record and each request moves it.
    public var bootMilliseconds: Int64 = 1000
    /// The wall clock, milliseconds since 1970, which the boot clock moves with it.
    public var wall: Int64 = 1_763_800_000_000
    private var hashes: [ChainHash] = []
    private var random: SplitMix

    /// A kiosk that is enrolled already; `seed` chooses its session ids.
    public init(
        id: KioskID, epoch: Int = 1, collectorNonce: String, journalKey: SigningKey = SigningKey(),
        transportKey: SigningKey = SigningKey(), seed: UInt64 = 1
    ) {
        self.id = id
        self.epoch = epoch
        self.collectorNonce = collectorNonce
        self.journalKey = journalKey
        self.transportKey = transportKey
        keys = JournalKeys(kiosk: id.rawValue, first: journalKey.publicKey)
        random = SplitMix(seed)
        head = ChainHead(kiosk: id.rawValue, epoch: epoch, sequence: 0, hash: ChainHash(of: Data()))
        head = genesis.head
    }

    public var genesis: Genesis {
        Genesis(
            kiosk: id.rawValue, epoch: epoch, publicKey: journalKey.publicKey, collectorNonce: collectorNonce)
    }

    /// The number of records.
    public var count: Int64 { Int64(lines.count) }

    /// Lets time pass without a record.
    public mutating func pass(milliseconds: Int64) {
        bootMilliseconds += milliseconds
        wall += milliseconds
    }

    /// Starts again: the boot clock begins anew.
    public mutating func reboot() throws {
        boot += 1
        bootMilliseconds = 500
        wall += 60_000
        try append(.boot(Boot(hardware: "fake", program: "0")))
    }

    /// Gives up its journal and opens the next epoch, as a kiosk does when its file is damaged.
    public mutating func loseJournal() throws {
        epoch += 1
        lines = []
        hashes = []
        receipt = nil
        head = genesis.head
        let changes = keys.changes
        keys = JournalKeys(kiosk: id.rawValue, first: journalKey.publicKey)
        try append(.loss(Loss(reason: "damaged")))
        for change in changes { try append(change.succession) }
    }
}

extension FakeKiosk {
    mutating func add(key: SigningKey) { laterKeys.append(key) }
    mutating func follow(_ succession: KeySuccession) throws { try keys.take(succession, at: count) }
    mutating func speak(with key: SigningKey, _ succession: KeySuccession?) {
        transportKey = key
        transportSuccession = succession
    }
}

// MARK: - Records

extension FakeKiosk {
    public mutating func append(_ body: RecordBody) throws {
        pass(milliseconds: 750)
        let header = RecordHeader(
            kiosk: id, epoch: epoch, sequence: head.sequence + 1, boot: boot, bootMilliseconds: bootMilliseconds,
            wall: "2026-11-22T08:00:00.000Z", clock: .free, previous: head.hash.base64)
        try append(line: try Record(header: header, body: body).line(), sequence: header.sequence)
    }

    /// Adds a line as it is: for kinds and shapes that `Record` does not write. It must carry the right `prev`.
    public mutating func append(line: Data, sequence: Int64) throws {
        try head.advance(over: line, sequence: sequence, previous: head.hash.base64)
        lines.append(line)
        hashes.append(head.hash)
    }

    public mutating func newSession() -> SessionID { SessionID(bits: random.next()) }

    /// One whole dialog: three records, or two where nobody answers.
    @discardableResult
    public mutating func visit(
        mark: Int?, outcome: Outcome? = nil, flags: [String]? = nil, visit: Visit = .unsolicited
    ) throws -> SessionID {
        let session = newSession()
        try append(.shown(Shown(session: session, questionnaire: "default@1", language: "ru", visit: visit)))
        if let mark { try answer(session, "overall", mark) }
        let outcome = outcome ?? (mark == nil ? .timeout : .answered)
        try append(.session(SessionEnd(session: session, outcome: outcome, durationMilliseconds: 1500, flags: flags)))
        return session
    }

    public mutating func answer(_ session: SessionID, _ question: String, _ value: Int?, pass: Answer.Pass? = nil)
        throws
    {
        try append(
            .answer(
                Answer(
                    session: session, question: question, value: value, pass: pass, language: "ru",
                    elapsedMilliseconds: 900)))
    }

    /// A whole dialog of the default questionnaire: eight records.
    public mutating func rate(_ mark: Int, criteria: [String]) throws {
        let session = newSession()
        let visit = Visit(source: .queue, ticket: "A\(head.sequence % 1000)", window: "5")
        try append(.shown(Shown(session: session, questionnaire: "default@1", language: "ru", visit: visit)))
        try answer(session, "overall", mark)
        for criterion in criteria { try answer(session, criterion, Int(1 + random.next() % 5)) }
        try append(.session(SessionEnd(session: session, outcome: .answered, durationMilliseconds: 31_500)))
    }

    /// Dialogs with marks drawn from the kiosk's own seed until there are `count` records.
    public mutating func fill(upTo count: Int64) throws {
        while self.count < count {
            let drawn = Int(random.next() % 7)
            try visit(mark: drawn == 6 ? nil : max(1, drawn), visit: Visit(source: .queue, ticket: "A\(drawn)"))
        }
    }
}

// MARK: - Requests

/// A request as it stands before it is sent.
public struct FakeRequest: Sendable {
    public var head: RequestHead
    public var body: Data
    public var first: Int64
    public var last: Int64
}

extension FakeKiosk {
    /// The checkpoint of one record.
    public func checkpoint(_ sequence: Int64) throws -> Checkpoint {
        let hash = sequence == 0 ? genesis.hash : hashes[Int(sequence - 1)]
        let head = ChainHead(kiosk: id.rawValue, epoch: epoch, sequence: sequence, hash: hash)
        let later = keys.changes.count { $0.sequence <= sequence }
        return try Checkpoint(head: head, signedWith: [journalKey] + laterKeys.prefix(later))
    }

    /// The fields that a request carries beside its body.
    private func fields(_ body: Data, _ more: [String: String]) throws -> [String: String] {
        var fields = more
        fields["content-digest"] = ContentDigest.value(of: body)
        fields["head"] = Self.base64(try checkpoint(count).serialized)
        fields["otsenka-clock"] = KioskClock(boot: boot, bootMilliseconds: bootMilliseconds).field
        fields["receipt"] = receipt.map(Self.base64)
        fields["otsenka-transport"] = transportSuccession.map { Self.base64($0.serialized) }
        return fields
    }

    public static func base64(_ note: String) -> String { Data(note.utf8).base64EncodedString() }

    /// Signs `head` at the kiosk's present wall time.
    public func sign(_ head: inout RequestHead) throws {
        try RequestSignature.sign(&head, with: transportKey, created: wall / 1000)
    }

    /// The upload of some records. `compress` is applied to the body before it is signed, with `Content-Encoding:
    /// gzip`.
    public mutating func upload(
        _ first: Int64, _ last: Int64, compress: ((Data) throws -> Data)? = nil
    ) throws -> FakeRequest {
        pass(milliseconds: 40)
        var body = Data()
        for line in lines[Int(first - 1)..<Int(last)] {
            body.append(line)
            body.append(UInt8(ascii: "\n"))
        }
        var more = [
            "content-type": "application/x-ndjson", "checkpoint": Self.base64(try checkpoint(last).serialized),
        ]
        if let compress {
            body = try compress(body)
            more["content-encoding"] = "gzip"
        }
        var head = RequestHead(
            method: "PUT", path: Routes.records(id, epoch: epoch, first: first, last: last),
            fields: try fields(body, more))
        try sign(&head)
        return FakeRequest(head: head, body: body, first: first, last: last)
    }

    public mutating func heartbeat(
        marks: [String] = [], unsent: Int = 0, maintenance: Int64? = nil
    ) throws -> FakeRequest {
        pass(milliseconds: 40)
        let heartbeat = Heartbeat(
            epoch: epoch, boot: boot, bootMilliseconds: bootMilliseconds, wall: "2026-11-22T08:00:00.000Z",
            clock: .free,
            unsent: unsent, marks: marks, program: "0", nonce: Data(repeating: 7, count: 16).base64EncodedString(),
            maintenance: maintenance)
        let body = try JSONEncoder().encode(heartbeat)
        var head = RequestHead(
            method: "POST", path: Routes.heartbeat(id), fields: try fields(body, ["content-type": "application/json"]))
        try sign(&head)
        return FakeRequest(head: head, body: body, first: 0, last: count)
    }

    /// The body of the enrolment of these keys by `code`.
    public func enrolment(_ code: EnrolmentCode) throws -> (request: EnrolmentRequest, body: Data) {
        let request = try Self.enrolment(code, journalKey: journalKey, transportKey: transportKey)
        return (request, try JSONEncoder().encode(request))
    }

    public static func enrolment(
        _ code: EnrolmentCode, journalKey: SigningKey, transportKey: SigningKey, afterEpoch: Int? = nil
    ) throws -> EnrolmentRequest {
        let statement = TransportStatement.bytes(
            journalKey: journalKey.publicKey, transportKey: transportKey.publicKey)
        return EnrolmentRequest(
            code: code, journalKey: journalKey.publicKey, transportKey: transportKey.publicKey,
            certificate: try journalKey.signature(over: statement).base64EncodedString(),
            nonce: Data(repeating: 3, count: 16).base64EncodedString(), pin: "", hardware: "fake",
            afterEpoch: afterEpoch)
    }
}
