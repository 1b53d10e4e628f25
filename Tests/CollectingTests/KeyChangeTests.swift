import Collecting
import FakeKiosk
import Foundation
import Ledger
import Ratings
import Testing
import Wire

/// Keys that change while a kiosk is offline.
@Suite struct KeyChangeTests {
    private let scene: Scene
    private var collector: Collector { scene.collector }
    private let now: Int64 = 1_763_800_000_000

    init() throws { scene = try Scene() }

    private func isClean() async -> Bool {
        let report = await collector.verify()
        #expect(report.faults.isEmpty, "\(report.faults)")
        return report.isClean
    }

    @Test("A journal key that was changed twice while the kiosk was offline, sent in batches of any size")
    func journal() async throws {
        for size in [1, 2, 5, 100] as [Int64] {
            var kiosk = try await collector.enrolFake("hall-\(size)", now: now)
            try kiosk.visit(mark: 5)
            #expect(try await collector.take(1, 3, of: &kiosk, now: now) == nil)
            try kiosk.visit(mark: 4)
            try kiosk.changeJournalKey()
            try kiosk.visit(mark: 3)
            try kiosk.changeJournalKey()
            try kiosk.visit(mark: 2)
            #expect(try await collector.hear(&kiosk, now: now) == nil)
            var next: Int64 = 4
            while next <= kiosk.count {
                let last = min(next + size - 1, kiosk.count)
                #expect(try await collector.take(next, last, of: &kiosk, now: now) == nil, "\(next)-\(last) of \(size)")
                next = last + 1
            }
            #expect(try await collector.hear(&kiosk, now: now) == nil)
        }
        #expect(await isClean())
    }

    @Test("Once the change is stored, the old journal key speaks for nothing new")
    func oldJournalKey() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: now)
        try kiosk.visit(mark: 5)
        let thief = kiosk
        try kiosk.changeJournalKey()
        try kiosk.visit(mark: 4)
        #expect(try await collector.take(1, kiosk.count, of: &kiosk, now: now) == nil)
        var stolen = thief
        // A forked tail that lacks the change: the old key's own story, kept as a fork and not believed.
        stolen.pass(milliseconds: 60_000)
        for _ in 0..<3 { try stolen.visit(mark: 1) }
        let refused = try await collector.take(4, stolen.count, of: &stolen, now: now)
        #expect(refused?.error == .fork)
        // A head beyond what is stored, by the old key alone.
        let heard = try await collector.hear(&stolen, now: now)
        #expect(heard?.error == .badCheckpoint)
        let status = try #require(try await collector.kiosks().first)
        #expect(status.storedSequence == kiosk.count && status.claimedSequence == kiosk.count)
        #expect(await isClean())
    }

    @Test("A journal that is lost after its key was changed begins anew under the changed key, known or not")
    func lossAfterChange() async throws {
        for sent in [true, false] {
            var kiosk = try await collector.enrolFake("hall-\(sent)".lowercased(), now: now)
            try kiosk.visit(mark: 5)
            #expect(try await collector.take(1, 3, of: &kiosk, now: now) == nil)
            let thief = kiosk
            try kiosk.changeJournalKey()
            if sent { #expect(try await collector.take(4, 4, of: &kiosk, now: now) == nil) }
            try kiosk.loseJournal()
            try kiosk.visit(mark: 4)
            if sent {
                // Whoever has only the old key cannot open the next epoch any more.
                var stolen = thief
                try stolen.loseJournal()
                try stolen.visit(mark: 1)
                let refused = try await collector.take(1, stolen.count, of: &stolen, now: now)
                #expect(refused?.error == .brokenChain)
            }
            #expect(try await collector.take(1, kiosk.count, of: &kiosk, now: now) == nil)
        }
        #expect(await isClean())
    }

    @Test("The change is read back from the store with its record")
    func readBack() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: now)
        try kiosk.changeJournalKey()
        try kiosk.visit(mark: 5)
        #expect(try await collector.take(1, kiosk.count, of: &kiosk, now: now) == nil)
        #expect(await isClean())
        let epoch = try #require(try await scene.store.read { try $0.epochs().first })
        #expect(epoch.keys.current == kiosk.keys.current && epoch.keys.changes.map(\.sequence) == [1])
    }

    @Test("A transport key that was changed twice offline; the ones before are refused from then on")
    func transport() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: now)
        try kiosk.visit(mark: 5)
        #expect(try await collector.take(1, 3, of: &kiosk, now: now) == nil)
        let first = kiosk
        try kiosk.changeTransportKey()
        let second = kiosk
        try kiosk.changeJournalKey()
        try kiosk.changeTransportKey()
        try kiosk.visit(mark: 4)
        #expect(try await collector.take(4, kiosk.count, of: &kiosk, now: now + 1) == nil)
        #expect(try await collector.hear(&kiosk, now: now + 2) == nil)
        for old in [first, second] {
            var old = old
            await #expect(throws: Refusal.self) {
                try await collector.take(try old.upload(1, 3), of: old, now: now + 3)
            }
            #expect(try await collector.hear(&old, now: now + 3)?.error == .badSignature)
        }
        #expect(await isClean())
    }

    @Test("A changed transport key counts for the enrolment that it came from, not for a later one on the same card")
    func transportAcrossEnrolments() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: now)
        var clone = kiosk
        try kiosk.visit(mark: 5)
        // The collector has opened epoch 2; the kiosk has not heard of it and goes on in epoch 1 with a changed key.
        let code = try await collector.replaceKiosk(kiosk.id, now: now).code
        let transport = SigningKey()
        let request = try FakeKiosk.enrolment(code, journalKey: kiosk.journalKey, transportKey: transport)
        let answer = try await collector.enrol(try JSONEncoder().encode(request), now: now)
        try kiosk.changeTransportKey()
        #expect(try await collector.take(1, 3, of: &kiosk, now: now + 1) == nil)
        var later = FakeKiosk(
            id: kiosk.id, epoch: answer.epoch, collectorNonce: answer.collectorNonce, journalKey: kiosk.journalKey,
            transportKey: transport)
        try later.visit(mark: 4)
        #expect(try await collector.take(1, 3, of: &later, now: now + 2) == nil)
        // An older card has the journal key too, and cannot take epoch 2 over.
        for _ in 1...3 { try clone.changeTransportKey() }
        clone.epoch = later.epoch
        #expect(try await collector.hear(&clone, now: now + 3)?.error == .badSignature)
        try later.visit(mark: 3)
        #expect(try await collector.take(4, later.count, of: &later, now: now + 4) == nil)
        #expect(try await collector.hear(&later, now: now + 5) == nil)
        try later.changeTransportKey()
        #expect(try await collector.hear(&later, now: now + 6) == nil)
        #expect(await isClean())
    }

    @Test("A transport key for which the journal key does not vouch is refused")
    func strangeTransport() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: now)
        var stranger = FakeKiosk(id: kiosk.id, collectorNonce: kiosk.collectorNonce, transportKey: kiosk.transportKey)
        try stranger.changeTransportKey()
        try kiosk.visit(mark: 5)
        #expect(try await collector.hear(&stranger, now: now)?.error == .badSignature)
    }

    @Test("After a change of the receipt key old seals and receipts hold, and new ones are the new key's")
    func receipt() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: now)
        try kiosk.visit(mark: 5)
        #expect(try await collector.take(1, 3, of: &kiosk, now: now) == nil)
        var identity = collector.identity
        let first = identity.key.publicKey
        for generation in 2...3 {
            let key = SigningKey()
            identity.successions.append(
                try KeySuccession(
                    .receipt, of: identity.name, generation: generation, from: identity.key.publicKey, to: key,
                    time: now / 1000, signedBy: [identity.key]))
            identity.key = key
            try await collector.take(identity, because: "test", now: now)
        }
        #expect(await isClean())
        try kiosk.visit(mark: 4)
        #expect(try await collector.take(4, 6, of: &kiosk, now: now) == nil)
        let receipt = try Checkpoint(
            parsing: try #require(kiosk.receipt), kiosk: kiosk.id.rawValue, key: kiosk.journalKey.publicKey)
        #expect(throws: NoteError.self) { try receipt.receiptTime(of: identity.name, key: first) }
        let published = collector.publishedKeys
        let steps = try published.successions.map { try KeySuccession(parsing: $0) }
        let trusted = KeySuccession.keys(.receipt, of: published.collector, from: first, over: steps)
        #expect(try receipt.receiptTime(of: identity.name, key: try #require(trusted.last)) > 0)
        #expect(await isClean())
        #expect(try await collector.eventCounts()[.keyChanged] == 2)
    }

    @Test("A kiosk that opened epochs by itself is offered one above them")
    func hint() async throws {
        let kiosk = try await collector.enrolFake("hall-1", now: now)
        let code = try await collector.replaceKiosk(kiosk.id, now: now).code
        let request = EnrolmentRequest(
            code: code, journalKey: kiosk.journalKey.publicKey, transportKey: kiosk.transportKey.publicKey,
            certificate: try kiosk.journalKey.signature(
                over: TransportStatement.bytes(
                    journalKey: kiosk.journalKey.publicKey, transportKey: kiosk.transportKey.publicKey)
            ).base64EncodedString(), nonce: "bm9uY2U", pin: "", hardware: "fake", afterEpoch: 7)
        let answer = try await collector.enrol(try JSONEncoder().encode(request), now: now)
        #expect(answer.epoch == 107 && answer.isValid(for: request, code: code))
        // The hint is under the proof.
        var changed = request
        changed.afterEpoch = 9
        #expect(!changed.isValid(for: code))
    }
}
