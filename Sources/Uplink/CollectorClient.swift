import Curl
import Delivery
import FoundationEssentials
import Glibc
import Gzip
import KioskControl
import Ledger
import Ratings
import Wire

/// Asks one collector, signing every request with the transport key.
final class CollectorClient {
    /// Smaller results cost more time than they save bytes.
    static let gzipLevel = 6

    private let address: CollectorAddress
    private let key: SigningKey
    /// What the collector may not know yet of the key.
    private let succession: KeySuccession?
    private let session: CurlSession
    private let isTLS: Bool

    /// Throws `UplinkError` if what `enrol` has stored does not say whom to believe.
    init(
        _ record: CollectorRecord, key: SigningKey, succession: KeySuccession?, limits: CurlLimits,
        allowPlainLoopback: Bool
    ) throws(UplinkError) {
        address = try CollectorAddress(record.collector, allowPlainLoopback: allowPlainLoopback)
        let channel: Channel
        if address.isPlain {
            channel = .plainLoopback
        } else if let authority = record.authority {
            // The authority was handed over inside the pinned connection and under the code's proof. From here on it
            // decides, and not the pin, so that the collector can renew its certificate with another key.
            channel = .tls(authority: authority, pin: nil)
        } else if let pin = record.pin.flatMap(KeyPin.init) {
            channel = .pinnedKey(pin)
        } else {
            throw UplinkError(
                UplinkError.badData, "nothing says by what to believe \(record.collector); enrol the kiosk again")
        }
        self.key = key
        self.succession = succession
        isTLS = !address.isPlain
        do throws(CurlError) {
            session = try CurlSession(channel: channel, limits: limits)
        } catch {
            throw UplinkError(UplinkError.ownFault, "\(error)")
        }
    }

    /// Certificates are judged at this time, seconds since 1970.
    func verifyCertificates(at seconds: Int64) throws(CurlError) {
        if isTLS { try session.verifyCertificates(at: seconds) }
    }

    /// `PUT` of the batch's records.
    func upload(_ batch: Batch) throws(CurlError) -> CurlResponse {
        let lines = Data((batch.lines.joined(separator: "\n") + "\n").utf8)
        var fields = [
            "content-type": "application/x-ndjson",
            "checkpoint": Self.base64(batch.checkpoint),
            "head": Self.base64(batch.head),
        ]
        if let receipt = batch.receipt { fields["receipt"] = Self.base64(receipt) }
        let path = Routes.records(batch.kiosk, epoch: batch.epoch, first: batch.first, last: batch.last)
        return try send("PUT", path, fields: fields, body: lines, now: batch.now)
    }

    /// `POST` of the kiosk's vitals.
    func heartbeat(_ vitals: Vitals, nonce: String) throws(CurlError) -> CurlResponse {
        let heartbeat = Heartbeat(
            epoch: vitals.epoch, boot: vitals.now.boot, bootMilliseconds: vitals.now.bootMilliseconds,
            wall: vitals.now.wall, clock: vitals.now.clock, unsent: vitals.unsent, marks: vitals.marks,
            program: vitals.program, nonce: nonce)
        var fields = ["content-type": "application/json", "head": Self.base64(vitals.head)]
        if let receipt = vitals.receipt { fields["receipt"] = Self.base64(receipt) }
        guard let body = try? JSONEncoder().encode(heartbeat) else {
            preconditionFailure("a heartbeat can be written as JSON")
        }
        return try send("POST", Routes.heartbeat(vitals.kiosk), fields: fields, body: body, now: vitals.now)
    }

    /// `GET` of how the collector came to its keys. Nobody signs the question; what is answered is signed.
    func publishedKeys() throws(CurlError) -> CurlResponse {
        try session.perform(CurlRequest(method: "GET", url: address.text + Routes.keys, fields: [], body: nil))
    }

    /// Shorter bodies are sent as they are: a heartbeat, which the collector does not take compressed, or one record.
    private static let smallestCompressedBytes = 1024

    private func send(
        _ method: String, _ path: String, fields: [String: String], body: Data, now: KioskTime
    ) throws(CurlError) -> CurlResponse {
        var fields = fields
        var body = body
        // Without memory for compression the bytes go as they are.
        if body.count > Self.smallestCompressedBytes, let packed = try? Gzip.compress(body, level: Self.gzipLevel),
            packed.count < body.count
        {
            body = packed
            fields["content-encoding"] = "gzip"
        }
        fields["content-digest"] = ContentDigest.value(of: body)
        fields["otsenka-transport"] = succession.map { Self.base64($0.serialized) }
        fields["otsenka-clock"] = KioskClock(boot: now.boot, bootMilliseconds: now.bootMilliseconds).field
        var head = RequestHead(method: method, path: path, fields: fields)
        guard (try? RequestSignature.sign(&head, with: key, created: Int64(time(nil)))) != nil else {
            preconditionFailure("our own fields can be signed")
        }
        let sorted = head.fields.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        return try session.perform(
            CurlRequest(method: method, url: address.text + path, fields: sorted, body: Array(body)))
    }

    private static func base64(_ note: String) -> String { Data(note.utf8).base64EncodedString() }
}
