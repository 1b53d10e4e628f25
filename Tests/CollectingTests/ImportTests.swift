import BatchFiles
import FakeKiosk
import FoundationEssentials
import Ledger
import Testing
import Wire

@testable import Collecting

/// Batches that come as files: the same decisions as for uploads, but a file is old whenever it is read.
@Suite struct ImportTests {
    @Test func aFileIsAnUploadAndItsReceiptIsOne() async throws {
        let scene = try Scene()
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 12)
        let imported = try await scene.take(try kiosk.file(1, 12))
        #expect(imported.new == 12)
        let receipt = try Checkpoint(parsing: imported.receipt, kiosk: "hall-1", key: kiosk.journalKey.publicKey)
        #expect(receipt.head == kiosk.head)
        #expect(try receipt.receiptTime(of: "collector.test", key: scene.collector.identity.key.publicKey) > 0)
        #expect(try await scene.take(try kiosk.file(1, 12)).new == 0)
        #expect(try await scene.take(try kiosk.file(5, 8)).new == 0)
        #expect(await scene.collector.verify().isClean)
    }

    @Test func aMissingFileIsAGap() async throws {
        let scene = try Scene()
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 30)
        _ = try await scene.take(try kiosk.file(1, 10))
        let refusal = await #expect(throws: Refusal.self) { try await scene.take(try kiosk.file(21, 30)) }
        #expect(refusal?.error == .gap)
        #expect(refusal?.need == 11)
    }

    /// Whatever its clocks said: in the wrong year, in a boot that never was, by somebody who has the journal key.
    @Test(arguments: [(1, Int64(0)), (1, 4_000_000_000_000), (99, 4_000_000_000_000)])
    func anOldFileClosesNoEpoch(_ moment: (boot: Int, wall: Int64)) async throws {
        let scene = try Scene()
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 20)
        var old = kiosk
        old.boot = moment.boot
        old.wall = moment.wall
        try kiosk.fill(upTo: 40)
        #expect(try await scene.collector.take(1, 40, of: &kiosk, now: scene.now) == nil)
        for _ in 0..<2 { #expect(try await scene.take(try old.file(1, 20)).new == 0) }
        #expect(try await scene.collector.hear(&kiosk, now: scene.now) == nil)
        #expect(try await scene.epoch().state == .open)
        #expect(try await scene.epoch().claim?.sequence == 40)
        #expect(try await scene.collector.events(limit: 10).map(\.kind) == [.enrolled])
    }

    @Test func aRequestThatAFileHasOvertakenIsNoRewind() async throws {
        let scene = try Scene()
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 10)
        let slow = try kiosk.upload(1, 10)
        try kiosk.fill(upTo: 20)
        #expect(try await scene.take(try kiosk.file(1, 20)).new == 20)
        _ = try await scene.collector.take(slow, of: kiosk, now: scene.now)
        #expect(try await scene.epoch().state == .open)
        #expect(try await scene.collector.events(limit: 10).map(\.kind) == [.enrolled])
    }

    @Test func aCardThatWasSetBackShowsAsAFork() async throws {
        let scene = try Scene()
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 20)
        var card = kiosk
        try kiosk.fill(upTo: 40)
        #expect(try await scene.take(try kiosk.file(1, 40)).new == 40)
        try card.reboot()
        try card.visit(mark: 1)
        let refusal = await #expect(throws: Refusal.self) { try await scene.take(try card.file(1, card.count)) }
        #expect(refusal?.error == .fork)
        #expect(try await scene.epoch().branches == 1)
        #expect(try await scene.epoch().head.sequence == 40)
    }

    @Test func aTailThatAFileVouchedForIsMissedLater() async throws {
        let scene = try Scene()
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 10)
        var cut = kiosk
        try kiosk.fill(upTo: 20)
        #expect(try await scene.take(try kiosk.file(1, 8)).new == 8)
        cut.pass(milliseconds: 3_600_000)
        _ = try await scene.collector.take(9, 10, of: &cut, now: scene.now)
        #expect(try await scene.collector.events(limit: 10).map(\.kind).contains(.tailCut))
    }

    /// A file that is read days later says nothing of now: its records lie between the enrolment and the import.
    @Test func aFileIsNoContact() async throws {
        let scene = try Scene()
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        try kiosk.visit(mark: 4)
        let file = try kiosk.file(1, 3)
        let day: Int64 = 86_400_000
        scene.now += 5 * day
        kiosk.pass(milliseconds: 5 * day)
        _ = try await scene.take(file)
        let carried = try #require(try await scene.sessions().first)
        #expect(abs(carried.uncertainty - 5 * day / 2) < day / 24)
        try kiosk.visit(mark: 5)
        #expect(try await scene.collector.take(4, 6, of: &kiosk, now: scene.now) == nil)
        #expect(try await scene.sessions().last?.uncertainty == 0)
    }

    @Test func aRequestIsNoFileAndAFileNoRequest() async throws {
        let scene = try Scene()
        var kiosk = try await scene.collector.enrolFake("hall-1", now: scene.now)
        try kiosk.fill(upTo: 5)
        let request = try kiosk.upload(1, 5)
        var file = try kiosk.file(1, 5)
        var asRequest = request
        asRequest.head = file.head
        asRequest.body = file.body
        let first = await #expect(throws: Refusal.self) {
            _ = try await scene.collector.take(asRequest, of: kiosk, now: scene.now)
        }
        #expect(first?.error == .badSignature)
        file.fields = request.head.fields
        file.body = request.body
        let second = await #expect(throws: Refusal.self) { try await scene.take(file) }
        #expect(second?.error == .badSignature)
    }
}

extension FakeKiosk {
    /// The batch file of some records; what stands for gzip here is the lines themselves.
    fileprivate mutating func file(_ first: Int64, _ last: Int64) throws -> BatchFile {
        pass(milliseconds: 20)
        return try BatchFile(
            kiosk: id, epoch: epoch, first: first, last: last,
            gzip: Data(lines[Int(first - 1)..<Int(last)].flatMap { $0 + [UInt8(ascii: "\n")] }),
            notes: BatchFile.Notes(
                checkpoint: try checkpoint(last).serialized, head: try checkpoint(count).serialized, receipt: receipt),
            clock: KioskClock(boot: boot, bootMilliseconds: bootMilliseconds), created: wall / 1000,
            signedWith: journalKey)
    }
}

extension Scene {
    fileprivate func take(_ file: BatchFile) async throws -> ImportedBatch {
        try await collector.take(file, now: now, inflate: { $0 })
    }

    fileprivate func epoch() async throws -> EpochRow {
        try #require(try await store.read { try $0.epochs().last })
    }

    fileprivate func sessions() async throws -> [SessionRow] {
        let chain = try await epoch().chain
        return try await store.read { try $0.sessions(of: chain) }
    }
}
