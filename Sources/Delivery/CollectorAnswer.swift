import FoundationEssentials
import KioskControl
import Wire

/// What an answer of the collector, or its absence, means for delivery: the table of `reliability.md` §6.3.
public enum CollectorAnswer: Equatable, Sendable {
    /// An upload's receipt has been verified, or a heartbeat was taken.
    case accepted
    /// 200, but not from our collector or not for our records: a captive portal, a proxy's page, another's receipt.
    case worthless
    /// 409 `gap`, `rewind_collector`: the collector needs this record first.
    case resend(from: Int64)
    /// 409 `fork`, `rewind_kiosk`, `epoch_closed`: a person must look.
    case conflict(Verdict)
    case tooLarge
    case timedOut
    /// 422, and 400 in the collector's own words: the bytes are not what they should be.
    case unprocessable
    /// 429, 503, with `Retry-After` if there was one.
    case busy(retryAfterMilliseconds: Int64?)
    /// 401, 403 and everything else.
    case denied(Verdict?)
    /// No connection, or one that broke.
    case unreachable
}

/// What the body of a 200 promises, before anything in it is believed.
public enum UploadReply: Equatable, Sendable {
    /// The text of a note that must still be verified.
    case receipt(String)
    case answer(CollectorAnswer)

    /// Reads the answer to an upload.
    public init(status: Int, body: Data, retryAfterSeconds: Int64?) {
        if status == 200 {
            let answer = try? JSONDecoder().decode(UploadAnswer.self, from: body)
            self = answer.map { .receipt($0.receipt) } ?? .answer(.worthless)
        } else {
            self = .answer(CollectorAnswer(status: status, body: body, retryAfterSeconds: retryAfterSeconds))
        }
    }
}

extension CollectorAnswer {
    /// Reads any answer but a 200 to an upload. A refusal's code counts only together with its own status, so that a
    /// proxy's page cannot stop the kiosk.
    public init(status: Int, body: Data, retryAfterSeconds: Int64?) {
        let refusal = try? JSONDecoder().decode(Refusal.self, from: body)
        let code = refusal?.error.status == status ? refusal?.error : nil
        switch (status, code) {
        case (409, .gap), (409, .rewindCollector):
            if let need = refusal?.need, need > 0 { self = .resend(from: need) } else { self = .denied(nil) }
        case (409, .fork): self = .conflict(.fork)
        case (409, .rewindKiosk): self = .conflict(.rewindKiosk)
        case (409, .epochClosed): self = .conflict(.epochClosed)
        case (403, .revoked): self = .denied(.revoked)
        case (408, _), (504, _): self = .timedOut
        // A proxy without a collector behind it: nothing is wrong with the batch, so no alarm comes of it.
        case (502, _): self = .unreachable
        case (413, _): self = .tooLarge
        // A digest that does not match is a body spoilt on its way: read and sent again, as after a 422.
        case (422, _), (400, .badDigest), (400, .malformed): self = .unprocessable
        case (429, _), (503, _):
            self = .busy(retryAfterMilliseconds: retryAfterSeconds.map { max(0, min($0, 1 << 32)) * 1000 })
        case (200, _): self = .worthless
        default: self = .denied(nil)
        }
    }
}
