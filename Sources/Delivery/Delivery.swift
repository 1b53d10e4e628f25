// When to send what: batching, back-off, heartbeats and the collector's refusals, as a value.
//
// The shell does one thing at a time and feeds its result back: `handle` takes an event and returns actions, the last of
// which is a command whose completion is the next event. No answer of any kind makes the kiosk forget a record; the worst
// that a collector can do is to make it wait for the cap of the back-off.

import KioskControl

/// What has happened.
public enum DeliveryEvent: Equatable, Sendable {
    /// The first event.
    case started
    /// `rest` is over; so many records wait.
    case rested(pending: Int)
    /// What `fetch` found; nothing if there is no such record.
    case fetched(BatchExtent?)
    /// What the upload of the fetched batch came to.
    case uploaded(CollectorAnswer)
    /// What the heartbeat of this epoch came to.
    case heartbeat(CollectorAnswer, epoch: Int)
    /// `run` could not be asked, or failed; what was under way is undone.
    case runFailed
    /// The kiosk has been enrolled anew: old verdicts and positions say nothing.
    case enrolledAnew
}

/// Which records a fetched batch holds.
public struct BatchExtent: Equatable, Sendable {
    public var epoch: Int
    public var first: Int64
    public var last: Int64
    /// The newest record of the epoch.
    public var head: Int64

    public init(epoch: Int, first: Int64, last: Int64, head: Int64) {
        self.epoch = epoch
        self.first = first
        self.last = last
        self.head = head
    }

    var count: Int { Int(last - first + 1) }
}

/// What is to be done.
public enum DeliveryAction: Equatable, Sendable {
    /// Tell `run`, for the technician's mark. No event follows.
    case report(Verdict)

    /// Wait so long, or until this many records wait to be sent. Then: `rested`.
    case rest(milliseconds: Int64, orUntilPending: Int?)
    /// Ask `run` for records; without a position, for the lowest without a receipt. Then: `fetched`.
    case fetch(from: Position?, maximumRecords: Int, maximumBytes: Int)
    /// Ask `run` for the last record of the newest epoch before this one, or before the present one, that is wholly
    /// receipted. Then: `fetched`.
    case fetchReceipted(before: Int?)
    /// Send the fetched batch. Then: `uploaded`.
    case upload
    /// Then: `heartbeat`.
    case sendHeartbeat
}

/// A record of one epoch.
public struct Position: Equatable, Sendable {
    public var epoch: Int
    public var sequence: Int64

    public init(epoch: Int, sequence: Int64) {
        self.epoch = epoch
        self.sequence = sequence
    }
}

/// The state of delivery. All times are monotonic milliseconds.
public struct Delivery: Sendable {
    public let limits: DeliveryLimits

    /// Records in the next batch at most.
    public internal(set) var batchRecords: Int
    /// Failures since the last success.
    public internal(set) var failures = 0
    /// The newest trouble that was reported and has not passed.
    public internal(set) var verdict: Verdict?

    var uploadDue: Int64 = 0
    var heartbeatDue: Int64 = 0
    /// Before this time nothing is sent at all.
    var quietUntil: Int64 = 0
    /// After a failure records alone do not wake the delivery; its time must have come.
    var isBackingOff = false
    var successes = 0
    var inFlight: BatchExtent?
    /// From where the collector wants records, or past a refused one; nothing means the lowest without a receipt.
    var cursor: Position?
    var refused: RefusedBatch?
    var denied: RefusedBatch?
    var review = Review()

    /// A batch that the collector, or something in between, does not take.
    struct RefusedBatch: Equatable {
        var start: Position
        var times: Int
    }

    public init(limits: DeliveryLimits = DeliveryLimits()) {
        self.limits = limits
        batchRecords = limits.batchRecords
    }

    /// Takes an event at the time `now`; the last of the actions is the next command.
    public mutating func handle(
        _ event: DeliveryEvent, now: Int64, random: inout some RandomNumberGenerator
    ) -> [DeliveryAction] {
        switch event {
        case .started:
            uploadDue = now + draw(limits.startSpreadMilliseconds, &random)
            heartbeatDue = now + draw(limits.startSpreadMilliseconds, &random)
            isBackingOff = true
            return [rest(now)]
        case .rested(let pending): return [afterRest(pending, now)]
        case .fetched(nil):
            if cursor != nil {
                // The collector asked for a record that is not there: what waits must not wait for that.
                cursor = nil
                return [fetch]
            }
            let wasReview = review.isUnderWay
            if let fetch = reviewing(now) { return [fetch] }
            if wasReview, isBackingOff { return [rest(now)] }
            isBackingOff = false
            scheduleFlush(now, &random)
            return [rest(now)]
        case .fetched(.some(let batch)):
            inFlight = batch
            return [.upload]
        case .uploaded(let answer): return uploaded(answer, now, &random)
        case .heartbeat(let answer, let epoch): return heartbeatAnswered(answer, epoch, now, &random)
        case .runFailed:
            // A record that the collector wants and that is no longer kept: asking again at once would not help.
            if cursor != nil { review.end(now) }
            inFlight = nil
            cursor = nil
            review.isUnderWay = false
            uploadDue = max(uploadDue, now + limits.runRetryMilliseconds)
            heartbeatDue = max(heartbeatDue, now + limits.runRetryMilliseconds)
            isBackingOff = true
            return [rest(now)]
        case .enrolledAnew:
            let limits = self.limits
            self = Delivery(limits: limits)
            (uploadDue, heartbeatDue) = (now, now)
            return [rest(now)]
        }
    }

    private func afterRest(_ pending: Int, _ now: Int64) -> DeliveryAction {
        guard now >= quietUntil else { return rest(now) }
        if now >= heartbeatDue { return .sendHeartbeat }
        let isWorthIt = pending >= limits.flushRecords && !isBackingOff
        return now >= uploadDue || isWorthIt ? fetch : rest(now)
    }

    var fetch: DeliveryAction {
        .fetch(from: cursor, maximumRecords: batchRecords, maximumBytes: limits.batchBytes)
    }

    func rest(_ now: Int64) -> DeliveryAction {
        let due = max(quietUntil, min(uploadDue, heartbeatDue))
        let isQuiet = isBackingOff || now < quietUntil
        return .rest(milliseconds: max(0, due - now), orUntilPending: isQuiet ? nil : limits.flushRecords)
    }
}

// MARK: Time

extension Delivery {
    mutating func scheduleFlush(_ now: Int64, _ random: inout some RandomNumberGenerator) {
        let spread = limits.flushSpreadMilliseconds
        uploadDue = now + limits.flushMilliseconds - spread + draw(2 * spread, &random)
    }

    mutating func scheduleHeartbeat(_ now: Int64, _ random: inout some RandomNumberGenerator) {
        let spread = limits.heartbeatSpreadMilliseconds
        heartbeatDue = now + limits.heartbeatMilliseconds - spread + draw(2 * spread, &random)
    }

    /// Waits longer with each failure.
    mutating func backOff(_ now: Int64, _ random: inout some RandomNumberGenerator) {
        // 2^20 s is far beyond every cap; a larger shift would overflow.
        let window = min(limits.backoffCapMilliseconds, limits.backoffBaseMilliseconds << Int64(min(failures, 20)))
        retry(now + limits.backoffBaseMilliseconds + draw(window, &random))
    }

    /// Waits as long as after many failures.
    mutating func backOffAtCap(_ now: Int64, _ random: inout some RandomNumberGenerator) {
        retry(now + limits.backoffBaseMilliseconds + draw(limits.backoffCapMilliseconds, &random))
    }

    mutating func retry(_ time: Int64) {
        failures += 1
        successes = 0
        isBackingOff = true
        uploadDue = time
    }

    func draw(_ bound: Int64, _ random: inout some RandomNumberGenerator) -> Int64 {
        bound > 0 ? Int64.random(in: 0...bound, using: &random) : 0
    }
}
