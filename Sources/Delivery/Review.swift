import KioskControl

// What the collector is asked about epochs that are over: uploads and heartbeats show it the receipts of epochs that still
// wait, so a restore to before the end of another one would go unseen.

/// How far the collector has been shown the ends of earlier epochs, the newest first.
struct Review: Equatable, Sendable {
    /// Epochs before this one are still to be shown; all of them without a number.
    var before: Int?
    /// When all were shown; nothing while some are left.
    var done: Int64?
    /// What was asked of `run`, or is on its way, belongs to the review.
    var isUnderWay = false
    /// Answers in a row that were worth nothing.
    var failures = 0

    /// From the newest on.
    mutating func begin() { (before, done, failures) = (nil, nil, 0) }

    mutating func end(_ now: Int64) { (before, done, isUnderWay) = (nil, now, false) }

    /// Goes on with what was before this epoch.
    mutating func pass(_ epoch: Int) { (before, failures) = (epoch, 0) }
}

extension Delivery {
    /// Nothing else is to be sent: the next step of the review, or nothing when there is none.
    mutating func reviewing(_ now: Int64) -> DeliveryAction? {
        if review.isUnderWay {
            // `run` has no earlier epoch to show.
            review.end(now)
            return nil
        }
        if let done = review.done {
            guard now - done >= limits.reviewMilliseconds else { return nil }
            review.begin()
        }
        review.isUnderWay = true
        return .fetchReceipted(before: review.before)
    }

    /// What the answer to the last record of an earlier epoch leads to; nothing where that is what any upload's answer does.
    /// A refusal passes over the epoch until the next review, and never makes the present epoch wait for the cap.
    mutating func reviewed(
        _ batch: BatchExtent, _ answer: CollectorAnswer, _ now: Int64, _ random: inout some RandomNumberGenerator
    ) -> [DeliveryAction]? {
        review.isUnderWay = false
        switch answer {
        case .accepted:
            review.pass(batch.epoch)
            // What has come meanwhile goes first, and then the epoch before; while the present epoch must wait, it waits on.
            guard isBackingOff else { return [fetch] }
            return [reviewing(now) ?? rest(now)]
        case .conflict(let verdict):
            review.pass(batch.epoch)
            if !isBackingOff { scheduleFlush(now, &random) }
            return report(verdict) + [rest(now)]
        case .denied(let verdict):
            review.pass(batch.epoch)
            if !isBackingOff { scheduleFlush(now, &random) }
            return report(verdict) + [rest(now)]
        case .worthless, .unprocessable, .tooLarge, .timedOut:
            review.failures += 1
            if review.failures >= limits.rereads { review.pass(batch.epoch) }
            backOff(now, &random)
            return [rest(now)]
        case .resend, .busy, .unreachable: return nil
        }
    }
}
