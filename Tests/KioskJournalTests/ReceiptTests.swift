import FoundationEssentials
import Ledger
import Ratings
import Testing

@testable import KioskJournal

@Suite struct BatchTests {
    @Test func aBatchCarriesTheNotesThatVouchForIt() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        let stored = try fixture.append(10, to: journal)
        let batch = try #require(try journal.batch(maximumRecords: 4))
        #expect(batch.first == 1 && batch.last == 4 && batch.lines.count == 4)
        #expect(batch.receipt == nil)
        let last = try Checkpoint(parsing: batch.checkpoint, kiosk: "hall-7.kiosk-2", key: journal.publicKey)
        #expect(last.head.sequence == 4 && last.head.hash == stored[3].hash)
        let head = try Checkpoint(parsing: batch.head, kiosk: "hall-7.kiosk-2", key: journal.publicKey)
        #expect(head.head == journal.head)
        #expect(try journal.checkpoint(4) == batch.checkpoint)
        #expect(try journal.headCheckpoint() == batch.head)
    }

    @Test(
        arguments: [
            (nil, 500, 1 << 18, 1...10), (3, 500, 1 << 18, 3...10), (3, 1, 1 << 18, 3...3), (10, 5, 1 << 18, 10...10),
            (1, 0, 1 << 18, 1...1), (1, -7, 1 << 18, 1...1), (1, Int.max, Int.max, 1...10), (2, 500, 0, 2...2),
            (1, 500, 600, 1...2),
        ] as [(Int64?, Int, Int, ClosedRange<Int64>)])
    func limitsCutABatch(first: Int64?, records: Int, bytes: Int, range: ClosedRange<Int64>) throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try fixture.append(10, to: journal)
        let batch = try #require(try journal.batch(first: first, maximumRecords: records, maximumBytes: bytes))
        #expect(batch.first...batch.last == range)
        #expect(batch.lines.count == range.count)
    }

    @Test func theLimitsOfTheProtocolHoldWhateverIsAsked() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try journal.access("fill") { db in
            try db.execute(sql: "PRAGMA synchronous = OFF")
        }
        try fixture.append(600, to: journal)
        let batch = try #require(try journal.batch(maximumRecords: .max, maximumBytes: .max))
        #expect(batch.lines.count == 500)
        let long = RecordBody.decommission(Decommission(reason: String(repeating: "x", count: 3600)))
        for _ in 0..<100 { _ = try journal.append(long, at: fixture.stamp()) }
        let wide = try #require(try journal.batch(first: 601, maximumRecords: .max, maximumBytes: .max))
        let bytes = wide.lines.reduce(0) { $0 + $1.utf8.count + 1 }
        #expect(bytes <= 256 << 10 && wide.lines.count < 100)
        #expect(bytes > (256 << 10) - 4096)
    }

    @Test(arguments: [(11, nil), (0, 0), (-5, -5), (Int64.max, nil), (Int64.min, Int64.min)] as [(Int64, Int64?)])
    func aRangeThatIsNotThereIsNotInvented(first: Int64, refused: Int64?) throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try fixture.append(10, to: journal)
        if let refused {
            #expect(throws: JournalError.noSuchRecord(epoch: 1, sequence: refused)) { try journal.batch(first: first) }
        } else {
            #expect(try journal.batch(first: first) == nil)
        }
        #expect(try journal.batch(epoch: 9) == nil)
        #expect(throws: JournalError.self) { try journal.checkpoint(11) }
        try fixture.append(1, to: journal)
    }
}

@Suite struct ReceiptTests {
    @Test func aReceiptAdvancesTheJournalAndStays() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try fixture.append(10, to: journal)
        #expect(journal.unsent == 10)
        let batch = try #require(try journal.batch(maximumRecords: 6))
        let receipt = try fixture.receipt(for: batch.checkpoint, journal: journal)
        let head = try journal.accept(receipt: receipt)
        #expect(head.sequence == 6)
        #expect(journal.unsent == 4 && journal.receipted == 6)
        #expect(try journal.batch()?.first == 7)
        #expect(try journal.batch()?.receipt == receipt)
        try journal.close()
        let again = try fixture.open()
        #expect(again.receipted == 6 && again.receipt == receipt && again.unsent == 4)
        #expect(try EnrolmentNote.read(fixture.files, key: again.key)?.receipt == receipt)
    }

    /// What a hostile collector or a proxy could answer (`reliability.md` §3, G15).
    enum Answer: String, CaseIterable, Sendable {
        case html, empty, noCosignature, wrongKey, otherCollector, otherKiosk, kioskKeyOfAnother, otherEpoch
        case plainSignatureOfTheCollector, otherHash, aboveTheHead, notHandedOut, notNewer, sequenceZero, truncated,
            doubled
    }

    @Test(arguments: Answer.allCases)
    func nothingElseCountsAsAReceipt(_ answer: Answer) throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try fixture.append(10, to: journal)
        let batch = try #require(try journal.batch(maximumRecords: 5))
        _ = try journal.accept(receipt: try fixture.receipt(for: batch.checkpoint, journal: journal))
        let next = try #require(try journal.batch(maximumRecords: 3))
        let before = journal.facts
        let note = try self.note(answer, next, journal, fixture)
        let error = try #require(throws: JournalError.self) { try journal.accept(receipt: note) }
        guard case .receipt(let refusal) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(matches(answer, refusal), "\(refusal)")
        #expect(journal.facts == before)
        // The journal goes on as if nothing had come.
        try fixture.append(1, to: journal)
        _ = try journal.accept(receipt: try fixture.receipt(for: next.checkpoint, journal: journal))
        #expect(journal.receipted == 8)
    }

    private func note(_ answer: Answer, _ batch: JournalBatch, _ journal: Journal, _ fixture: Fixture) throws -> String
    {
        let key = journal.key
        let newest = try #require(journal.head)
        func receipt(_ head: ChainHead, signedBy key: SigningKey) throws -> String {
            var checkpoint = try Checkpoint(head: head, signedWith: key)
            try checkpoint.cosign(as: "collector.example", with: fixture.collectorKey, time: 1_800_000_000)
            return checkpoint.serialized
        }
        func head(_ sequence: Int64, kiosk: String = "hall-7.kiosk-2", epoch: Int = 1, hash: ChainHash? = nil)
            -> ChainHead
        {
            ChainHead(kiosk: kiosk, epoch: epoch, sequence: sequence, hash: hash ?? newest.hash)
        }
        let good = try fixture.receipt(for: batch.checkpoint, journal: journal)
        switch answer {
        case .html: return "<html><body>Accept the terms of the hall's Wi-Fi</body></html>\n"
        case .empty: return ""
        case .noCosignature: return batch.checkpoint
        case .wrongKey: return try fixture.receipt(for: batch.checkpoint, journal: journal, key: SigningKey())
        case .otherCollector: return try fixture.receipt(for: batch.checkpoint, journal: journal, name: "other.example")
        case .otherKiosk: return try receipt(head(8, kiosk: "hall-7.kiosk-3"), signedBy: SigningKey())
        case .kioskKeyOfAnother: return try receipt(head(8), signedBy: SigningKey())
        case .otherEpoch: return try receipt(head(8, epoch: 2), signedBy: key)
        case .plainSignatureOfTheCollector:
            var note = try SignedNote(parsing: batch.checkpoint)
            try note.sign(as: "collector.example", with: fixture.collectorKey)
            return note.serialized
        case .otherHash: return try receipt(head(8), signedBy: key)
        case .aboveTheHead: return try receipt(head(11), signedBy: key)
        case .notHandedOut: return try receipt(newest, signedBy: key)
        case .notNewer:
            return try fixture.receipt(for: try journal.checkpoint(5), journal: journal)
        case .sequenceZero: return try receipt(try #require(journal.enrolment).genesis.head, signedBy: key)
        case .truncated: return String(good.dropLast(40))
        case .doubled: return good + good
        }
    }

    private func matches(_ answer: Answer, _ refusal: ReceiptRefusal) -> Bool {
        switch answer {
        case .html, .empty: refusal == .note(.malformed)
        case .noCosignature, .wrongKey, .otherCollector, .plainSignatureOfTheCollector:
            refusal == .note(.unsigned("collector.example"))
        case .otherKiosk, .kioskKeyOfAnother: refusal == .note(.unsigned("hall-7.kiosk-2"))
        case .otherEpoch: refusal == .unknownEpoch(2)
        case .otherHash: refusal == .otherHash(sequence: 8)
        case .aboveTheHead: refusal == .neverSent(sequence: 11)
        case .notHandedOut: refusal == .neverSent(sequence: 10)
        case .notNewer, .sequenceZero: refusal == .notNewer(held: 5)
        case .truncated, .doubled: if case .note = refusal { true } else { false }
        }
    }
}

@Suite struct EnrolmentTests {
    @Test func aNewEpochKeepsTheOldOnesUnsentRecordsOnOffer() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try fixture.append(5, to: journal)
        try journal.enrol(try fixture.enrolment(journal, epoch: 4))
        try fixture.append(3, to: journal)
        #expect(journal.unsent == 8)
        // The present epoch first: an old one must never hold it up.
        let present = try #require(try journal.batch())
        #expect(present.enrolment.epoch == 4 && present.last == 3)
        _ = try journal.accept(receipt: try fixture.receipt(for: present.checkpoint, journal: journal))
        let old = try #require(try journal.batch())
        #expect(old.enrolment.epoch == 1 && old.first == 1 && old.last == 5)
        _ = try journal.accept(receipt: try fixture.receipt(for: old.checkpoint, journal: journal))
        #expect(try journal.batch() == nil)
        #expect(journal.unsent == 0 && journal.receipted == 3)
        #expect(try journal.batch(epoch: 1, first: 2)?.lines.count == 4)
        #expect(try journal.verify() == .intact(records: 8, head: try #require(journal.head)))
        try journal.close()
        #expect(try fixture.open().unsent == 0)
    }

    @Test func theEndOfAnEpochThatIsOverCanBeShown() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try fixture.append(5, to: journal)
        try journal.enrol(try fixture.enrolment(journal, epoch: 2))
        try fixture.append(3, to: journal)
        #expect(try journal.lastReceipted() == nil)
        for _ in 1...2 {
            let batch = try #require(try journal.batch())
            _ = try journal.accept(receipt: try fixture.receipt(for: batch.checkpoint, journal: journal))
        }
        let end = try #require(try journal.lastReceipted())
        #expect(end.enrolment.epoch == 1 && end.first == 5 && end.last == 5 && end.receipt != nil)
        #expect(try journal.lastReceipted(before: 1) == nil)
        #expect(try journal.lastReceipted(before: 9)?.enrolment.epoch == 1)
    }

    @Test func recordsOfAnotherKioskIDAreKeptButNotOffered() throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        try fixture.append(5, to: journal)
        try journal.enrol(try fixture.enrolment(journal, kiosk: "hall-9.kiosk-1", epoch: 2))
        #expect(journal.unsent == 0)
        try fixture.append(1, to: journal)
        #expect(journal.unsent == 1)
        try journal.close()
        #expect(try fixture.open().verify() == .intact(records: 6, head: try #require(journal.head)))
    }

    @Test(arguments: [1, 0, -3, 1 << 22, .max]) func anEpochMustBeAboveEveryOneHeld(epoch: Int) throws {
        let fixture = try Fixture()
        let journal = try fixture.enrolled()
        #expect(throws: JournalError.staleEpoch(asked: epoch, newest: 1)) {
            try journal.enrol(try fixture.enrolment(journal, epoch: epoch))
        }
        try fixture.append(1, to: journal)
    }

    @Test func anEnrolmentOfAnotherKeyIsRefused() throws {
        let fixture = try Fixture()
        let journal = try fixture.open()
        var enrolment = try fixture.enrolment(journal)
        enrolment.journalKey = SigningKey().publicKey
        let error = try #require(throws: JournalError.self) { try journal.enrol(enrolment) }
        #expect(error.exitStatus == 78)
        #expect(journal.enrolment == nil)
    }
}
