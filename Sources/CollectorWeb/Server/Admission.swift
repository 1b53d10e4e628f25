import Synchronization
import Wire

/// Who may ask now: one bucket for each kiosk, one for each address that enrols, and the uploads at work.
final class Admission: Sendable {
    private struct State {
        var kiosks: TokenBuckets
        var addresses: TokenBuckets
        var uploads = 0
    }

    private let state: Mutex<State>
    private let limits: WebLimits
    /// Monotonic milliseconds.
    private let clock: @Sendable () -> Int64

    init(limits: WebLimits, clock: @escaping @Sendable () -> Int64) {
        self.limits = limits
        self.clock = clock
        state = Mutex(
            State(
                kiosks: TokenBuckets(perSecond: limits.kioskRequestsPerSecond, burst: limits.kioskBurst),
                addresses: TokenBuckets(perSecond: limits.enrolmentsPerSecond, burst: limits.enrolmentBurst)))
    }

    /// Throws `Refused` with 429 when the kiosk asks too often.
    func admit(kiosk: String) throws {
        let now = clock()
        guard let wait = state.withLock({ $0.kiosks.take(kiosk, now: now) }) else { return }
        throw Refused(
            Refusal(
                error: .tooMany,
                message:
                    "kiosk \(kiosk) asks more often than \(limits.kioskRequestsPerSecond) times a second; wait \(wait) s"
            ),
            retryAfter: wait)
    }

    /// Throws `Refused` with 429 when an address enrols too often.
    func admit(enrolmentFrom address: String) throws {
        let now = clock()
        guard let wait = state.withLock({ $0.addresses.take(address, now: now) }) else { return }
        throw Refused(
            Refusal(error: .tooMany, message: "too many enrolments from this address; wait \(wait) s"), retryAfter: wait
        )
    }

    /// Runs `work` unless too many uploads are at work already; then throws `Refused` with 429 and a random pause.
    func upload<Value>(_ work: () async throws -> Value) async throws -> Value {
        let entered = state.withLock { state in
            guard state.uploads < limits.uploadsAtOnce else { return false }
            state.uploads += 1
            return true
        }
        guard entered else {
            let wait = Int.random(in: 60...600)
            throw Refused(
                Refusal(
                    error: .tooMany, message: "the collector is at work on many uploads; send this one again later"),
                retryAfter: wait)
        }
        defer { state.withLock { $0.uploads -= 1 } }
        return try await work()
    }
}

/// A refusal with the pause that `Retry-After` names.
struct Refused: Error {
    let refusal: Refusal
    /// Seconds.
    let retryAfter: Int?

    init(_ refusal: Refusal, retryAfter: Int? = nil) {
        self.refusal = refusal
        self.retryAfter = retryAfter
    }
}
