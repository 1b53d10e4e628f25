import KioskControl
import Testing

@testable import Delivery

/// A batch that does not pass is never a secret, and never the end of those after it.
@Suite struct AlarmTests {
    private var delivery = Delivery()
    private var random = LeastGenerator()
    private static let single = BatchExtent(epoch: 2, first: 101, last: 101, head: 145)

    private mutating func upload(_ batch: BatchExtent, _ answer: CollectorAnswer) -> [DeliveryAction] {
        #expect(delivery.handle(.fetched(batch), now: 0, random: &random) == [.upload])
        return delivery.handle(.uploaded(answer), now: 0, random: &random)
    }

    private mutating func alarms(after answers: [CollectorAnswer], to batch: BatchExtent = single) -> [Bool] {
        answers.map { upload(batch, $0).contains(.report(.malformed)) }
    }

    @Test(arguments: [CollectorAnswer.denied(nil), .tooLarge, .unprocessable])
    mutating func threeRefusalsOfOneRecordRaiseTheAlarmOnce(answer: CollectorAnswer) {
        #expect(alarms(after: Array(repeating: answer, count: 5)) == [false, false, true, false, false])
        #expect(alarms(after: [.accepted] + Array(repeating: answer, count: 3)) == [false, false, false, true])
    }

    @Test mutating func aCollectorThatIsDownIsNoAlarm() {
        #expect(alarms(after: Array(repeating: .unreachable, count: 5)) == Array(repeating: false, count: 5))
        #expect(alarms(after: Array(repeating: .busy(retryAfterMilliseconds: nil), count: 5)).allSatisfy { !$0 })
    }

    @Test mutating func denialsOfAnotherBatchAreCountedAnew() {
        #expect(alarms(after: [.denied(nil), .denied(nil)]) == [false, false])
        let other = BatchExtent(epoch: 2, first: 102, last: 140, head: 145)
        #expect(alarms(after: [.denied(nil), .denied(nil)], to: other) == [false, false])
    }

    @Test mutating func aCollectorThatWasSetBackIsObeyedAlsoAfterItRefused() {
        for _ in 1...3 { _ = upload(Self.single, .unprocessable) }
        _ = upload(BatchExtent(epoch: 2, first: 102, last: 102, head: 145), .resend(from: 40))
        #expect(delivery.cursor == Position(epoch: 2, sequence: 40))
    }

    @Test mutating func aCollectorThatAsksForWhatIsNotThereHoldsNothingUp() {
        _ = delivery.handle(.heartbeat(.resend(from: .max), epoch: 2), now: 0, random: &random)
        #expect(delivery.cursor == Position(epoch: 2, sequence: .max))
        let whole = DeliveryAction.fetch(from: nil, maximumRecords: 500, maximumBytes: 256 * 1024)
        #expect(delivery.handle(.fetched(nil), now: 0, random: &random) == [whole])
    }
}
