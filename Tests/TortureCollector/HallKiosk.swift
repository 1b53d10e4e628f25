import Curl
import FakeKiosk
import FoundationEssentials
import Ledger
import Ratings
import Wire

/// A fake kiosk that talks to a real collector over HTTP as the uplink does, and the memory of what it was receipted,
/// which no program that is ended can touch.
struct HallKiosk {
    var kiosk: FakeKiosk
    let collectorName: String
    /// The key by which receipts count.
    var receiptKey: PublicKey
    /// The highest record with a valid receipt.
    private(set) var receipted: Int64 = 0
    /// How often the collector asked for records that it had receipted before.
    private(set) var rewinds = 0
    /// What a kiosk must not do: forgets its records once they are receipted.
    var forgets = false

    private let session: CurlSession

    /// Enrols it by a one-time code.
    init(_ id: String, code: String, at address: String, seed: UInt64) throws {
        guard let kioskID = KioskID(rawValue: id), let code = EnrolmentCode(code) else {
            throw HallError("\(id) or its code is none")
        }
        session = try CurlSession(channel: .plainLoopback)
        let keys = FakeKiosk(id: kioskID, collectorNonce: "")
        let (request, body) = try keys.enrolment(code)
        let response = try session.perform(
            CurlRequest(method: "POST", url: address + Routes.enrolments, fields: [], body: Array(body)))
        let answer = try JSONDecoder().decode(EnrolmentAnswer.self, from: Data(response.body))
        guard answer.isValid(for: request, code: code) else { throw HallError("\(id) was not enrolled") }
        kiosk = FakeKiosk(
            id: kioskID, epoch: answer.epoch, collectorNonce: answer.collectorNonce, journalKey: keys.journalKey,
            transportKey: keys.transportKey, seed: seed)
        collectorName = answer.collectorName
        receiptKey = answer.receiptKey
    }

    /// Sends all that waits, and all that the collector asks for again. Throws `HallError` for an answer that no collector
    /// may give.
    mutating func drain(_ address: String) throws {
        var next = receipted + 1
        if next > kiosk.count {
            let heartbeat = try kiosk.heartbeat()
            guard let need = try refusal(try ask(heartbeat, address))?.need else { return }
            next = need
            rewinds += 1
        }
        for _ in 0..<1000 where next <= kiosk.count {
            if forgets, next <= receipted { return }
            let request = try kiosk.upload(next, min(next + 99, kiosk.count))
            let response = try ask(request, address)
            if let refusal = try refusal(response) {
                guard let need = refusal.need, need != next else { throw HallError("\(kiosk.id): \(refusal.message)") }
                if refusal.error == .rewindCollector { rewinds += 1 }
                next = need
            } else {
                try take(try JSONDecoder().decode(UploadAnswer.self, from: Data(response.body)).receipt, of: request)
                next = request.last + 1
            }
        }
        guard next > kiosk.count else { throw HallError("\(kiosk.id) does not come to an end with the collector") }
    }

    private mutating func take(_ receipt: String, of request: FakeRequest) throws {
        let note = try Checkpoint(parsing: receipt, kiosk: kiosk.id.rawValue, key: kiosk.journalKey.publicKey)
        _ = try note.receiptTime(of: collectorName, key: receiptKey)
        guard note.head == (try kiosk.checkpoint(request.last)).head else {
            throw HallError("\(kiosk.id) got a receipt for other records")
        }
        guard request.last > receipted else { return }
        receipted = request.last
        kiosk.receipt = receipt
    }

    private func ask(_ request: FakeRequest, _ address: String) throws -> CurlResponse {
        try session.perform(
            CurlRequest(
                method: request.head.method, url: address + request.head.path,
                fields: request.head.fields.map { ($0.key, $0.value) }, body: Array(request.body)))
    }

    private func refusal(_ response: CurlResponse) throws -> Refusal? {
        if response.status == 200 { return nil }
        let refusal = try JSONDecoder().decode(Refusal.self, from: Data(response.body))
        guard refusal.error.status == response.status else { throw HallError("\(response.status) with \(refusal)") }
        return refusal
    }
}

struct HallError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
