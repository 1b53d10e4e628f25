import Collecting
import FakeKiosk
import Foundation
import Ledger
import Ratings
import Testing
import Wire

@Suite struct UploadTests {
    let scene: Scene
    private var collector: Collector { scene.collector }

    init() throws { scene = try Scene() }

    private func stored(_ kiosk: FakeKiosk) async throws -> Int64? {
        try await scene.store.read { try $0.epoch(kiosk.id, kiosk.epoch)?.head.sequence }
    }

    private func events() async throws -> [EventRow.Kind] {
        try await collector.events(limit: 100).map(\.kind).filter { $0 != .enrolled && $0 != .replaced }
    }

    @Test func `a receipt is the kiosk's checkpoint with our cosignature`() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 20)
        #expect(try await collector.take(1, 20, of: &kiosk, now: scene.now) == nil)
        let receipt = try Checkpoint(
            parsing: try #require(kiosk.receipt), kiosk: "hall-1", key: kiosk.journalKey.publicKey)
        #expect(
            receipt.head == ChainHead(kiosk: "hall-1", epoch: 1, sequence: 20, hash: try kiosk.checkpoint(20).head.hash)
        )
        let time = try receipt.receiptTime(of: "collector.test", key: collector.identity.key.publicKey)
        #expect(time == UInt64(scene.now / 1000))
    }

    @Test func `a compressed body is checked as sent and inflated after`() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 20)
        let request = try kiosk.upload(1, kiosk.count, compress: { Data($0.reversed()) })
        let permit = try await collector.authorizeUpload(
            request.head, kiosk: kiosk.id, epoch: 1, first: 1, last: kiosk.count)
        _ = try await collector.upload(permit, body: request.body, now: scene.now, inflate: { Data($0.reversed()) })
        #expect(try await stored(kiosk) == kiosk.count)
    }

    @Test func `overlapping, split, repeated and reordered batches leave one copy`() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 60)
        let steps: [(Int64, Int64, Refusal.Code?)] = [
            (11, 20, .gap), (1, 10, nil), (1, 10, nil), (5, 25, nil), (1, 30, nil), (41, 50, .gap), (31, 40, nil),
            (12, 13, nil), (40, 60, nil), (1, 60, nil),
        ]
        for (first, last, code) in steps {
            #expect(try await collector.take(first, last, of: &kiosk, now: scene.now)?.error == code)
        }
        #expect(try await stored(kiosk) == 60)
        let lines = try await scene.store.read { snapshot in
            var lines: [Data] = []
            try snapshot.forEachLine(of: 1) { _, line in lines.append(line) }
            return lines
        }
        #expect(lines == Array(kiosk.lines.prefix(60)))
        #expect(await collector.verify().faults == [])
    }

    @Test func `the same batch at once from many connections gets many receipts and one copy`() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 60)
        let requests = try [(1, 60), (1, 30), (1, 60), (1, 45)].map { try kiosk.upload($0.0, $0.1) }
        let (collector, now, sender) = (collector, scene.now, kiosk)
        let receipts = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<16 {
                for request in requests {
                    group.addTask { try await collector.take(request, of: sender, now: now).receipt }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(receipts.count == 64)
        #expect(try await stored(kiosk) == 60)
        #expect(await collector.verify().faults == [])
    }

    @Test func `a clone forks at its first batch and both branches are kept`() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 20)
        #expect(try await collector.take(1, 20, of: &kiosk, now: scene.now) == nil)
        var clone = kiosk
        try kiosk.visit(mark: 5)
        try clone.visit(mark: 1)
        let (mine, theirs) = (kiosk.count, clone.count)
        #expect(try await collector.take(21, mine, of: &kiosk, now: scene.now) == nil)
        for _ in 1...3 {
            let refusal = try await collector.take(21, theirs, of: &clone, now: scene.now)
            #expect(refusal?.error == .fork)
            #expect(refusal?.message.contains("record 2") == true)
        }
        let branches = try await scene.store.read { try $0.branches(of: 1) }
        #expect(branches.count == 1)
        #expect(branches.first?.reason == .fork)
        let lines = clone.lines[20...].reduce(into: Data()) { $0 += $1 + Data("\n".utf8) }
        #expect(branches.first?.lines == lines)
        #expect(try await events() == [.fork])
        try kiosk.visit(mark: 4)
        #expect(try await collector.take(mine + 1, kiosk.count, of: &kiosk, now: scene.now) == nil)
        #expect(await collector.verify().faults == [])
    }

    @Test func `evidence of a fork stops growing at its limit`() async throws {
        var limits = CollectorLimits()
        limits.branchesPerEpoch = 2
        let scene = try Scene(limits: limits)
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        var clone = kiosk
        try kiosk.visit(mark: 5)
        #expect(try await scene.collector.take(1, 3, of: &kiosk, now: scene.now) == nil)
        for _ in 1...4 {
            try clone.visit(mark: 1)
            let refusal = try await scene.collector.take(1, clone.count, of: &clone, now: scene.now)
            #expect(refusal?.error == .fork)
        }
        #expect(try await scene.store.read { try $0.branches(of: 1).count } == 2)
        #expect(await scene.collector.verify().faults == [])
    }

    @Test func `a card that was set back closes its epoch until the kiosk is enrolled again`() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 10)
        var card = kiosk
        try kiosk.fill(upTo: 30)
        let last = kiosk.count
        #expect(try await collector.take(1, last, of: &kiosk, now: scene.now) == nil)
        card.pass(milliseconds: 3_600_000)
        #expect(try await collector.take(1, 10, of: &card, now: scene.now)?.error == .rewindKiosk)
        #expect(try await collector.take(1, 10, of: &card, now: scene.now) == nil)
        try card.fill(upTo: last + 10)
        #expect(try await collector.take(1, card.count, of: &card, now: scene.now)?.error == .epochClosed)
        #expect(try await collector.hear(&card, now: scene.now)?.error == .epochClosed)
        #expect(try await stored(kiosk) == last)
        #expect(try await events() == [.rewindKiosk])
        #expect(try await collector.kiosks().map(\.state) == [.closed])
        let code = try await collector.replaceKiosk(kiosk.id, now: scene.now).code
        var next = try await collector.enrolFake(with: code, now: scene.now, seed: 2)
        #expect(next.epoch == 101)
        try next.visit(mark: 3)
        #expect(try await collector.take(1, 3, of: &next, now: scene.now) == nil)
        #expect(try await collector.kiosks().map(\.state) == [.active])
        #expect(await collector.verify().faults == [])
    }

    @Test func `a request that comes late closes nothing`() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 20)
        let late = try kiosk.upload(1, kiosk.count)
        let sender = kiosk
        try kiosk.fill(upTo: 40)
        #expect(try await collector.take(1, kiosk.count, of: &kiosk, now: scene.now) == nil)
        let answer = try await collector.take(late, of: sender, now: scene.now)
        let receipt = try Checkpoint(parsing: answer.receipt, kiosk: "hall-1", key: kiosk.journalKey.publicKey)
        #expect(receipt.head.sequence == sender.count)
        #expect(try await collector.kiosks().map(\.state) == [.active])
    }

    @Test func `a collector that lost its tail gets it back and says so`() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 20)
        #expect(try await collector.take(1, 20, of: &kiosk, now: scene.now) == nil)
        // A receipt for more than is stored: what a restored backup looks like from the kiosk.
        let before = kiosk.count
        try kiosk.fill(upTo: before + 30)
        var lost = try kiosk.checkpoint(before + 10)
        try lost.cosign(as: "collector.test", with: collector.identity.key, time: 1)
        kiosk.receipt = lost.serialized
        let refusal = try await collector.take(before + 11, kiosk.count, of: &kiosk, now: scene.now)
        #expect(refusal?.error == .rewindCollector)
        #expect(refusal?.need == 21)
        #expect(try await collector.hear(&kiosk, now: scene.now)?.need == 21)
        let fault = await collector.verify().faults.first
        #expect(fault?.sequence == 21)
        #expect(try await collector.take(21, before + 5, of: &kiosk, now: scene.now) == nil)
        kiosk.receipt = lost.serialized
        #expect(try await collector.take(before + 6, kiosk.count, of: &kiosk, now: scene.now) == nil)
        #expect(try await collector.hear(&kiosk, now: scene.now) == nil)
        #expect(try await events() == [.rewindCollector])
        #expect(await collector.verify().faults == [])
    }

    @Test func `a receipt of somebody else proves nothing and hinders nothing`() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 20)
        var forged = try kiosk.checkpoint(20)
        try forged.cosign(as: "collector.test", with: SigningKey(), time: 1)
        kiosk.receipt = forged.serialized
        #expect(try await collector.take(1, 10, of: &kiosk, now: scene.now) == nil)
        kiosk.receipt = "not a note"
        #expect(try await collector.take(11, 20, of: &kiosk, now: scene.now) == nil)
        #expect(try await events() == [])
    }

    @Test func `a kiosk that lost its unsent tail, or wrote it anew, raises an alarm and is still heard`() async throws
    {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 10)
        let sent = kiosk.count
        #expect(try await collector.take(1, sent, of: &kiosk, now: scene.now) == nil)
        var card = kiosk
        try kiosk.visit(mark: 1)
        #expect(try await collector.hear(&kiosk, now: scene.now) == nil)
        card.pass(milliseconds: 3_600_000)
        var other = card
        try card.visit(mark: nil)
        try card.visit(mark: 5)
        #expect(try await collector.take(sent + 1, card.count, of: &card, now: scene.now) == nil)
        #expect(try await events() == [.contradiction])
        // And shorter than what was claimed.
        try card.visit(mark: 5)
        #expect(try await collector.hear(&card, now: scene.now) == nil)
        other = card
        try card.visit(mark: 5)
        #expect(try await collector.hear(&card, now: scene.now) == nil)
        other.pass(milliseconds: 3_600_000)
        #expect(try await collector.hear(&other, now: scene.now) == nil)
        #expect(try await events() == [.tailCut, .contradiction])
        #expect(await collector.verify().faults == [])
    }

    @Test func `a kiosk whose journal was damaged opens the next epoch by itself`() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 10)
        let rest = kiosk
        #expect(try await collector.take(1, 5, of: &kiosk, now: scene.now) == nil)
        try kiosk.loseJournal()
        try kiosk.visit(mark: 5)
        #expect(try await collector.hear(&kiosk, now: scene.now) == nil)
        let early = try await collector.take(2, 4, of: &kiosk, now: scene.now)
        #expect(early?.error == .gap && early?.need == 1)
        #expect(try await collector.take(1, 4, of: &kiosk, now: scene.now) == nil)
        #expect(try await events() == [.epochByLoss])
        // What is found of the old epoch after all is still taken.
        var old = rest
        #expect(try await collector.take(6, old.count, of: &old, now: scene.now) == nil)
        let epochs = try await scene.store.read { [kiosk] in try $0.epochs(of: kiosk.id) }
        #expect(epochs.map(\.state) == [.superseded, .open])
        #expect(epochs.map(\.origin) == [.enrolment, .loss])
        #expect(await collector.verify().faults == [])
    }

    @Test func `an epoch that a restored collector has forgotten is taken after the next enrolment too`() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 10)
        #expect(try await collector.take(1, 5, of: &kiosk, now: scene.now) == nil)
        // Epoch 2 was receipted by a collector that has been restored since.
        try kiosk.loseJournal()
        try kiosk.visit(mark: 5)
        let code = try await collector.replaceKiosk(kiosk.id, now: scene.now).code
        let request = try FakeKiosk.enrolment(
            code, journalKey: SigningKey(), transportKey: SigningKey(), afterEpoch: kiosk.epoch)
        let answer = try await collector.enrol(try JSONEncoder().encode(request), now: scene.now)
        #expect(answer.epoch == 102)
        #expect(try await collector.take(2, 4, of: &kiosk, now: scene.now)?.need == 1)
        #expect(try await collector.take(1, 4, of: &kiosk, now: scene.now) == nil)
        let epochs = try await scene.store.read { [kiosk] in try $0.epochs(of: kiosk.id) }
        #expect(epochs.map(\.epoch) == [1, 2, 102])
        #expect(epochs.map(\.state) == [.superseded, .superseded, .open])
        #expect(await collector.verify().faults == [])
    }

    @Test func `what a kiosk opens by itself does not meet an enrolment that it never heard of`() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        // The answer is lost, or another device takes the place.
        let code = try await collector.replaceKiosk(kiosk.id, now: scene.now).code
        var next = try await collector.enrolFake(with: code, now: scene.now, seed: 2)
        try kiosk.loseJournal()
        try kiosk.visit(mark: 5)
        #expect(try await collector.take(1, 4, of: &kiosk, now: scene.now) == nil)
        for _ in 2..<scene.collector.limits.epochsAhead { try kiosk.loseJournal() }
        try kiosk.visit(mark: 4)
        #expect(try await collector.take(1, 4, of: &kiosk, now: scene.now) == nil)
        try next.visit(mark: 3)
        #expect(try await collector.take(1, 3, of: &next, now: scene.now) == nil)
        let epochs = try await scene.store.read { [kiosk] in try $0.epochs(of: kiosk.id) }
        #expect(epochs.map(\.epoch) == [1, 2, 99, 101])
        #expect(epochs.map(\.state) == [.superseded, .superseded, .superseded, .open])
        #expect(try await collector.summary().ratings == 3)
        #expect(await collector.verify().faults == [])
    }

    @Test func `a kiosk that opens epoch after epoch, or one far ahead, is stopped`() async throws {
        var limits = CollectorLimits()
        limits.lossEpochsPerDay = 2
        let scene = try Scene(limits: limits)
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        var ahead = kiosk
        ahead.epoch = limits.epochsAhead + 1
        try ahead.loseJournal()
        #expect(try await scene.collector.take(1, 1, of: &ahead, now: scene.now)?.error == .malformed)
        for expected in [nil, nil, Refusal.Code.tooMany] {
            try kiosk.loseJournal()
            #expect(try await scene.collector.take(1, 1, of: &kiosk, now: scene.now)?.error == expected)
        }
        // A day later it is heard again: nothing was lost meanwhile.
        #expect(try await scene.collector.take(1, 1, of: &kiosk, now: scene.now + 86_400_001) == nil)
        #expect(await scene.collector.verify().faults == [])
    }

    @Test func `an epoch that does not begin with a loss, or on another genesis, is refused`() async throws {
        let kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        var bare = FakeKiosk(
            id: kiosk.id, epoch: 2, collectorNonce: kiosk.collectorNonce, journalKey: kiosk.journalKey,
            transportKey: kiosk.transportKey)
        try bare.visit(mark: 5)
        #expect(try await collector.take(1, 3, of: &bare, now: scene.now)?.error == .brokenChain)
        var foreign = FakeKiosk(
            id: kiosk.id, epoch: 1, collectorNonce: "another", journalKey: kiosk.journalKey,
            transportKey: kiosk.transportKey)
        try foreign.loseJournal()
        #expect(try await collector.take(1, 1, of: &foreign, now: scene.now)?.error == .brokenChain)
        var strange = FakeKiosk(
            id: kiosk.id, epoch: 1, collectorNonce: kiosk.collectorNonce, transportKey: kiosk.transportKey)
        try strange.loseJournal()
        #expect(try await collector.take(1, 1, of: &strange, now: scene.now)?.error == .badCheckpoint)
    }

    @Test func `a revoked kiosk is told so and what it sends is kept apart`() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 10)
        #expect(try await collector.take(1, 5, of: &kiosk, now: scene.now) == nil)
        let before = try await collector.summary().ratings
        try await collector.revokeKiosk(kiosk.id, reason: "stolen", now: scene.now)
        #expect(try await collector.take(6, 10, of: &kiosk, now: scene.now)?.error == .revoked)
        #expect(try await collector.hear(&kiosk, now: scene.now)?.error == .revoked)
        try kiosk.loseJournal()
        #expect(try await collector.take(1, 1, of: &kiosk, now: scene.now)?.error == .revoked)
        let branches = try await scene.store.read { try $0.branches(of: 1) }
        #expect(branches.map(\.reason) == [.revoked])
        #expect(branches.map(\.first) == [6])
        #expect(try await collector.summary() == CollectorSummary(ratings: before, kiosks: 0))
        #expect(await collector.verify().faults == [])
    }

    @Test func `records that are not understood are kept by their hash and listed`() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        let session = try kiosk.visit(mark: 5)
        try kiosk.append(.unknown(kind: "hologram"))
        try kiosk.answer(SessionID(bits: 99), "overall", 5)
        try kiosk.answer(session, "overall", 6)
        try kiosk.answer(session, "waiting", nil)
        try kiosk.answer(session, "a\u{0}b", 3)
        try kiosk.append(.shown(Shown(session: session, questionnaire: "d@1", language: "ru", visit: .unsolicited)))
        let text = String(decoding: kiosk.lines[0], as: UTF8.self)
        let broken = text.replacingOccurrences(of: "\"language\":\"ru\"", with: "\"language\":7")
            .replacingOccurrences(of: "\"seq\":1,", with: "\"seq\":10,")
            .replacingOccurrences(of: kiosk.genesis.hash.base64, with: kiosk.head.hash.base64)
        try kiosk.append(line: Data(broken.utf8), sequence: 10)
        #expect(try await collector.take(1, 10, of: &kiosk, now: scene.now) == nil)
        let listed = try await scene.store.read { try $0.quarantined(of: 1) }
        #expect(listed.map(\.sequence) == [4, 5, 6, 7, 8, 9, 10])
        #expect(
            listed.map(\.reason) == [
                .unknownKind, .unknownSession, .badMark, .badBody, .badBody, .repeatedSession, .badBody,
            ])
        #expect(try await scene.store.read { try $0.line(1, 10) } == kiosk.lines[9])
        #expect(try await collector.summary().ratings == 1)
        #expect(await collector.verify().faults == [])
    }

    @Test func `a line that is a link of the chain is taken, whatever else it says`() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        try kiosk.visit(mark: 5)
        let text = String(decoding: kiosk.lines[1], as: UTF8.self)
        let wrongs: [(old: String, new: String, reason: QuarantinedRow.Reason)] = [
            ("\"boot\":1", "\"boot\":\"one\"", .badHeader), ("\"clock\":\"free\"", "\"clock\":\"sundial\"", .badHeader),
            ("\"kiosk\":\"hall-1\"", "\"kiosk\":\"hall-2\"", .foreign), ("\"epoch\":1", "\"epoch\":2", .foreign),
            ("\"v\":1", "\"v\":2", .unknownKind), ("\"kiosk\":\"hall-1\"", "\"kiosk\":\"../x\"", .badHeader),
            ("\"v\":1", "\"v\":1,\"more\":\"\(String(repeating: "x", count: 5_000))\"", .longLine),
        ]
        for (old, new, _) in wrongs {
            let next = kiosk.count + 1
            let line = text.replacingOccurrences(of: old, with: new)
                .replacingOccurrences(of: "\"seq\":2,", with: "\"seq\":\(next),")
                .replacingOccurrences(of: ChainHash(of: kiosk.lines[0]).base64, with: kiosk.head.hash.base64)
            try kiosk.append(line: Data(line.utf8), sequence: next)
        }
        try kiosk.visit(mark: 4)
        #expect(try await collector.take(1, kiosk.count, of: &kiosk, now: scene.now) == nil)
        let listed = try await scene.store.read { try $0.quarantined(of: 1) }
        #expect(listed.map(\.reason) == wrongs.map(\.reason))
        #expect(listed.map(\.sequence) == Array(4..<4 + Int64(wrongs.count)))
        #expect(try await scene.store.read { try $0.line(1, 10) } == kiosk.lines[9])
        #expect(try await collector.summary().ratings == 2)
        #expect(await collector.verify().faults == [])
    }

    @Test func `records of earlier boots are placed exactly where the boot was heard`() async throws {
        var kiosk = try await collector.enrolFake("hall-1", now: scene.now)
        try kiosk.visit(mark: 5)
        #expect(try await collector.hear(&kiosk, now: scene.now) == nil)
        try kiosk.reboot()
        try kiosk.visit(mark: 4)
        try kiosk.reboot()
        try kiosk.visit(mark: 3)
        let now = scene.now + 600_000
        #expect(try await collector.take(1, kiosk.count, of: &kiosk, now: now) == nil)
        let sessions = try await scene.store.read { try $0.sessions(of: 1) }
        #expect(sessions.map { $0.uncertainty > 0 } == [false, true, false])
        #expect(sessions[0].placed == scene.now - 40 - 1500)
        #expect(sessions[2].placed == now - 40 - 1500)
        #expect(sessions[0].placed < sessions[1].placed && sessions[1].placed < sessions[2].placed)
        #expect(await collector.verify().faults == [])
    }
}
