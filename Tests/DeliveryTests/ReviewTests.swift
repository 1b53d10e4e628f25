import KioskControl
import Testing

@testable import Delivery

/// The collector is shown the ends of epochs that are over, so that one that was restored to before them says so (G25).
@Suite struct ReviewTests {
    private var delivery = Delivery()
    private var random = LeastGenerator()
    private let present = BatchExtent(epoch: 3, first: 11, last: 20, head: 20)

    init() { delivery.heartbeatDue = .max }

    private mutating func handle(_ event: DeliveryEvent, at now: Int64 = 0) -> DeliveryAction? {
        delivery.handle(event, now: now, random: &random).last
    }

    private func end(of epoch: Int) -> BatchExtent { BatchExtent(epoch: epoch, first: 9, last: 9, head: 9) }

    private func rests(_ action: DeliveryAction?) -> Bool { if case .rest? = action { true } else { false } }

    private var isWhole: (DeliveryAction?) -> Bool {
        { if case .fetch(nil, _, _)? = $0 { true } else { false } }
    }

    @Test mutating func epochsThatAreOverAreShownOnceNothingElseWaits() {
        #expect(handle(.fetched(present)) == .upload)
        #expect(isWhole(handle(.uploaded(.accepted))) || delivery.uploadDue > 0)
        var next: Int? = nil
        for epoch in [2, 1] {
            #expect(handle(.fetched(nil)) == .fetchReceipted(before: next))
            #expect(handle(.fetched(end(of: epoch))) == .upload)
            // What has come meanwhile goes first.
            #expect(isWhole(handle(.uploaded(.accepted))))
            next = epoch
        }
        #expect(handle(.fetched(nil)) == .fetchReceipted(before: 1))
        #expect(rests(handle(.fetched(nil))), "nothing is left")
        // And again after an hour, not before.
        #expect(rests(handle(.fetched(nil), at: 3_599_999)), "too soon")
        #expect(handle(.fetched(nil), at: 3_600_000) == .fetchReceipted(before: nil))
    }

    @Test mutating func aRestoredCollectorGetsAnEarlierEpochBack() {
        #expect(handle(.fetched(nil)) == .fetchReceipted(before: nil))
        #expect(handle(.fetched(end(of: 2))) == .upload)
        let next = handle(.uploaded(.resend(from: 4)))
        let there = Position(epoch: 2, sequence: 4)
        #expect(next == .fetch(from: there, maximumRecords: 500, maximumBytes: 256 * 1024))
        #expect(handle(.fetched(BatchExtent(epoch: 2, first: 4, last: 9, head: 9))) == .upload)
        _ = handle(.uploaded(.accepted))
        // All epochs are shown again: the restore may have cost more than this one.
        #expect(delivery.review.before == nil && delivery.review.done == nil)
    }

    @Test(arguments: [CollectorAnswer.conflict(.epochClosed), .denied(.revoked), .denied(nil)])
    mutating func anEpochThatIsRefusedIsPassedOver(answer: CollectorAnswer) {
        #expect(handle(.fetched(nil)) == .fetchReceipted(before: nil))
        #expect(handle(.fetched(end(of: 2))) == .upload)
        #expect(rests(handle(.uploaded(answer))), "the review rests")
        #expect(!delivery.isBackingOff && delivery.review.before == 2)
        #expect(handle(.fetched(nil), at: 60_000) == .fetchReceipted(before: 2))
    }

    @Test mutating func aClosedEpochThatStaysOnOfferHidesNoOther() {
        #expect(handle(.fetched(BatchExtent(epoch: 2, first: 1, last: 5, head: 5))) == .upload)
        #expect(handle(.uploaded(.conflict(.epochClosed))) == .fetchReceipted(before: nil))
        #expect(handle(.fetched(end(of: 1))) == .upload)
        #expect(handle(.uploaded(.accepted)) == .fetchReceipted(before: 1))
        #expect(rests(handle(.fetched(nil))), "nothing is left")
        #expect(delivery.isBackingOff)
    }

    @Test mutating func whatIsNoLongerKeptIsNotAskedForInALoop() {
        #expect(handle(.fetched(nil)) == .fetchReceipted(before: nil))
        #expect(handle(.fetched(end(of: 2))) == .upload)
        #expect(!rests(handle(.uploaded(.resend(from: 1)))), "it is sent from there")
        #expect(rests(handle(.runFailed)), "run does not have it")
        #expect(rests(handle(.fetched(nil), at: 10_000)), "the review is over")
    }
}
