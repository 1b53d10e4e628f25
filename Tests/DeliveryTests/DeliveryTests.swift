import FoundationEssentials
import KioskControl
import Testing
import Wire

@testable import Delivery

/// SplitMix64, so that a seed means the same run everywhere.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}

/// Draws always the least, so that a trace has exact times. Not of zeros: the standard library would reject them forever.
struct LeastGenerator: RandomNumberGenerator {
    mutating func next() -> UInt64 { 1 }
}

/// A delivery that has just made its first upload at time 0 with these limits: flush 60 s, back-off 5 s … 300 s.
private struct Bench {
    var delivery: Delivery
    var random = LeastGenerator()

    /// The collector has been shown earlier epochs already (`ReviewTests`).
    init(_ limits: DeliveryLimits = DeliveryLimits()) {
        delivery = Delivery(limits: limits)
        delivery.review.end(0)
    }

    mutating func handle(_ event: DeliveryEvent, at now: Int64) -> [DeliveryAction] {
        delivery.handle(event, now: now, random: &random)
    }

    /// Runs to the upload of `batch` and gives the actions that follow the answer.
    mutating func upload(_ batch: BatchExtent, _ answer: CollectorAnswer, at now: Int64 = 0) -> [DeliveryAction] {
        #expect(handle(.fetched(batch), at: now) == [.upload])
        return handle(.uploaded(answer), at: now)
    }
}

private let batch = BatchExtent(epoch: 2, first: 101, last: 140, head: 145)
private let whole = DeliveryAction.fetch(from: nil, maximumRecords: 500, maximumBytes: 256 * 1024)
private func fetch(_ sequence: Int64?, _ records: Int) -> DeliveryAction {
    .fetch(
        from: sequence.map { Position(epoch: 2, sequence: $0) }, maximumRecords: records, maximumBytes: 256 * 1024)
}
private func rest(_ milliseconds: Int64, _ pending: Int?) -> DeliveryAction {
    .rest(milliseconds: milliseconds, orUntilPending: pending)
}

/// One row of the answer table of `reliability.md` §6.3: the answer, and the whole trace it leads to. Heartbeats are put
/// off so that they do not cut the rests short.
struct AnswerRow: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var answer: CollectorAnswer
    var actions: [DeliveryAction]
    /// What comes when the rest is over.
    var next: DeliveryAction?

    init(_ name: String, _ answer: CollectorAnswer, _ actions: [DeliveryAction], then next: DeliveryAction? = nil) {
        testDescription = name
        self.answer = answer
        self.actions = actions
        self.next = next
    }

    static let table: [AnswerRow] = [
        .init("a receipt: advance, the rest with the next flush", .accepted, [rest(48_000, 20)], then: whole),
        .init("200 without a receipt: back off", .worthless, [rest(5_000, nil)], then: whole),
        .init("no connection: back off", .unreachable, [rest(5_000, nil)], then: whole),
        .init("gap or rewind_collector: send from there at once", .resend(from: 7), [fetch(7, 500)]),
        .init("gap at the batch's own start: nonsense, the cap", .resend(from: 101), [rest(5_000, nil)], then: whole),
        .init("gap beyond the head: nonsense, the cap", .resend(from: 146), [rest(5_000, nil)], then: whole),
        .init(
            "fork: the technician's mark, the cap", .conflict(.fork), [.report(.fork), rest(5_000, nil)], then: whole),
        .init(
            "rewind_kiosk: the mark, the cap", .conflict(.rewindKiosk), [.report(.rewindKiosk), rest(5_000, nil)],
            then: whole),
        .init(
            "epoch_closed: the mark, the cap", .conflict(.epochClosed), [.report(.epochClosed), rest(5_000, nil)],
            then: whole),
        .init("413: half the batch at once", .tooLarge, [fetch(nil, 20)]),
        .init("time-out: half the batch after the back-off", .timedOut, [rest(5_000, nil)], then: fetch(nil, 20)),
        .init("422: read again, half as much", .unprocessable, [rest(5_000, nil)], then: fetch(nil, 20)),
        .init(
            "429 or 503 with Retry-After: obeyed", .busy(retryAfterMilliseconds: 90_000), [rest(90_000, nil)],
            then: whole),
        .init(
            "Retry-After of a day: an hour", .busy(retryAfterMilliseconds: 86_400_000), [rest(3_600_000, nil)],
            then: whole),
        .init("Retry-After 0: the back-off's base", .busy(retryAfterMilliseconds: 0), [rest(5_000, nil)], then: whole),
        .init("429 or 503 without: back off", .busy(retryAfterMilliseconds: nil), [rest(5_000, nil)], then: whole),
        .init("401, 403, anything else: the cap", .denied(nil), [rest(5_000, nil)], then: whole),
        .init("403 revoked: the mark, the cap", .denied(.revoked), [.report(.revoked), rest(5_000, nil)], then: whole),
    ]
}

@Suite struct AnswerTableTests {
    @Test(arguments: AnswerRow.table)
    func eachAnswerLeadsToItsActions(row: AnswerRow) {
        var bench = Bench()
        bench.delivery.heartbeatDue = .max
        #expect(bench.upload(batch, row.answer) == row.actions)
        guard let next = row.next, case .rest(let milliseconds, _) = row.actions.last else { return }
        // Not a millisecond early, however much waits; then surely.
        if row.answer != .accepted, milliseconds > 1 {
            #expect(bench.handle(.rested(pending: 1000), at: milliseconds - 1) == [rest(1, nil)])
        }
        #expect(bench.handle(.rested(pending: 1), at: milliseconds) == [next])
    }

    @Test func retryAfterSilencesHeartbeatsToo() {
        var bench = Bench()
        #expect(bench.upload(batch, .busy(retryAfterMilliseconds: 90_000)) == [rest(90_000, nil)])
        #expect(bench.handle(.rested(pending: 0), at: 60_000) == [rest(30_000, nil)])
        #expect(bench.handle(.rested(pending: 0), at: 90_000) == [.sendHeartbeat])
    }

    @Test func aVerdictIsToldOnceAndAgainAfterItHasPassed() {
        var bench = Bench()
        bench.delivery.heartbeatDue = .max
        #expect(bench.upload(batch, .conflict(.fork)).first == .report(.fork))
        #expect(bench.upload(batch, .conflict(.fork)).count == 1)
        #expect(bench.upload(batch, .conflict(.epochClosed)).first == .report(.epochClosed))
        _ = bench.upload(batch, .accepted)
        #expect(bench.delivery.verdict == nil)
        #expect(bench.upload(batch, .conflict(.epochClosed)).first == .report(.epochClosed))
    }

    @Test(arguments: [CollectorAnswer.conflict(.epochClosed), .denied(.revoked)])
    func whatIsRefusedForGoodDoesNotHoldUpTheNewestEpoch(_ answer: CollectorAnswer) {
        var bench = Bench()
        _ = bench.upload(batch, .resend(from: 50))
        #expect(bench.delivery.cursor == Position(epoch: 2, sequence: 50))
        _ = bench.upload(BatchExtent(epoch: 2, first: 50, last: 60, head: 145), answer)
        #expect(bench.delivery.cursor == nil)
    }

    @Test func enrolmentForgetsEveryVerdict() {
        var bench = Bench()
        _ = bench.upload(batch, .conflict(.fork))
        #expect(bench.handle(.enrolledAnew, at: 10) == [rest(0, 20)])
        #expect(bench.delivery.verdict == nil)
        #expect(bench.handle(.rested(pending: 0), at: 10) == [.sendHeartbeat])
        _ = bench.handle(.heartbeat(.accepted, epoch: 3), at: 10)
        #expect(bench.handle(.rested(pending: 0), at: 10) == [whole])
    }
}

@Suite struct BatchingTests {
    @Test func theFirstContactIsSpreadOverAMinute() {
        var times: Set<Int64> = []
        for seed in 1...200 as ClosedRange<UInt64> {
            var random = SeededGenerator(seed: seed)
            var delivery = Delivery()
            guard case .rest(let wait, nil) = delivery.handle(.started, now: 0, random: &random).last else {
                Issue.record("no rest")
                return
            }
            #expect((0...60_000).contains(delivery.uploadDue))
            #expect((0...60_000).contains(wait))
            times.insert(delivery.uploadDue / 10_000)
        }
        #expect(times.count >= 6)
    }

    @Test func twentyRecordsAreSentAtOnceAndFewerWithTheFlush() {
        var bench = Bench()
        _ = bench.upload(batch, .accepted)
        _ = bench.handle(.heartbeat(.accepted, epoch: 2), at: 0)
        #expect(bench.handle(.rested(pending: 19), at: 1_000) == [rest(47_000, 20)])
        #expect(bench.handle(.rested(pending: 20), at: 2_000) == [whole])
        #expect(bench.handle(.fetched(nil), at: 2_000) == [rest(48_000, 20)])
        #expect(bench.handle(.rested(pending: 1), at: 50_000) == [.sendHeartbeat])
        _ = bench.handle(.heartbeat(.accepted, epoch: 2), at: 50_000)
        #expect(bench.handle(.rested(pending: 1), at: 50_000) == [whole])
    }

    @Test func aBacklogIsSentWithoutPause() {
        var bench = Bench()
        let first = BatchExtent(epoch: 2, first: 1, last: 500, head: 1_000)
        #expect(bench.upload(first, .accepted) == [whole])
    }

    @Test func aHalvedBatchGrowsBackAfterThreeReceiptsInARow() {
        var bench = Bench()
        let full = BatchExtent(epoch: 2, first: 1, last: 500, head: 5_000)
        _ = bench.upload(full, .timedOut)
        _ = bench.upload(BatchExtent(epoch: 2, first: 1, last: 250, head: 5_000), .timedOut)
        #expect(bench.delivery.batchRecords == 125)
        let small = BatchExtent(epoch: 2, first: 1, last: 125, head: 5_000)
        for expected in [125, 125, 250, 250, 250, 500, 500, 500, 500] {
            _ = bench.upload(small, .accepted)
            #expect(bench.delivery.batchRecords == expected)
        }
    }

    @Test func aBatchNeverShrinksBelowOneRecord() {
        var bench = Bench()
        let single = BatchExtent(epoch: 2, first: 1, last: 1, head: 5)
        for answer in [CollectorAnswer.timedOut, .tooLarge, .unprocessable] {
            _ = bench.upload(single, answer)
            #expect(bench.delivery.batchRecords >= 1)
        }
        #expect(bench.delivery.batchRecords == 1)
    }

    @Test(arguments: 0...12)
    func theBackOffGrowsToItsCapAndStaysThere(failures: Int) {
        var random = SeededGenerator(seed: UInt64(failures))
        let window: Int64 = failures >= 6 ? 300_000 : 5_000 << Int64(failures)
        for _ in 0..<50 {
            var delivery = Delivery()
            delivery.failures = failures
            delivery.backOff(0, &random)
            #expect((5_000...5_000 + window).contains(delivery.uploadDue))
        }
    }

    @Test func aThousandFailuresOverflowNothing() {
        var bench = Bench()
        for _ in 0..<1_000 { _ = bench.upload(batch, .unreachable) }
        #expect(bench.delivery.failures == 1_000)
        _ = bench.upload(batch, .accepted)
        #expect(bench.delivery.failures == 0)
    }

    @Test func heartbeatsComeEveryMinuteMoreOrLess() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            var delivery = Delivery()
            _ = delivery.handle(.heartbeat(.accepted, epoch: 1), now: 0, random: &random)
            #expect((50_000...70_000).contains(delivery.heartbeatDue))
        }
    }

    @Test func whenRunFailsNothingIsLostAndItIsAskedAgain() {
        var bench = Bench()
        #expect(bench.handle(.fetched(batch), at: 0) == [.upload])
        #expect(bench.handle(.runFailed, at: 0) == [rest(1_000, nil)])
        #expect(bench.handle(.rested(pending: 50), at: 1_000) == [.sendHeartbeat])
    }
}

@Suite struct ResendingTests {
    @Test func aRestoredCollectorGetsEverythingFromWhereItAsks() {
        var bench = Bench()
        #expect(bench.upload(batch, .resend(from: 7)) == [fetch(7, 500)])
        let again = BatchExtent(epoch: 2, first: 7, last: 106, head: 145)
        #expect(bench.upload(again, .accepted) == [fetch(107, 500)])
        #expect(bench.upload(BatchExtent(epoch: 2, first: 107, last: 145, head: 145), .accepted) == [rest(0, 20)])
        #expect(bench.delivery.cursor == nil)
    }

    @Test func aCollectorThatNeverHasEnoughIsSlowedDown() {
        var bench = Bench()
        bench.delivery.heartbeatDue = .max
        #expect(bench.upload(batch, .resend(from: 7)) == [fetch(7, 500)])
        #expect(
            bench.upload(BatchExtent(epoch: 2, first: 7, last: 50, head: 145), .resend(from: 3)) == [rest(5_000, nil)])
        #expect(bench.handle(.rested(pending: 99), at: 5_000) == [fetch(3, 500)])
    }

    @Test func anIdleKioskLearnsOfARestoredCollectorFromItsHeartbeat() {
        var bench = Bench()
        _ = bench.upload(BatchExtent(epoch: 2, first: 1, last: 9, head: 9), .accepted)
        #expect(bench.handle(.heartbeat(.resend(from: 4), epoch: 2), at: 1) == [rest(0, 20)])
        #expect(bench.handle(.rested(pending: 0), at: 1) == [fetch(4, 500)])
    }

    @Test func aRecordThatIsGoneEndsTheResending() {
        var bench = Bench()
        _ = bench.upload(batch, .resend(from: 7))
        _ = bench.handle(.fetched(nil), at: 0)
        #expect(bench.delivery.cursor == nil)
    }

    @Test func afterThreeRefusalsTheAlarmIsRaisedAndLaterRecordsStillGo() {
        var bench = Bench()
        bench.delivery.heartbeatDue = .max
        // Record 101 is at fault; the batch is narrowed down to it.
        #expect(bench.upload(batch, .unprocessable) == [rest(5_000, nil)])
        #expect(
            bench.upload(BatchExtent(epoch: 2, first: 101, last: 120, head: 145), .unprocessable) == [rest(5_000, nil)])
        #expect(
            bench.upload(BatchExtent(epoch: 2, first: 101, last: 110, head: 145), .unprocessable)
                == [.report(.malformed), rest(5_000, nil)])
        let single = BatchExtent(epoch: 2, first: 101, last: 101, head: 145)
        #expect(bench.upload(single, .unprocessable) == [rest(5_000, nil)])
        #expect(bench.handle(.rested(pending: 9), at: 5_000) == [fetch(102, 1)])
        // A collector that cannot go past it is asked again at the cap, from the record it refuses.
        let later = BatchExtent(epoch: 2, first: 102, last: 102, head: 145)
        #expect(bench.upload(later, .resend(from: 101), at: 5_000) == [rest(5_000, nil)])
        #expect(bench.handle(.rested(pending: 9), at: 10_000) == [fetch(nil, 1)])
    }

    @Test func aRefusalOfAnotherBatchIsCountedAnew() {
        var bench = Bench()
        for first in [101, 102, 103, 104] as [Int64] {
            let actions = bench.upload(
                BatchExtent(epoch: 2, first: first, last: first, head: 145), .unprocessable)
            #expect(!actions.contains(.report(.malformed)))
        }
    }
}

@Suite struct CollectorAnswerTests {
    @Test(
        arguments: [
            (409, #"{"error":"gap","message":"","need":7}"#, .resend(from: 7)),
            (409, #"{"error":"rewind_collector","message":"","need":1}"#, .resend(from: 1)),
            (409, #"{"error":"gap","message":""}"#, .denied(nil)),
            (409, #"{"error":"gap","message":"","need":0}"#, .denied(nil)),
            (409, #"{"error":"gap","message":"","need":-9223372036854775808}"#, .denied(nil)),
            (409, #"{"error":"fork","message":""}"#, .conflict(.fork)),
            (409, #"{"error":"rewind_kiosk","message":""}"#, .conflict(.rewindKiosk)),
            (409, #"{"error":"epoch_closed","message":""}"#, .conflict(.epochClosed)),
            (409, "<html>", .denied(nil)),
            (403, #"{"error":"revoked","message":""}"#, .denied(.revoked)),
            (403, #"{"error":"fork","message":""}"#, .denied(nil)),
            (200, #"{"error":"fork","message":""}"#, .worthless),
            (401, "", .denied(nil)), (404, "", .denied(nil)), (301, "", .denied(nil)), (204, "", .denied(nil)),
            (500, "", .denied(nil)), (502, "", .unreachable), (400, "", .denied(nil)),
            (400, #"{"error":"bad_digest","message":""}"#, .unprocessable),
            (400, #"{"error":"malformed","message":""}"#, .unprocessable),
            (408, "", .timedOut), (504, "", .timedOut), (413, "", .tooLarge), (422, "", .unprocessable),
            (429, "", .busy(retryAfterMilliseconds: nil)), (503, "", .busy(retryAfterMilliseconds: nil)),
        ] as [(Int, String, CollectorAnswer)])
    func anAnswerIsWhatItsStatusAndCodeSayTogether(status: Int, body: String, answer: CollectorAnswer) {
        #expect(CollectorAnswer(status: status, body: Data(body.utf8), retryAfterSeconds: nil) == answer)
    }

    @Test(arguments: [(0, 0), (7, 7_000), (-1, 0), (Int64.max, (1 << 32) * 1000)] as [(Int64, Int64)])
    func retryAfterIsInMilliseconds(seconds: Int64, milliseconds: Int64) {
        let answer = CollectorAnswer(status: 503, body: Data(), retryAfterSeconds: seconds)
        #expect(answer == .busy(retryAfterMilliseconds: milliseconds))
    }

    @Test(arguments: ["<html>Sign in</html>", "", "{}", "null", #"{"receipt":7}"#, #"{"receipt":"x""#])
    func aPageIsNoReceipt(body: String) {
        #expect(UploadReply(status: 200, body: Data(body.utf8), retryAfterSeconds: nil) == .answer(.worthless))
    }

    @Test func aReceiptIsHandedOnUnread() {
        let reply = UploadReply(status: 200, body: Data(#"{"receipt":"note\n"}"#.utf8), retryAfterSeconds: nil)
        #expect(reply == .receipt("note\n"))
    }
}
