import CollectorWeb
import Curl
import FakeKiosk
import FoundationEssentials
import Ledger
import Ratings
import RealPrograms
import Wire

/// A kiosk that speaks real HTTP, and the oracle of what it holds receipts for. Lives in the process that is never
/// killed.
struct SimulatedKiosk: Sendable {
    var fake: FakeKiosk
    /// Which collector is believed.
    let collector: (name: String, key: PublicKey)
    /// The newest record under a valid receipt.
    private(set) var receipted: Int64 = 0

    /// What an answer was.
    enum Answer: Equatable {
        case receipt
        case refused(Refusal)
        /// Something else than a receipt or a refusal of ours.
        case other(status: Int, body: String)
    }

    /// Adds a kiosk over the admin socket and enrols it over HTTP.
    init(enrolled id: String, with process: CollectorProcess, seed: UInt64) throws {
        let admin = try CurlSession(channel: .unixSocket(path: process.folder + "/admin.sock"))
        let new = try JSONEncoder().encode(
            NewKiosk(office: "Hall", service: "Passports", window: "1", id: id, address: process.address))
        let ticket: EnrolmentTicket = try Self.post(admin, "http://admin/admin/kiosks", new)
        guard let code = EnrolmentCode(ticket.code) else { throw ChildError("`kiosk add` gave no code") }
        let (journal, transport) = (SigningKey(), SigningKey())
        let request = try FakeKiosk.enrolment(code, journalKey: journal, transportKey: transport)
        let answer: EnrolmentAnswer = try Self.post(
            CurlSession(channel: .plainLoopback), process.address + Routes.enrolments,
            try JSONEncoder().encode(request))
        fake = FakeKiosk(
            id: answer.kiosk, epoch: answer.epoch, collectorNonce: answer.collectorNonce, journalKey: journal,
            transportKey: transport, seed: seed)
        collector = (process.name, process.key)
    }

    private static func post<Value: Decodable>(_ session: CurlSession, _ url: String, _ body: Data) throws -> Value {
        let response = try session.perform(
            CurlRequest(
                method: "POST", url: url, fields: [("Content-Type", "application/json")], body: Array(body)))
        guard response.status == 200 else {
            throw ChildError("\(url) answered \(response.status): \(String(decoding: response.body, as: UTF8.self))")
        }
        return try JSONDecoder().decode(Value.self, from: Data(response.body))
    }

    /// So many whole dialogs, three records each.
    mutating func rate(_ count: Int) throws {
        for _ in 0..<count { try fake.visit(mark: 1 + Int(fake.count) % 5) }
    }

    /// The request for all records without a receipt, at most `most`.
    mutating func upload(atMost most: Int64 = 300) throws -> FakeRequest {
        try fake.upload(receipted + 1, min(fake.count, receipted + most))
    }

    /// Judges an answer to an upload that ended with `last`, and remembers the receipt. A receipt that does not verify,
    /// or is not of these records, is `other`.
    mutating func hear(_ response: CurlResponse, last: Int64) -> Answer {
        let body = Data(response.body)
        if response.status == 200, let answer = try? JSONDecoder().decode(UploadAnswer.self, from: body),
            holds(answer.receipt, last: last)
        {
            receipted = max(receipted, last)
            fake.receipt = answer.receipt
            return .receipt
        }
        if response.status != 200, let refusal = try? JSONDecoder().decode(Refusal.self, from: body) {
            return .refused(refusal)
        }
        return .other(status: response.status, body: String(decoding: body.prefix(200), as: UTF8.self))
    }

    /// Sends again from record `need`, as a kiosk does when the collector has lost data.
    mutating func goBack(to need: Int64) { receipted = min(receipted, max(0, need - 1)) }

    /// Whether the text is the collector's receipt for this kiosk's own record `last`.
    func holds(_ receipt: String, last: Int64) -> Bool {
        guard
            let note = try? Checkpoint(parsing: receipt, kiosk: fake.id.rawValue, key: fake.journalKey.publicKey),
            (try? note.receiptTime(of: collector.name, key: collector.key)) != nil,
            let own = try? fake.checkpoint(last)
        else { return false }
        return note.head == own.head
    }
}

extension CurlRequest {
    init(_ request: FakeRequest, to address: String) {
        self.init(
            method: request.head.method, url: address + request.head.path,
            fields: request.head.fields.map { (name: $0.key, value: $0.value) }, body: Array(request.body))
    }
}
