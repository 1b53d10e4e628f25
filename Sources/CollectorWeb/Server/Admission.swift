import Logging
import Synchronization
import Wire

/// Who may ask now: one bucket for each kiosk, one for each address that enrols, the requests of each kiosk that are at
/// work, and the uploads of all.
final class Admission: Sendable {
    private struct State {
        var kiosks: TokenBuckets
        var addresses: TokenBuckets
        var uploads = 0
        /// Requests at work by kiosk; those without any are not in it.
        var atWork: [String: Int] = [:]
        /// When a kiosk's refusals were last told of, monotonic milliseconds.
        var told: [String: Int64] = [:]
    }

    private let state: Mutex<State>
    private let limits: WebLimits
    private let logger: Logger
    /// Monotonic milliseconds.
    private let clock: @Sendable () -> Int64

    /// One line a minute for a kiosk that asks too often is enough.
    private static let tellMilliseconds: Int64 = 60_000

    init(limits: WebLimits, logger: Logger, clock: @escaping @Sendable () -> Int64) {
        self.limits = limits
        self.logger = logger
        self.clock = clock
        state = Mutex(
            State(
                kiosks: TokenBuckets(perSecond: limits.kioskRequestsPerSecond, burst: limits.kioskBurst),
                addresses: TokenBuckets(perSecond: limits.enrolmentsPerSecond, burst: limits.enrolmentBurst)))
    }

    /// Throws `Refused` with 429 when the kiosk has used up its share already. Before its signature is looked at: nobody
    /// else can use up its share, and nobody gets more by asking in its name.
    func checkShare(of kiosk: String) throws {
        let now = clock()
        if let wait = state.withLock({ $0.kiosks.wait(of: kiosk, now: now) }) { throw tooOften(kiosk, wait, now) }
    }

    /// Takes from the share of a kiosk that has proved who it is. Throws `Refused` with 429 when nothing is left.
    func admit(kiosk: String) throws {
        let now = clock()
        if let wait = state.withLock({ $0.kiosks.take(kiosk, now: now) }) { throw tooOften(kiosk, wait, now) }
    }

    private func tooOften(_ kiosk: String, _ wait: Int, _ now: Int64) -> Refused {
        let message = "kiosk \(kiosk) asks more often than \(limits.kioskRequestsPerSecond) times a second"
        tell(of: kiosk, message, now)
        return Refused(Refusal(error: .tooMany, message: "\(message); wait \(wait) s"), retryAfter: wait)
    }

    private func tell(of kiosk: String, _ message: String, _ now: Int64) {
        let isNews = state.withLock { state in
            if let last = state.told[kiosk], now - last < Self.tellMilliseconds { return false }
            if state.told.count >= 1000 { state.told = [:] }
            state.told[kiosk] = now
            return true
        }
        if isNews { logger.warning("a kiosk is refused", metadata: ["kiosk": "\(kiosk)", "cause": "\(message)"]) }
    }

    /// Throws `Refused` with 429 when an address enrols too often.
    func admit(enrolmentFrom address: String) throws {
        let now = clock()
        guard let wait = state.withLock({ $0.addresses.take(address, now: now) }) else { return }
        throw Refused(
            Refusal(error: .tooMany, message: "too many enrolments from this address; wait \(wait) s"), retryAfter: wait
        )
    }

    /// Runs `work` for a kiosk unless so many of its requests are at work already; then throws `Refused` with 429.
    func work<Value>(for kiosk: String, _ work: () async throws -> Value) async throws -> Value {
        let entered = state.withLock { state in
            guard state.atWork[kiosk, default: 0] < limits.connectionsPerKiosk else { return false }
            state.atWork[kiosk, default: 0] += 1
            return true
        }
        guard entered else {
            let message = "\(limits.connectionsPerKiosk) requests of kiosk \(kiosk) are at work"
            tell(of: kiosk, message, clock())
            throw Refused(Refusal(error: .tooMany, message: "\(message); wait for their answers"), retryAfter: 1)
        }
        defer {
            state.withLock { state in
                let left = state.atWork[kiosk, default: 1] - 1
                state.atWork[kiosk] = left > 0 ? left : nil
            }
        }
        return try await work()
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
