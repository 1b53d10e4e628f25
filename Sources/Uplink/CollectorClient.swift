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
        try send { now in
            // Without memory for compression the bytes go as they are.
            try .upload(batch, key: key, succession: succession, created: now) {
                try? Gzip.compress($0, level: Self.gzipLevel)
            }
        }
    }

    /// `POST` of the kiosk's vitals.
    func heartbeat(_ vitals: Vitals, nonce: String) throws(CurlError) -> CurlResponse {
        try send { now in try .heartbeat(vitals, nonce: nonce, key: key, succession: succession, created: now) }
    }

    /// `GET` of how the collector came to its keys. Nobody signs the question; what is answered is signed.
    func publishedKeys() throws(CurlError) -> CurlResponse {
        try session.perform(CurlRequest(method: "GET", url: address.text + Routes.keys, fields: [], body: nil))
    }

    private func send(_ make: (_ now: Int64) throws -> CollectorRequest) throws(CurlError) -> CurlResponse {
        guard let request = try? make(Int64(time(nil))) else {
            preconditionFailure("our own fields can be signed, and a heartbeat written as JSON")
        }
        let sorted = request.head.fields.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        return try session.perform(
            CurlRequest(
                method: request.head.method, url: address.text + request.head.path, fields: sorted,
                body: Array(request.body)))
    }
}
