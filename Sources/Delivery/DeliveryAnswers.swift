import KioskControl

// What each answer of the collector leads to.

extension Delivery {
    mutating func uploaded(
        _ answer: CollectorAnswer, _ now: Int64, _ random: inout some RandomNumberGenerator
    ) -> [DeliveryAction] {
        guard let batch = inFlight else { preconditionFailure("an answer to an upload that nobody made") }
        inFlight = nil
        if review.isUnderWay, let actions = reviewed(batch, answer, now, &random) { return actions }
        switch answer {
        case .accepted: return [advance(over: batch, now, &random)]
        case .worthless, .unreachable: backOff(now, &random)
        case .resend(let need): return [resend(from: need, after: batch, now, &random)]
        case .conflict(let verdict):
            // Of an earlier epoch, perhaps: the present one must not wait for it.
            cursor = nil
            backOffAtCap(now, &random)
            // It stays on offer, so nothing else would ever come to the epochs that are over.
            return report(verdict) + [reviewing(now) ?? rest(now)]
        case .tooLarge:
            guard batch.count > 1 else {
                backOffAtCap(now, &random)
                return alarm(over: batch) + [rest(now)]
            }
            halve(batch)
            // Not a failure of the line: the smaller batch may go at once.
            return [fetch]
        case .timedOut:
            halve(batch)
            backOff(now, &random)
        case .unprocessable: return unprocessable(batch, now, &random)
        case .busy(let retryAfter): wait(retryAfter, now, &random)
        case .denied(let verdict):
            cursor = nil
            backOffAtCap(now, &random)
            return (verdict.map { report($0) } ?? alarm(over: batch)) + [rest(now)]
        }
        return [rest(now)]
    }

    mutating func heartbeatAnswered(
        _ answer: CollectorAnswer, _ epoch: Int, _ now: Int64, _ random: inout some RandomNumberGenerator
    ) -> [DeliveryAction] {
        scheduleHeartbeat(now, &random)
        switch answer {
        case .conflict(let verdict): return report(verdict) + [rest(now)]
        case .denied(let verdict): return report(verdict) + [rest(now)]
        case .busy(let retryAfter): wait(retryAfter, now, &random)
        case .resend(let need):
            // A restored collector: an idle kiosk has no upload that would tell it.
            cursor = Position(epoch: epoch, sequence: need)
            review.begin()
            if !isBackingOff { uploadDue = now }
        case .accepted, .worthless, .tooLarge, .timedOut, .unprocessable, .unreachable: break
        }
        return [rest(now)]
    }

    /// A receipt: what follows goes at once if there is enough of it, and with the next flush otherwise.
    private mutating func advance(
        over batch: BatchExtent, _ now: Int64, _ random: inout some RandomNumberGenerator
    ) -> DeliveryAction {
        failures = 0
        isBackingOff = false
        verdict = nil
        refused = nil
        denied = nil
        successes += 1
        if successes >= limits.successesToGrow {
            successes = 0
            batchRecords = min(limits.batchRecords, batchRecords * 2)
        }
        let left = batch.head - batch.last
        if cursor != nil { cursor = left > 0 ? Position(epoch: batch.epoch, sequence: batch.last + 1) : nil }
        scheduleFlush(now, &random)
        return left >= limits.flushRecords || cursor != nil ? fetch : rest(now)
    }

    /// The collector lacks records before the batch: sent at once, but only once without a receipt in between, so that a
    /// collector that never has enough cannot make the kiosk spin.
    private mutating func resend(
        from need: Int64, after batch: BatchExtent, _ now: Int64, _ random: inout some RandomNumberGenerator
    ) -> DeliveryAction {
        guard need <= batch.head, need != batch.first else {
            cursor = nil
            backOffAtCap(now, &random)
            return rest(now)
        }
        if let refused, refused.times >= limits.rereads, need == refused.start.sequence {
            // It will not go past the record that it refuses; that one is tried again at the cap.
            cursor = nil
            backOffAtCap(now, &random)
            return rest(now)
        }
        review.begin()
        let isFirst = failures == 0
        cursor = Position(epoch: batch.epoch, sequence: need)
        backOff(now, &random)
        guard isFirst else { return rest(now) }
        return fetch
    }

    /// The collector calls the batch malformed: it is read from disk again, each time half as long, which also narrows
    /// down the record at fault. After `rereads` times the alarm is raised; a single record is then passed over, so that
    /// later ones still go if the collector takes them.
    private mutating func unprocessable(
        _ batch: BatchExtent, _ now: Int64, _ random: inout some RandomNumberGenerator
    ) -> [DeliveryAction] {
        let start = Position(epoch: batch.epoch, sequence: batch.first)
        let times = refused?.start == start ? (refused?.times ?? 0) + 1 : 1
        refused = RefusedBatch(start: start, times: times)
        halve(batch)
        retry(now + limits.backoffBaseMilliseconds)
        guard times >= limits.rereads else { return [rest(now)] }
        if batch.count == 1 {
            cursor = batch.last < batch.head ? Position(epoch: batch.epoch, sequence: batch.last + 1) : nil
            if cursor == nil { backOffAtCap(now, &random) }
        }
        return report(.malformed) + [rest(now)]
    }

    /// Counts the denials of one batch, and raises the alarm after `rereads` of them: a batch that is never taken, for
    /// whatever reason, must not stay unseen.
    private mutating func alarm(over batch: BatchExtent) -> [DeliveryAction] {
        let start = Position(epoch: batch.epoch, sequence: batch.first)
        let times = denied?.start == start ? (denied?.times ?? 0) + 1 : 1
        denied = RefusedBatch(start: start, times: times)
        return times >= limits.rereads ? report(.malformed) : []
    }

    /// The collector sets the pace; without `Retry-After` the back-off does.
    private mutating func wait(
        _ retryAfter: Int64?, _ now: Int64, _ random: inout some RandomNumberGenerator
    ) {
        backOff(now, &random)
        guard let retryAfter else { return }
        let pause = min(limits.retryAfterCapMilliseconds, max(limits.backoffBaseMilliseconds, retryAfter))
        quietUntil = now + pause
        uploadDue = quietUntil
    }

    private mutating func halve(_ batch: BatchExtent) {
        batchRecords = max(1, batch.count / 2)
        successes = 0
    }

    /// Each trouble is told once, until a receipt shows that it has passed or another one comes.
    mutating func report(_ trouble: Verdict?) -> [DeliveryAction] {
        guard let trouble, trouble != verdict else { return [] }
        verdict = trouble
        return [.report(trouble)]
    }
}
