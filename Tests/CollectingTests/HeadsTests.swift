import CollectorSQLite
import FakeKiosk
import Foundation
import Ledger
import Ratings
import Testing

@testable import Collecting

@Suite struct HeadsTests {
    private let now: Int64 = 1_763_800_000_000

    private func collector(_ body: (Collector) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "heads-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try SQLiteCollectorStore(folder: folder, create: true)
        try await body(Collector.fake(store: store))
        try store.close()
    }

    @Test func `lists follow one another and read back as they were signed`() async throws {
        try await collector { collector in
            let first = try await collector.makeHeads(day: "2025-11-22", now: now)
            #expect(first.list.number == 1 && first.list.heads == [])
            #expect(first.list.previous == HeadsList.beginning(of: "collector.test"))
            var kiosk = try await collector.enrolFake("hall-1", now: now)
            try kiosk.fill(upTo: 12)
            try await collector.take(1, 12, of: &kiosk, now: now)
            let second = try await collector.makeHeads(day: "2025-11-23", now: now)
            try kiosk.fill(upTo: 20)
            try await collector.take(13, kiosk.count, of: &kiosk, now: now)
            let third = try await collector.makeHeads(day: "2025-11-24", now: now)
            #expect(first.list.objection(to: second.list) == nil && second.list.objection(to: third.list) == nil)
            #expect(first.list.objection(to: third.list) != nil && third.list.objection(to: second.list) != nil)
            #expect(third.list.heads.map(\.sequence) == [kiosk.count])
            #expect(try SignedHeads(parsing: third.serialized) == third)
            #expect(try await collector.heads(day: "2025-11-23")?.note == second.serialized)
            #expect(try await collector.heads()?.number == 3)
            #expect(await collector.verify(against: [second]).isClean)
        }
    }

    @Test func `a list in another spelling, or changed, is no list`() async throws {
        try await collector { collector in
            _ = try await collector.enrolFake("hall-1", now: now)
            let made = try await collector.makeHeads(day: "2025-11-22", now: now)
            for (old, new) in [("list 1", "list 01"), ("head ", "head  "), ("open", "OPEN"), (" 0 ", " +0 ")] {
                let text = made.list.text.replacing(old, with: new)
                #expect(text != made.list.text && HeadsList(text: text) == nil, "\(new)")
            }
            let changed = made.serialized.replacing("day 2025-11-22", with: "day 2025-11-23")
            #expect(throws: NoteError.self) { try SignedHeads(parsing: changed) }
        }
    }

    @Test func `a place whose name begins with a combining mark or holds a space reads back`() async throws {
        try await collector { collector in
            for (number, name) in ["\u{301}зал", "Зал № 1, ул. Мира", " ", "a\u{2028}b"].enumerated() {
                _ = try await collector.addKiosk(
                    KioskID(rawValue: "hall-\(number)"), office: Place(id: "office-\(number)", name: name),
                    service: Place(id: "s", name: "s"), window: "", now: now)
            }
            let made = try await collector.makeHeads(day: "2025-11-22", now: now)
            #expect(try SignedHeads(parsing: made.serialized).list.offices == made.list.offices)
            try await collector.makeHeads(day: "2025-11-23", now: now)
        }
    }

    @Test func `a list is due on every day that is not the last one's, whichever way the clock went`() {
        let row = HeadsRow(number: 1, day: "2025-11-22", made: now, note: "")
        #expect(HeadsPolicy.isDue(last: nil, now: now))
        #expect(!HeadsPolicy.isDue(last: row, now: now + 3_600_000))
        #expect(HeadsPolicy.isDue(last: row, now: now + 86_400_000))
        #expect(HeadsPolicy.isDue(last: row, now: now - 86_400_000))
        #expect(HeadsPolicy.isDue(last: row, now: 0))
    }

    @Test func `after a restore the lists go on to name what was published`() async throws {
        try await collector { collector in
            var kiosk = try await collector.enrolFake("hall-1", now: now)
            try kiosk.fill(upTo: 12)
            try await collector.take(1, 6, of: &kiosk, now: now)
            let early = try await collector.makeHeads(day: "2025-11-22", now: now)
            var line = try #require(early.list.heads.first)
            (line.sequence, line.hash) = (12, kiosk.head.hash)
            var later = early.list
            (later.number, later.previous, later.heads) = (2, early.list.hash, [line])
            let lost = try SignedHeads(later, signedWith: collector.identity.key)
            try await collector.store.write {
                try $0.put(HeadsRow(number: 2, day: "2025-11-23", made: 0, note: lost.serialized))
            }
            let next = try await collector.makeHeads(day: "2025-11-24", now: now)
            #expect(next.list.heads == [line] && later.objection(to: next.list) == nil)
            let fault = try #require(await collector.verify().faults.first)
            #expect(fault.sequence == 7 && fault.what.contains("stand in list"))
            try await collector.take(7, kiosk.count, of: &kiosk, now: now)
            #expect(
                try await collector.makeHeads(day: "2025-11-25", now: now).list.heads.first?.sequence == kiosk.count)
        }
    }

    @Test func `a list in the store that somebody changed is not built upon`() async throws {
        try await collector { collector in
            let made = try await collector.makeHeads(day: "2025-11-22", now: now)
            let note = made.serialized.replacing("day 2025-11-22", with: "day 2025-11-20")
            try await collector.store.write { try $0.put(HeadsRow(number: 1, day: "2025-11-22", made: 0, note: note)) }
            await #expect(throws: StoreError.self) { try await collector.makeHeads(day: "2025-11-23", now: now) }
            #expect(!(await collector.verify().isClean))
        }
    }

    @Test func `the appendix names what is missing, lost, forked, late and uncertain`() async throws {
        try await collector { collector in
            var kiosk = try await collector.enrolFake("hall-1", now: now)
            try kiosk.fill(upTo: 12)
            try await collector.take(1, 6, of: &kiosk, now: now)
            let rows = try await collector.integrity()
            #expect(rows.count == 1 && rows[0].received == 6)
            #expect(rows[0].missing == IntegrityRow.MissingRange(first: 7, last: kiosk.count))
            try kiosk.loseJournal()
            try await collector.take(1, kiosk.count, of: &kiosk, now: now + 3 * 86_400_000)
            let loss = try #require(try await collector.integrity().last)
            #expect(loss.epoch == 2 && loss.loss?.reason == "damaged" && loss.origin == .loss && !loss.isWhole)
            #expect(try await collector.integrity()[0].state == .superseded)
        }
    }
}
