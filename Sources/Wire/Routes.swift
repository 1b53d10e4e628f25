import Ratings

/// The collector's routes, shared by the kiosk that calls them and the collector that answers.
public enum Routes {
    /// `POST`: §6.5.
    public static let enrolments = "/v1/enrolments"

    /// `GET`: how the collector came to its keys, for whoever holds an older one.
    public static let keys = "/v1/keys"

    /// `PUT`: the records `first…last` of one epoch, §6.3. Idempotent by construction: the range is in the path.
    public static func records(_ kiosk: KioskID, epoch: Int, first: Int64, last: Int64) -> String {
        "/v1/kiosks/\(kiosk)/epochs/\(epoch)/records/\(first)-\(last)"
    }

    /// `POST`: a sign of life with the newest checkpoint.
    public static func heartbeat(_ kiosk: KioskID) -> String { "/v1/kiosks/\(kiosk)/heartbeat" }
}

/// Header fields of our own, in the spelling that is sent.
public enum Fields {
    /// Base64 of the note of the batch's last record.
    public static let checkpoint = "Checkpoint"
    /// Base64 of the note of the newest record.
    public static let head = "Head"
    /// Base64 of the newest receipt that the kiosk holds.
    public static let receipt = "Receipt"
    /// Base64 of the succession by which the journal key vouches for a transport key that the collector may not know yet.
    public static let transport = "Otsenka-Transport"
    /// The kiosk's clocks now: a structured dictionary, `boot=3, ms=123456`.
    public static let clock = "Otsenka-Clock"
}

/// Limits that both sides keep (`reliability.md` §7).
public enum WireLimits {
    public static let recordsPerBatch = 500
    /// Of the records before compression.
    public static let bytesPerBatch = 256 * 1024
    /// Of a request's body as it is sent.
    public static let bodyBytes = 512 * 1024
    /// Of an answer.
    public static let answerBytes = 64 * 1024
}
